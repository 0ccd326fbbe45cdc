/**
 * When the second tier translates.
 *
 * @experimental
 */
export interface RegionTuning {
  /** Samples at one place before it is translated. */
  readonly hot: number;
  /** Samples at a region before it is translated again, with the functions that it calls. */
  readonly hotter: number;
  /** Instructions that start a translation batch; bounds the pause of the guest. */
  readonly batch: number;
  /** Samples for which the first region of a batch waits at most. */
  readonly patience: number;
  /** Instructions between two samples. */
  readonly interval: number;
  /** Factor on {@link RegionTuning.interval} at most, while translating takes more than its share of the run. */
  readonly rest: number;
  /** Whether batches are compiled behind the guest's back; otherwise it waits, and a run is the same each time. */
  readonly background: boolean;
  /** How many modules may be in use; then those go whose regions were not seen for longest. */
  readonly modules: number;
}

/**
 * Measured on a boot of Debian's kernel: docs/decisions/0017, 0018 and 0020. Each module is a mapping of the host process, which may have some
 * 65,000.
 *
 * @experimental
 */
export const REGION_TUNING: RegionTuning = {
  hot: 3,
  hotter: 16,
  batch: 2000,
  patience: 400,
  interval: 4096,
  rest: 64,
  background: true,
  modules: 8192,
};
