import { createToken, type Token } from '../plugin/token.js';

/**
 * Opens what a disk is made of.
 *
 * @experimental
 */
export interface BlockStore {
  /**
   * @param path - a file or block device, resolved by the configuration.
   * @throws QvmError `block.open` (with the system's reason), `block.size` when the size is no multiple of 512 bytes.
   */
  open(path: string, options: BlockOpenOptions): BlockBackend;
}

/**
 * How a disk is opened.
 *
 * @experimental
 */
export interface BlockOpenOptions {
  readonly readOnly: boolean;
  /** Writes go to this file and `path` stays as it is; made when it does not exist. */
  readonly overlay?: string;
}

/**
 * A disk: asynchronous, in bytes; offsets and lengths are multiples of 512 inside `size`. Requests may be outstanding at
 * the same time; order between overlapping ones is the caller's business. Rejections are QvmErrors `block.io`.
 *
 * @experimental
 */
export interface BlockBackend {
  readonly size: number;
  readonly readOnly: boolean;
  /** Fills the views, which may lie in shared memory, one after the other from `offset` on. */
  read(offset: number, into: readonly Uint8Array[]): Promise<void>;
  write(offset: number, from: readonly Uint8Array[]): Promise<void>;
  /** Resolves when all writes that resolved before are on stable storage. */
  flush(): Promise<void>;
  /** The range need not be kept. Reads give zeros or the old data. */
  discard(offset: number, length: number): Promise<void>;
  /** Reads give zeros afterwards; `unmap` allows to give the space back. */
  writeZeroes(offset: number, length: number, unmap: boolean): Promise<void>;
  /** Waits for outstanding requests and closes the file. */
  close(): Promise<void>;
}

/** The disks that a host can open. @experimental */
export const BLOCK_STORE: Token<BlockStore> = createToken('@qvm/core/BlockStore');
