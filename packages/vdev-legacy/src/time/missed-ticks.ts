/** Missed ticks follow this many times as fast as the timer's own. */
const FASTER = 8;
/** Most ticks that are remembered: a second of a timer of 256 Hz. A guest that was stopped for longer does not notice. */
const MOST = 256;

/**
 * The ticks of a periodic timer that a late host has missed. They follow one by one, faster than the period but apart, so
 * that a guest that counts interrupts keeps the time (Linux tests for a fraction of a second whether its timer ticks).
 * Under `icount` no host is late.
 *
 * @internal
 */
export class MissedTicks {
  #count = 0;
  #gap = 0;
  #due: number | undefined;

  /** @param leastGap - time units between two of them at least; faster ones are merged. */
  constructor(private readonly leastGap: number) {}

  /** When the next of them comes, in the timer's units; undefined if none is missed. */
  get due(): number | undefined {
    return this.#due;
  }

  /** Adds ticks that were missed at `now`. */
  add(count: number, now: number, period: number): void {
    const gap = Math.floor(period / FASTER);
    if (count <= 0 || gap < this.leastGap) return;
    this.#count = Math.min(MOST, this.#count + count);
    this.#gap = gap;
    this.#due ??= now + gap;
  }

  /** Takes one if it is due. */
  take(now: number): boolean {
    if (this.#due === undefined || this.#due > now) return false;
    this.#count--;
    this.#due = this.#count > 0 ? now + this.#gap : undefined;
    return true;
  }

  /** The timer was programmed: what it missed is of no interest. */
  clear(): void {
    this.#count = 0;
    this.#due = undefined;
  }
}
