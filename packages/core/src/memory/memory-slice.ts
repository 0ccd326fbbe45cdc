/**
 * A range of a memory pool, described so that it can be posted to other threads. Bytes are never reached through it:
 * only who has the pool's memory can do that.
 *
 * @experimental
 */
export interface MemorySlice {
  /** Identity of the pool. */
  readonly pool: string;
  /** Byte offset in the pool's memory, a multiple of 64 KiB. */
  readonly offset: number;
  /** Bytes, a multiple of 64 KiB. */
  readonly bytes: number;
}

/**
 * A slice together with the memory that it lies in: what another thread needs to use it.
 *
 * @experimental
 */
export interface MemoryShare {
  /** The memory that all VMs of the pool are in. */
  readonly memory: WebAssembly.Memory;
  /** The part that is shared. */
  readonly slice: MemorySlice;
}
