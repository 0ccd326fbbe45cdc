import type { FrameOffload } from '@qvm/core/services';
import { RECORD_HEADER, recordSize, writeRecordHeader } from './frame-record.js';
import { FIRST_POSITION, Word, type RingMemory } from './ring-layout.js';

/** The writing side of a ring. */
export class RingProducer {
  readonly #control: Int32Array;
  readonly #data: Uint8Array;
  readonly #view: DataView;
  readonly #mask: number;
  /** The producer's own position; the shared word is a copy for the consumer, and another thread may overwrite it. */
  #head = FIRST_POSITION;

  constructor({ control, data }: RingMemory) {
    this.#control = control;
    this.#data = data;
    this.#view = new DataView(data.buffer, data.byteOffset, data.length);
    this.#mask = data.length - 1;
  }

  /** Writes a frame; `false` when there is no room, also for a consumer that misreports its progress. */
  write(frame: Uint8Array, offload: FrameOffload | undefined): boolean {
    const size = recordSize(frame.length);
    const used = (this.#head - Atomics.load(this.#control, Word.tail)) >>> 0;
    if (used + size > this.#data.length) return false;
    // Records are aligned, so a header never wraps around.
    writeRecordHeader(this.#view, this.#head & this.#mask, frame.length, offload);
    this.#copy(frame, (this.#head + RECORD_HEADER) & this.#mask);
    this.#head = (this.#head + size) >>> 0;
    Atomics.store(this.#control, Word.head, this.#head | 0);
    return true;
  }

  /** Whether the consumer waits for a message; true once for each time that it started to wait. */
  takeSleeper(): boolean {
    return Atomics.load(this.#control, Word.sleeping) === 1 && Atomics.exchange(this.#control, Word.sleeping, 0) === 1;
  }

  #copy(frame: Uint8Array, at: number): void {
    const whole = Math.min(frame.length, this.#data.length - at);
    this.#data.set(whole === frame.length ? frame : frame.subarray(0, whole), at);
    if (whole < frame.length) this.#data.set(frame.subarray(whole), 0);
  }
}
