import { createToken, type Token } from '../plugin/token.js';

/** The unit of every offset and length of a disk, in bytes. @experimental */
export const BLOCK_SECTOR = 512;

/**
 * Opens what a disk is made of.
 *
 * @experimental
 */
export interface BlockStore {
  /**
   * @param path - a file or block device, resolved by the configuration.
   * @throws QvmError `block.open` (with the system's reason), `block.size` when the size is no multiple of 512 bytes,
   * `block.in-use` when another VM has it, `block.overlay` when the overlay does not fit or is damaged.
   */
  open(path: string, options: BlockOpenOptions): BlockBackend;
}

/**
 * How a disk is opened.
 *
 * @experimental
 */
export interface BlockOpenOptions {
  /** Whether writes are refused. */
  readonly readOnly: boolean;
  /** Writes go to this file and `path` stays as it is; made when it does not exist. */
  readonly overlay?: string;
  /** The user that opens it, named in the error of a second one. */
  readonly owner?: string;
  /**
   * Only finds out whether it could be opened: makes, changes and claims nothing on the host. A missing overlay counts as an empty
   * one. What is opened is read only.
   */
  readonly inspect?: boolean;
}

/**
 * Operations on a disk, in bytes; offsets and lengths are multiples of 512 inside its size. `Result` is a promise, or
 * `void` when all is done on return. Failures are QvmErrors `block.io`, thrown or rejected.
 *
 * @experimental
 */
export interface BlockOperations<Result> {
  /** Fills the views, which may lie in shared memory, one after the other from `offset` on. */
  read(offset: number, into: readonly Uint8Array[]): Result;
  /** Writes the views one after the other from `offset` on. Durable after the next {@link BlockOperations.flush}. */
  write(offset: number, from: readonly Uint8Array[]): Result;
  /** Ends when all writes that ended before it began are on stable storage. */
  flush(): Result;
  /** The range need not be kept. Reads give zeros or the old data. */
  discard(offset: number, length: number): Result;
  /** Reads give zeros afterwards; `unmap` allows to give the space back. */
  writeZeroes(offset: number, length: number, unmap: boolean): Result;
}

/**
 * A disk. Requests may be outstanding at the same time; order between overlapping ones is the caller's business.
 *
 * @experimental
 */
export interface BlockBackend extends BlockOperations<Promise<void>> {
  /** Bytes, a multiple of {@link BLOCK_SECTOR}. */
  readonly size: number;
  /** Whether `write`, `discard` and `writeZeroes` are refused. */
  readonly readOnly: boolean;
  /** Bytes of what `discard` can give back: it does so with whole, aligned units. Absent where it does nothing. */
  readonly discardUnit?: number;
  /**
   * The same operations, done on return, for whoever must not depend on the host's speed. Absent where the host cannot.
   */
  readonly sync?: BlockOperations<void>;
  /**
   * Whether reads and writes of `sync` usually end within microseconds, as those of a file in the host's page cache. Absent: they may
   * wait for a device.
   */
  readonly prompt?: boolean;
  /** What the back end tells of itself, for `vdevstat`. */
  status?(): Readonly<Record<string, number | string | boolean>>;
  /**
   * Waits for outstanding requests, makes everything durable and closes the file. When nothing is outstanding and there is
   * `sync`, all is done on return, and the promise only tells how it went.
   */
  close(): Promise<void>;
}

/** The disks that a host can open. @experimental */
export const BLOCK_STORE: Token<BlockStore> = createToken('@qvm/core/BlockStore');
