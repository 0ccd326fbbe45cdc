import { requireObject } from '@qvm/core/vdev';
import type { Clock, WideValue } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { decodeWords, saveWords } from './words.js';

/** 100 MHz. */
const NS_PER_TICK = 10;
const WORD = 2 ** 32;

/**
 * The main counter: 64 bits at 100 MHz, which stands until it is started. Reading it allocates nothing.
 *
 * @internal
 */
export class MainCounter {
  readonly #clock: Clock;
  /** The value at tick `#start`, or since it stands. */
  #lo = 0;
  #hi = 0;
  #start = 0;
  #running = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ticks of 10 ns since the VM was created. */
  get tick(): number {
    return Math.floor(this.#clock.now() / NS_PER_TICK);
  }

  get running(): boolean {
    return this.#running;
  }

  /** The time of a tick in nanoseconds. */
  static timeOf(tick: number): number {
    return tick * NS_PER_TICK;
  }

  /** Reads both words at one moment. */
  read(value: WideValue): void {
    const sum = this.#lo + (this.#running ? this.tick - this.#start : 0);
    const lo = sum % WORD;
    value.lo = lo;
    value.hi = (this.#hi + (sum - lo) / WORD) % WORD;
  }

  /** The value, for comparators. */
  get value(): bigint {
    const value: WideValue = { lo: 0, hi: 0 };
    this.read(value);
    return BigInt(value.hi) * BigInt(WORD) + BigInt(value.lo);
  }

  /** Writes words; `undefined` leaves one as it is. Without effect while the counter runs, when it may not be written. */
  write(lo: number | undefined, hi: number | undefined): void {
    if (this.#running) return;
    this.#lo = lo ?? this.#lo;
    this.#hi = hi ?? this.#hi;
  }

  run(running: boolean): void {
    const now: WideValue = { lo: 0, hi: 0 };
    this.read(now);
    this.#lo = now.lo;
    this.#hi = now.hi;
    this.#start = this.tick;
    this.#running = running;
  }

  reset(): void {
    this.#lo = 0;
    this.#hi = 0;
    this.#running = false;
  }

  save(): Json {
    return saveWords(this.value);
  }

  /**
   * Validates a saved value, and changes nothing.
   *
   * @throws VdevStateError
   */
  decode(saved: unknown, running: boolean): () => void {
    const value = decodeWords(requireObject(saved, ['lo', 'hi'], 'counter'), 'counter');
    return () => {
      this.#lo = Number(value % BigInt(WORD));
      this.#hi = Number(value / BigInt(WORD));
      this.#start = this.tick;
      this.#running = running;
    };
  }
}
