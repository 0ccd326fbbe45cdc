/**
 * Counts events, and forgets one of them for each period that passes: frequent events add up, rare ones do not.
 *
 * @internal
 */
export class LeakyCount {
  #count = 0;
  /** Time up to which events have been forgotten. */
  #at = 0;
  /** Time of the event that was counted last. */
  #last = -Infinity;

  /**
   * @param most - the count does not become larger.
   * @param period - in the unit of the times, greater than 0.
   * @param burst - events that are less than this time after one that was counted are not counted.
   */
  constructor(
    private readonly most: number,
    private readonly period: number,
    private readonly burst = 0,
  ) {}

  /** Counts an event; returns the count with it. */
  add(now: number): number {
    const before = this.at(now);
    if (now - this.#last < this.burst) return before;
    this.#last = now;
    return (this.#count = Math.min(this.most, before + 1));
  }

  /** The count at a time, which must not be before that of an earlier call. */
  at(now: number): number {
    const forgotten = Math.floor((now - this.#at) / this.period);
    this.#count = Math.max(0, this.#count - forgotten);
    // The period of the oldest event begins with it.
    this.#at = this.#count === 0 ? now : this.#at + forgotten * this.period;
    return this.#count;
  }

  /** Forgets all events. */
  clear(): void {
    this.#count = 0;
    this.#last = -Infinity;
  }
}
