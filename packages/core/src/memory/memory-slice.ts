/**
 * A range of a memory pool, in a form that can be posted to other threads. It gives no access to the bytes;
 * for that, the pool's memory is needed.
 *
 * @stable
 */
export interface MemorySlice {
  /** Identity of the pool. */
  readonly pool: string;
  /** Byte offset in the pool's memory, a multiple of 64 KiB. */
  readonly offset: number;
  /** Length in bytes, a multiple of 64 KiB. */
  readonly bytes: number;
}

/**
 * A slice together with the pool's memory, for use on another thread.
 *
 * @beta
 */
export interface MemoryShare {
  /** The memory of the pool. */
  readonly memory: WebAssembly.Memory;
  /** The shared part. */
  readonly slice: MemorySlice;
}
