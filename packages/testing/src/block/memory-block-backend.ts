import { QvmError } from '@qvm/core';
import { BLOCK_SECTOR, type BlockBackend, type BlockOperations } from '@qvm/core/services';

/**
 * Options of a {@link MemoryBlockBackend}.
 *
 * @experimental
 */
export interface MemoryBlockOptions {
  /** Writes fail, as on a disk opened for reading. Default `false`. */
  readonly readOnly?: boolean;
  /** Granularity of `discard`, after which ranges read as zeros. Absent: discarding has no effect. */
  readonly discardUnit?: number;
  /** Whether writes beyond the end extend it, as writes to a file do. */
  readonly growable?: boolean;
  /** `BlockBackend.prompt`. Default `false`, so that requests can be held back. */
  readonly prompt?: boolean;
}

/** A sector that was written but not yet flushed. */
interface PendingSector {
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * A disk in memory for tests: it can hold requests back, fail them, and lose power. Requests that violate the contract
 * of `BlockBackend` throw QvmError `testing.block`.
 *
 * @experimental
 */
export class MemoryBlockBackend implements BlockBackend {
  /** Whether writes fail. */
  readonly readOnly: boolean;
  /** Granularity of discarding, in bytes; absent: discarding does nothing. */
  readonly discardUnit?: number;
  /** See `BlockBackend.prompt`. */
  readonly prompt: boolean;
  /** The synchronous operations, on the same content. */
  readonly sync: BlockOperations<void>;
  /** The error with which every operation fails. */
  failure: QvmError | undefined;
  /** Operations that were started, such as `write 512 1024`. */
  readonly log: string[] = [];
  /** Whether `close` was called. */
  closed = false;
  readonly #growable: boolean;
  #bytes: Uint8Array;
  /** Contents that are certain to survive a loss of power. */
  #stable: Uint8Array;
  #pending: PendingSector[] = [];
  #held: (() => void)[] | undefined;
  /** Number of requests that have not ended. */
  #underWay = 0;
  /** Closes the disk when the last operation has ended. */
  #close: (() => void) | undefined;

  /** @param content - the initial bytes, which are copied, or a size. */
  constructor(content: Uint8Array | number, options: MemoryBlockOptions = {}) {
    this.#bytes = typeof content === 'number' ? new Uint8Array(content) : content.slice();
    this.#stable = this.#bytes.slice();
    this.readOnly = options.readOnly ?? false;
    if (options.discardUnit !== undefined) this.discardUnit = options.discardUnit;
    this.#growable = options.growable ?? false;
    this.prompt = options.prompt ?? false;
    this.sync = this.#operations();
  }

  get size(): number {
    return this.#growable ? Number.MAX_SAFE_INTEGER : this.#bytes.length;
  }

  /** The contents that reads return now. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Number of requests that are held back. */
  get outstanding(): number {
    return this.#held?.length ?? 0;
  }

  read(offset: number, into: readonly Uint8Array[]): Promise<void> {
    return this.#later(() => this.sync.read(offset, into));
  }

  write(offset: number, from: readonly Uint8Array[]): Promise<void> {
    return this.#later(() => this.sync.write(offset, from));
  }

  flush(): Promise<void> {
    return this.#later(() => this.sync.flush());
  }

  discard(offset: number, length: number): Promise<void> {
    return this.#later(() => this.sync.discard(offset, length));
  }

  writeZeroes(offset: number, length: number, unmap: boolean): Promise<void> {
    return this.#later(() => this.sync.writeZeroes(offset, length, unmap));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#close = (): void => {
        this.closed = true;
        resolve();
      };
      this.#closeIfIdle();
    });
  }

  /** Holds asynchronous requests back until {@link release}. */
  hold(): void {
    this.#held ??= [];
  }

  /**
   * Performs the requests that were held back, in order or in the order of the given indices. Later requests are not
   * held back.
   */
  release(order?: readonly number[]): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const index of order ?? held.keys()) held[index]?.();
  }

  /**
   * The disk after a loss of power: with the flushed contents, and those of the sectors written later that `kept`
   * selects by their index in order of writing.
   */
  afterPowerLoss(kept: (index: number) => boolean): MemoryBlockBackend {
    const left = new MemoryBlockBackend(this.#stable, {
      readOnly: this.readOnly,
      growable: this.#growable,
      ...(this.discardUnit === undefined ? {} : { discardUnit: this.discardUnit }),
    });
    this.#pending.forEach(({ offset, data }, index) => {
      if (kept(index)) left.#store(offset, data);
    });
    left.#harden();
    return left;
  }

  /** Number of sectors whose contents a loss of power may discard. */
  get pendingSectors(): number {
    return this.#pending.length;
  }

  #operations(): BlockOperations<void> {
    const zeroes = (offset: number, length: number): void => {
      this.#begin('zero', offset, length);
      this.#put(offset, new Uint8Array(length));
    };
    return {
      read: (offset, into) => {
        this.#begin('read', offset, lengthOf(into));
        let at = offset;
        for (const view of into) {
          view.set(this.#bytes.subarray(at, at + view.length));
          at += view.length;
        }
      },
      write: (offset, from) => {
        this.#begin('write', offset, lengthOf(from));
        this.#put(offset, joined(from));
      },
      flush: () => {
        this.#begin('flush', 0, 0);
        this.#harden();
      },
      discard: (offset, length) => {
        this.#begin('discard', offset, length);
        if (this.discardUnit !== undefined) this.#put(offset, new Uint8Array(length));
      },
      writeZeroes: (offset, length) => zeroes(offset, length),
    };
  }

  #begin(what: string, offset: number, length: number): void {
    const end = offset + length;
    const limit = this.#growable && what === 'write' ? this.size : this.#bytes.length;
    if (this.closed || offset % BLOCK_SECTOR !== 0 || length % BLOCK_SECTOR !== 0 || offset < 0 || end > limit) {
      throw new QvmError('testing.block', `${what} of ${length} bytes at ${offset}${this.closed ? ', closed' : ''}`);
    }
    if (this.readOnly && what !== 'read' && what !== 'flush') {
      throw new QvmError('testing.block', `${what} on a read-only disk`);
    }
    this.log.push(`${what} ${offset} ${length}`);
    if (this.failure !== undefined) throw this.failure;
  }

  #put(offset: number, data: Uint8Array): void {
    this.#store(offset, data);
    for (let at = 0; at < data.length; at += BLOCK_SECTOR) {
      this.#pending.push({ offset: offset + at, data: data.slice(at, at + BLOCK_SECTOR) });
    }
  }

  #store(offset: number, data: Uint8Array): void {
    if (offset + data.length > this.#bytes.length) {
      const grown = new Uint8Array(offset + data.length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(data, offset);
  }

  #harden(): void {
    this.#stable = this.#bytes.slice();
    this.#pending = [];
  }

  async #later(operation: () => void): Promise<void> {
    this.#underWay++;
    try {
      await this.#turn();
      operation();
    } finally {
      this.#underWay--;
      this.#closeIfIdle();
    }
  }

  /** Resolves when a request may proceed. */
  #turn(): Promise<void> {
    const held = this.#held;
    return held === undefined ? Promise.resolve() : new Promise((resolve) => held.push(resolve));
  }

  #closeIfIdle(): void {
    if (this.#underWay === 0) this.#close?.();
  }
}

function lengthOf(views: readonly Uint8Array[]): number {
  return views.reduce((sum, { length }) => sum + length, 0);
}

function joined(views: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(lengthOf(views));
  let at = 0;
  for (const view of views) {
    all.set(view, at);
    at += view.length;
  }
  return all;
}
