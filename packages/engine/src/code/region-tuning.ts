/**
 * Parameters of the second tier.
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
  /** Maximum number of samples that the first region of a batch waits. */
  readonly patience: number;
  /** Instructions between two samples. */
  readonly interval: number;
  /** Maximum factor on {@link RegionTuning.interval} while translation exceeds its share of the run. */
  readonly rest: number;
  /**
   * Whether batches are compiled on background threads. Otherwise the guest waits for them, and each run is the same.
   */
  readonly background: boolean;
  /**
   * Maximum number of modules in use. Above it, modules whose regions have not been sampled for the longest time are
   * evicted.
   */
  readonly modules: number;
}

/**
 * Measured on a boot of Debian's kernel: docs/decisions/0017, 0018 and 0020. Each module is a memory mapping of the
 * host process, which may have about 65,000.
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
