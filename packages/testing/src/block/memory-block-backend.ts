import { QvmError } from '@qvm/core';
import { BLOCK_SECTOR, type BlockBackend, type BlockOperations } from '@qvm/core/services';

/**
 * How a {@link MemoryBlockBackend} is.
 *
 * @experimental
 */
export interface MemoryBlockOptions {
  readonly readOnly?: boolean;
  /** Discarded ranges are zeros afterwards; absent: discarding does nothing. */
  readonly discardUnit?: number;
  /** Writes beyond the end make it longer, as those into a file do. */
  readonly growable?: boolean;
  /** As `BlockBackend.prompt`; default `false`, so that requests can be held back. */
  readonly prompt?: boolean;
}

/** One sector that was written and not yet flushed. */
interface PendingSector {
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * A disk in memory, in which a test sees everything: it can hold requests back, let them fail, and lose power. Requests that break
 * the contract of `BlockBackend` throw QvmError `testing.block`.
 *
 * @experimental
 */
export class MemoryBlockBackend implements BlockBackend {
  readonly readOnly: boolean;
  readonly discardUnit?: number;
  readonly prompt: boolean;
  readonly sync: BlockOperations<void>;
  /** What every operation fails with. */
  failure: QvmError | undefined;
  /** Operations that were begun, such as `write 512 1024`. */
  readonly log: string[] = [];
  closed = false;
  readonly #growable: boolean;
  #bytes: Uint8Array;
  /** What a loss of power leaves for certain. */
  #stable: Uint8Array;
  #pending: PendingSector[] = [];
  #held: (() => void)[] | undefined;
  /** Requests that have not ended. */
  #underWay = 0;
  /** Closes it when no operation is under way. */
  #close: (() => void) | undefined;

  /** @param content - the bytes at first; copied. */
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

  /** What reads give now. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Requests that are held back. */
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

  /** From now on asynchronous requests do nothing until {@link release}. */
  hold(): void {
    this.#held ??= [];
  }

  /** Performs what was held back, in order, or in the order of the given indices; requests go through again. */
  release(order?: readonly number[]): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const index of order ?? held.keys()) held[index]?.();
  }

  /**
   * The disk as a loss of power leaves it: what was flushed, and of the sectors that were written later those that `kept` picks by
   * their number in order of writing.
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

  /** Number of sectors that a loss of power may lose. */
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

  /** Resolves when a request that comes now may go through. */
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
