/** Counters of regions, for `stats`. @experimental */
export interface RegionCounters {
  /** Regions put to use. */
  regions: number;
  /** Of them, regions with copies of called functions. */
  inlined: number;
  /** Modules compiled. */
  modules: number;
  /** Bytes of WebAssembly compiled. */
  bytes: number;
  /** Guest instructions translated. */
  translated: number;
  /** Guest instructions of translations that were used again. */
  known: number;
  /** Entries that could not be translated. */
  refused: number;
  /** Regions dropped. */
  dropped: number;
  /** Regions of `dropped` that were dropped because there were too many modules. */
  evicted: number;
  /** Host time of translating, in milliseconds. */
  milliseconds: number;
  /** Longest part of `milliseconds` without interruption: the longest pause of the guest. */
  longestPause: number;
}

/** Counters at their start. @internal */
export const newRegionCounters = (): Record<keyof RegionCounters, number> => ({
  regions: 0,
  inlined: 0,
  modules: 0,
  bytes: 0,
  translated: 0,
  known: 0,
  refused: 0,
  dropped: 0,
  evicted: 0,
  milliseconds: 0,
  longestPause: 0,
});
