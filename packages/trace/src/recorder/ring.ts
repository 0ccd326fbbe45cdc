import { QvmError } from '@qvm/core';
import { RECORD_BYTES } from '../record.js';

const CONTROL_BYTES = 64;
const SMALLEST = 16;
const LARGEST = 1 << 24;

/** Words of the control block. Head and tail count records, modulo 2^32. */
enum Control {
  head,
  tail,
  lost,
}

/**
 * Policy for a full ring: `stop` keeps the records and counts new ones as lost; `overwrite` drops the oldest, as a
 * flight recorder does, and counts them.
 *
 * @experimental
 */
export type RingMode = 'stop' | 'overwrite';

/**
 * Size in bytes of the memory for a ring of the given number of records.
 *
 * @experimental
 */
export function ringBytes(capacity: number): number {
  return CONTROL_BYTES + capacity * RECORD_BYTES;
}

/**
 * A bounded ring of records in memory that may be shared. One thread writes. In mode `stop` another thread may drain
 * it; in mode `overwrite` only the writer's own thread may.
 *
 * @experimental
 */
export class TraceRing {
  /** View for writing the fields of a claimed record. */
  readonly view: DataView;
  /** Number of records. */
  readonly capacity: number;
  /** Policy for new records when the ring is full. */
  readonly mode: RingMode;
  readonly #control: Int32Array;
  readonly #mask: number;
  /** The writer's copies: `#head` is its own, `#tail` the last value that it has read. */
  #head: number;
  #tail: number;

  /**
   * @param capacity - number of records: a power of two from 16 to 2^24.
   * @throws QvmError `trace.capacity`, also when the memory is too small.
   */
  constructor(capacity: number, mode: RingMode = 'stop', memory?: ArrayBufferLike) {
    const possible =
      Number.isInteger(capacity) && capacity >= SMALLEST && capacity <= LARGEST && (capacity & (capacity - 1)) === 0;
    if (!possible || (memory && memory.byteLength < ringBytes(capacity))) {
      throw new QvmError(
        'trace.capacity',
        `A trace ring cannot have ${capacity} records: it takes a power of two from ${SMALLEST} to ${LARGEST}, and memory for it.`,
      );
    }
    const buffer = memory ?? new ArrayBuffer(ringBytes(capacity));
    this.capacity = capacity;
    this.mode = mode;
    this.view = new DataView(buffer, CONTROL_BYTES, capacity * RECORD_BYTES);
    this.#control = new Int32Array(buffer, 0, CONTROL_BYTES / 4);
    this.#mask = capacity - 1;
    this.#head = Atomics.load(this.#control, Control.head);
    this.#tail = Atomics.load(this.#control, Control.tail);
  }

  /** Number of records that wait to be drained. */
  get used(): number {
    return (Atomics.load(this.#control, Control.head) - Atomics.load(this.#control, Control.tail)) >>> 0;
  }

  /** Returns the number of records lost since the last call. */
  takeLost(): number {
    return Atomics.exchange(this.#control, Control.lost, 0) >>> 0;
  }

  /**
   * Claims space for a record.
   *
   * @returns its offset in {@link view}, or −1 if it is lost.
   */
  claim(): number {
    if (((this.#head - this.#tail) | 0) >= this.capacity && !this.#makeRoom()) return -1;
    return (this.#head & this.#mask) * RECORD_BYTES;
  }

  /** Commits the record that was claimed last. */
  commit(): void {
    this.#head = (this.#head + 1) | 0;
    Atomics.store(this.#control, Control.head, this.#head);
  }

  /** Removes up to `most` records, oldest first, and returns their bytes. */
  drain(most: number = this.capacity): Uint8Array<ArrayBuffer> {
    const tail = Atomics.load(this.#control, Control.tail);
    const count = Math.min(most, this.used, this.capacity);
    const bytes = new Uint8Array(count * RECORD_BYTES);
    const first = Math.min(count, this.capacity - (tail & this.#mask));
    bytes.set(this.#records(tail & this.#mask, first));
    bytes.set(this.#records(0, count - first), first * RECORD_BYTES);
    Atomics.store(this.#control, Control.tail, (tail + count) | 0);
    return bytes;
  }

  #records(index: number, count: number): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + index * RECORD_BYTES, count * RECORD_BYTES);
  }

  /** The ring seems full: checks whether it was drained, and otherwise applies the mode. */
  #makeRoom(): boolean {
    this.#tail = Atomics.load(this.#control, Control.tail);
    if (((this.#head - this.#tail) | 0) < this.capacity) return true;
    Atomics.add(this.#control, Control.lost, 1);
    if (this.mode === 'stop') return false;
    this.#tail = (this.#tail + 1) | 0;
    Atomics.store(this.#control, Control.tail, this.#tail);
    return true;
  }
}
