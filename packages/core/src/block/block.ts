import { createToken, type Token } from '../plugin/token.js';

/** The unit of every offset and length of a disk, in bytes. @beta */
export const BLOCK_SECTOR = 512;

/**
 * Opens the files and devices that disks consist of.
 *
 * @beta
 */
export interface BlockStore {
  /**
   * @param path - a file or block device, resolved by the configuration.
   * @throws QvmError `block.open` (with the system's reason), `block.size` when the size is no multiple of 512 bytes,
   * `block.in-use` when another VM uses it, `block.overlay` when the overlay does not fit or is damaged.
   */
  open(path: string, options: BlockOpenOptions): BlockBackend;
}

/**
 * How a disk is opened.
 *
 * @beta
 */
export interface BlockOpenOptions {
  /** Whether writes are refused. */
  readonly readOnly: boolean;
  /** File that receives all writes, so that `path` stays unchanged; created if it does not exist. */
  readonly overlay?: string;
  /** The user that opens it, for the error that a second user gets. */
  readonly owner?: string;
  /**
   * Only checks whether the disk could be opened: creates, changes and claims nothing on the host. A missing overlay
   * counts as an empty one. The result is read only.
   */
  readonly inspect?: boolean;
}

/**
 * Operations on a disk, in bytes; offsets and lengths are multiples of 512 inside its size. `Result` is a promise, or
 * `void` for operations that have ended on return. Failures are QvmErrors `block.io`, thrown or rejected.
 *
 * @beta
 */
export interface BlockOperations<Result> {
  /** Fills the views, which may lie in shared memory, one after the other from `offset` on. */
  read(offset: number, into: readonly Uint8Array[]): Result;
  /** Writes the views one after the other from `offset` on. Durable after the next {@link BlockOperations.flush}. */
  write(offset: number, from: readonly Uint8Array[]): Result;
  /** Makes all writes durable that ended before the flush began. */
  flush(): Result;
  /** Allows the host to drop the contents of a range. Reads of it return zeros or the old data. */
  discard(offset: number, length: number): Result;
  /** Makes reads of a range return zeros; with `unmap`, the host may free the space. */
  writeZeroes(offset: number, length: number, unmap: boolean): Result;
}

/**
 * A disk. Several requests may be outstanding at a time; the caller is responsible for the order of overlapping ones.
 *
 * @beta
 */
export interface BlockBackend extends BlockOperations<Promise<void>> {
  /** Size in bytes, a multiple of {@link BLOCK_SECTOR}. */
  readonly size: number;
  /** Whether `write`, `discard` and `writeZeroes` are refused. */
  readonly readOnly: boolean;
  /** Granularity of `discard` in bytes: it frees whole, aligned units. Absent if `discard` has no effect. */
  readonly discardUnit?: number;
  /**
   * The synchronous operations, for callers whose timing must not depend on the host. Absent if the host does not
   * support them.
   */
  readonly sync?: BlockOperations<void>;
  /**
   * Whether reads and writes of `sync` usually end within microseconds, like those of a file in the host's page cache.
   * Absent: they may wait for a device.
   */
  readonly prompt?: boolean;
  /** State of the back end for `vdevstat`. */
  status?(): Readonly<Record<string, number | string | boolean>>;
  /**
   * Waits for outstanding requests, makes everything durable and closes the file. When nothing is outstanding and
   * there is
   * `sync`, the work is done on return, and the promise only reports the result.
   */
  close(): Promise<void>;
}

/** The disks that a host can open. @beta */
export const BLOCK_STORE: Token<BlockStore> = createToken('@qvm/core/BlockStore');
