import { closeSync, fdatasync, fdatasyncSync, readv, readvSync, writev, writevSync } from 'node:fs';
import { promisify } from 'node:util';
import { QvmError } from '@qvm/core';
import { perform, performSync } from '@qvm/core/services';
import type { BlockBackend, BlockOperations, BlockProcedure } from '@qvm/core/services';
import { Outstanding } from '../../block/outstanding.js';
import { requireRange } from '../../block/range.js';
import { viewsLength } from '../../block/views.js';
import type { FileClaim } from '../files/file-claim.js';
import { reasonOf } from '../files/system-error.js';
import { transfer, transferSync, type TransferPart } from './transfer.js';

const ZEROES = new Uint8Array(0x1_0000);
/** Largest size in bytes of a piece in which zeros are written. */
const ZERO_PIECE = 16 * ZEROES.length;

const datasync = promisify(fdatasync);

/** `readv` or `writev`. */
type VectoredCall = (
  descriptor: number,
  views: readonly Uint8Array[],
  position: number,
  done: (error: Error | null, bytes: number) => void,
) => void;

/** Parameters of a {@link HostFile}. */
export interface OpenFile {
  readonly descriptor: number;
  readonly path: string;
  /** Number of usable bytes; `Number.MAX_SAFE_INTEGER` for a file that grows. */
  readonly size: number;
  readonly readOnly: boolean;
  /** Whether the page cache answers: it is a regular file. */
  readonly prompt: boolean;
  readonly claim: FileClaim;
}

/** A file or block device of the host as a disk. */
export class HostFile implements BlockBackend {
  readonly size: number;
  readonly readOnly: boolean;
  readonly prompt: boolean;
  readonly sync: BlockOperations<void>;
  readonly #file: OpenFile;
  readonly #outstanding = new Outstanding();
  #closing: Promise<void> | undefined;
  #closed = false;
  /**
   * The error of a failed flush. The system discards the data that it could not write, so a later flush would wrongly
   * succeed.
   */
  #lost: QvmError | undefined;

  constructor(file: OpenFile) {
    this.#file = file;
    this.size = file.size;
    this.readOnly = file.readOnly;
    this.prompt = file.prompt;
    this.sync = {
      read: (offset, into) => this.#readSync(offset, into),
      write: (offset, from) => this.#writeSync(offset, from),
      flush: () => this.#flushSync(),
      // Node has no call that frees a file's space.
      discard: (offset, length) => this.#require(offset, length),
      writeZeroes: (offset, length) => performSync(this.#zeroing(offset, length)),
    };
  }

  async read(offset: number, into: readonly Uint8Array[]): Promise<void> {
    this.#require(offset, viewsLength(into));
    await this.#io('read', () => transfer(offset, into, (part) => this.#call(readv, part)));
  }

  async write(offset: number, from: readonly Uint8Array[]): Promise<void> {
    this.#require(offset, viewsLength(from));
    await this.#io('written', () => transfer(offset, from, (part) => this.#call(writev, part)));
  }

  async flush(): Promise<void> {
    this.#requireFlushable();
    await this.#io('flushed', () => datasync(this.#file.descriptor)).catch((error: unknown) => this.#lose(error));
  }

  async discard(offset: number, length: number): Promise<void> {
    this.#require(offset, length);
  }

  writeZeroes(offset: number, length: number): Promise<void> {
    return this.#outstanding.track(() => perform(this.#zeroing(offset, length)));
  }

  status(): Readonly<Record<string, number | string | boolean>> {
    return { file: this.#file.path };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#outstanding.none) await this.#outstanding.wait();
    try {
      if (!this.readOnly) this.#flushSync();
    } finally {
      this.#closed = true;
      closeSync(this.#file.descriptor);
      this.#file.claim.release();
    }
  }

  #readSync(offset: number, into: readonly Uint8Array[]): void {
    this.#require(offset, viewsLength(into));
    this.#ioSync('read', () =>
      transferSync(offset, into, ({ views, position }) => readvSync(this.#file.descriptor, views, position)),
    );
  }

  #writeSync(offset: number, from: readonly Uint8Array[]): void {
    this.#require(offset, viewsLength(from));
    this.#ioSync('written', () =>
      transferSync(offset, from, ({ views, position }) => writevSync(this.#file.descriptor, views, position)),
    );
  }

  #flushSync(): void {
    this.#requireFlushable();
    try {
      this.#ioSync('flushed', () => fdatasyncSync(this.#file.descriptor));
    } catch (error) {
      this.#lose(error);
    }
  }

  *#zeroing(offset: number, length: number): BlockProcedure {
    this.#require(offset, length);
    for (let done = 0; done < length;) {
      const piece = Math.min(ZERO_PIECE, length - done);
      const at = offset + done;
      yield (on) => on(this).write(at, zeroViews(piece));
      done += piece;
    }
  }

  #call(call: VectoredCall, { views, position }: TransferPart): Promise<number> {
    return new Promise((resolve, reject) => {
      call(this.#file.descriptor, views, position, (error, done) => (error === null ? resolve(done) : reject(error)));
    });
  }

  async #io(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await this.#outstanding.track(work);
    } catch (error) {
      throw this.#failure(what, error);
    }
  }

  #ioSync(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      throw this.#failure(what, error);
    }
  }

  #require(offset: number, length: number): void {
    this.#requireOpen();
    requireRange(this, offset, length);
  }

  /** The descriptor of a closed file may belong to another file by now. */
  #requireOpen(): void {
    if (this.#closed) throw new QvmError('block.io', `"${this.#file.path}" is closed.`);
  }

  #requireFlushable(): void {
    this.#requireOpen();
    if (this.#lost !== undefined) throw this.#lost;
  }

  #lose(error: unknown): never {
    this.#lost = error instanceof QvmError ? error : this.#failure('flushed', error);
    throw this.#lost;
  }

  #failure(what: string, cause: unknown): QvmError {
    return new QvmError('block.io', `"${this.#file.path}" cannot be ${what}: ${reasonOf(cause)}`, { cause });
  }
}

function zeroViews(length: number): readonly Uint8Array[] {
  const count = Math.ceil(length / ZEROES.length);
  return Array.from({ length: count }, (_, index) => ZEROES.subarray(0, length - index * ZEROES.length));
}
