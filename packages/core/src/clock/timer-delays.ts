/** Upper bounds in nanoseconds, exclusive: 10 µs, 100 µs, 1 ms, 10 ms, 100 ms, 1 s. */
const BOUNDS: readonly number[] = [1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/**
 * Delays of timers beyond their deadlines, and so of the interrupts that they raise: a histogram by powers of ten.
 *
 * @experimental
 */
export interface TimerDelayTotals {
  /** Upper bounds of the counts in nanoseconds, exclusive. The last count has none. */
  readonly bounds: readonly number[];
  /** Number of timers below each bound, and one more count for longer delays. */
  readonly counts: readonly number[];
  /** The longest delay in nanoseconds. */
  readonly longest: number;
}

/** Collects the delays of timers. */
export class TimerDelays {
  readonly #counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  #longest = 0;

  /** Adds `timers` timers, the first of which was due `delay` nanoseconds ago. */
  add(delay: number, timers: number): void {
    const found = BOUNDS.findIndex((bound) => delay < bound);
    const index = found < 0 ? BOUNDS.length : found;
    this.#counts[index] = (this.#counts[index] ?? 0) + timers;
    if (delay > this.#longest) this.#longest = delay;
  }

  totals(): TimerDelayTotals {
    return { bounds: BOUNDS, counts: [...this.#counts], longest: this.#longest };
  }
}
