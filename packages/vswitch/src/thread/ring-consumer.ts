import { MAXIMUM_FRAME, type FrameOffload } from '@qvm/core/services';
import { readRecordHeader, RECORD_HEADER, recordSize, type RecordHeader } from './frame-record.js';
import { FIRST_POSITION, Word, type RingMemory } from './ring-layout.js';

/** A frame in the consumer's own memory, valid until the next one is read. */
export interface RingFrame {
  readonly frame: Uint8Array;
  readonly offload: FrameOffload | undefined;
}

/**
 * The reading side of a ring. Everything is copied out before it is examined, because data in shared memory may change
 * at any time.
 */
export class RingConsumer {
  readonly #control: Int32Array;
  readonly #data: Uint8Array;
  readonly #mask: number;
  readonly #header = new Uint8Array(RECORD_HEADER);
  readonly #headerView = new DataView(this.#header.buffer);
  readonly #frame = new Uint8Array(MAXIMUM_FRAME);
  #tail = FIRST_POSITION;
  #current: (RingFrame & { readonly size: number }) | undefined;
  #broken = false;

  constructor({ control, data }: RingMemory) {
    this.#control = control;
    this.#data = data;
    this.#mask = data.length - 1;
  }

  /** Whether the producer has violated the protocol; nothing is read afterwards. */
  get broken(): boolean {
    return this.#broken;
  }

  /** The oldest frame, which stays until `advance`; `undefined` if there is none. */
  peek(): RingFrame | undefined {
    this.#current ??= this.#read();
    return this.#current;
  }

  /** Returns the space of the frame that was read last to the producer. */
  advance(): void {
    if (this.#current === undefined) return;
    this.#tail = (this.#tail + this.#current.size) >>> 0;
    this.#current = undefined;
    Atomics.store(this.#control, Word.tail, this.#tail | 0);
  }

  /** Requests a message when frames arrive; `false` if some have arrived meanwhile. */
  sleep(): boolean {
    Atomics.store(this.#control, Word.sleeping, 1);
    if (this.#used() === 0 || this.#broken) return true;
    Atomics.store(this.#control, Word.sleeping, 0);
    return false;
  }

  #read(): (RingFrame & { readonly size: number }) | undefined {
    const used = this.#used();
    if (used === 0 || this.#broken) return undefined;
    const header = this.#readHeader(used);
    if (header === undefined) {
      this.#broken = true;
      return undefined;
    }
    const frame = this.#frame.subarray(0, header.length);
    this.#copy(frame, (this.#tail + RECORD_HEADER) & this.#mask);
    return { frame, offload: header.offload, size: recordSize(header.length) };
  }

  #used(): number {
    return (Atomics.load(this.#control, Word.head) - this.#tail) >>> 0;
  }

  /**
   * Reads the header, if it and its frame are inside of the data that the producer has published, and that is inside
   * of the ring.
   */
  #readHeader(used: number): RecordHeader | undefined {
    if (used > this.#data.length || used % RECORD_HEADER !== 0) return undefined;
    const at = this.#tail & this.#mask;
    this.#header.set(this.#data.subarray(at, at + RECORD_HEADER));
    const header = readRecordHeader(this.#headerView);
    return header !== undefined && recordSize(header.length) <= used ? header : undefined;
  }

  #copy(frame: Uint8Array, at: number): void {
    const whole = Math.min(frame.length, this.#data.length - at);
    frame.set(this.#data.subarray(at, at + whole));
    if (whole < frame.length) frame.set(this.#data.subarray(0, frame.length - whole), whole);
  }
}
