/*
 * One channel of an 8254 as programs see it: control word, counts in one or two bytes, and latches (Intel 8254 data
 * sheet, 231164, "Programming the 8254" and "Read operations").
 */
import { requireBoolean, requireObject, requireUnsigned } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { fromBcd, toBcd } from '../time/bcd.js';
import { Counter } from './counter.js';

/** Control word, bits 5–0, which are also those of the status byte. */
const CONTROL_BITS = 0x3f;
const BCD = 1 << 0;
/** Bits 5–4: which bytes of a count are read and written. */
const LOW_BYTE = 1;
const HIGH_BYTE = 2;
const BOTH_BYTES = 3;
const STATUS_NULL_COUNT = 1 << 6;
const STATUS_OUT = 1 << 7;
/** After power-on the mode is undefined; both bytes, mode 0. */
const POWER_ON_CONTROL = BOTH_BYTES << 4;

const MEMBERS = ['control', 'counter', 'latch', 'status', 'lowByte', 'highIsNext'] as const;

/**
 * A channel. Its methods act at the time of the last `advance` of its counter.
 *
 * @internal
 */
export class Channel {
  readonly counter = new Counter();
  #control = POWER_ON_CONTROL;
  #latch: number | undefined;
  #status: number | undefined;
  /** The low byte of a count whose high byte has not been written. */
  #lowByte: number | undefined;
  /** Whether the next read gives the high byte of two. */
  #highIsNext = false;

  /** Writes bits 5–0 of a control word; bits 5–4 of 0 are the counter latch command. */
  control(word: number): void {
    if (((word >>> 4) & BOTH_BYTES) === 0) {
      this.latchCount();
      return;
    }
    this.#control = word & CONTROL_BITS;
    this.#latch = undefined;
    this.#status = undefined;
    this.#lowByte = undefined;
    this.#highIsNext = false;
    this.counter.program(modeOf(word), (word & BCD) !== 0);
  }

  /** Latches the count until it is read; a count that is latched already stays. */
  latchCount(): void {
    this.#latch ??= this.#count;
  }

  /** Latches the status until it is read; a status that is latched already stays. */
  latchStatus(): void {
    const nullCount = this.counter.nullCount ? STATUS_NULL_COUNT : 0;
    this.#status ??= this.#control | nullCount | (this.counter.out ? STATUS_OUT : 0);
  }

  /** Reads a byte: a latched status, else of a latched count, else of the count. */
  read(): number {
    const status = this.#status;
    if (status !== undefined) {
      this.#status = undefined;
      return status;
    }
    const count = this.#latch ?? this.#count;
    const both = this.#bytes === BOTH_BYTES;
    const high = both ? this.#highIsNext : this.#bytes === HIGH_BYTE;
    this.#highIsNext = both && !high;
    if (!this.#highIsNext) this.#latch = undefined;
    return high ? count >>> 8 : count & 0xff;
  }

  /** Writes a byte of a count. */
  write(byte: number): void {
    if (this.#bytes === LOW_BYTE) return this.#setCount(byte);
    if (this.#bytes === HIGH_BYTE) return this.#setCount(byte << 8);
    if (this.#lowByte === undefined) {
      this.#lowByte = byte;
      this.counter.beginWrite();
      return;
    }
    this.#setCount((byte << 8) | this.#lowByte);
    this.#lowByte = undefined;
  }

  /** To the state after power-on, at a tick. */
  reset(tick: number): void {
    this.counter.startAt(tick);
    this.control(POWER_ON_CONTROL);
    this.counter.takeRises();
  }

  save(): Json {
    return {
      control: this.#control,
      counter: this.counter.save(),
      latch: this.#latch ?? null,
      status: this.#status ?? null,
      lowByte: this.#lowByte ?? null,
      highIsNext: this.#highIsNext,
    };
  }

  /**
   * Validates a saved state, and changes nothing.
   *
   * @returns a function that takes it over.
   * @throws VdevStateError
   */
  decode(saved: unknown, what: string): () => void {
    const state = requireObject(saved, MEMBERS, what);
    const control = requireUnsigned(state.control, CONTROL_BITS, 'control');
    const latch = optional(state.latch, 0xffff, 'latch');
    const status = optional(state.status, 0xff, 'status');
    const lowByte = optional(state.lowByte, 0xff, 'lowByte');
    const highIsNext = requireBoolean(state.highIsNext, 'highIsNext');
    const loadCounter = this.counter.decode(state.counter, modeOf(control), (control & BCD) !== 0);
    return () => {
      this.#control = control;
      this.#latch = latch;
      this.#status = status;
      this.#lowByte = lowByte;
      this.#highIsNext = highIsNext;
      loadCounter();
    };
  }

  /** For people: mode, count and output. */
  get summary(): Readonly<Record<string, Json>> {
    const { out, value } = this.counter;
    return { mode: modeOf(this.#control), bcd: this.#isBcd, count: value, out };
  }

  get #bytes(): number {
    return (this.#control >>> 4) & BOTH_BYTES;
  }

  get #isBcd(): boolean {
    return (this.#control & BCD) !== 0;
  }

  /** The count as it is read: binary or decimal. */
  get #count(): number {
    return this.#isBcd ? toBcd(this.counter.value) : this.counter.value;
  }

  #setCount(count: number): void {
    this.counter.write(this.#isBcd ? fromBcd(count) : count);
  }
}

/** The mode of a control word: bits 3–1, of which the highest does not count for modes 2 and 3. */
function modeOf(control: number): number {
  const mode = (control >>> 1) & 7;
  return mode > 5 ? mode - 4 : mode;
}

function optional(value: unknown, max: number, what: string): number | undefined {
  return value === null ? undefined : requireUnsigned(value, max, what);
}
