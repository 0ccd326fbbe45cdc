/**
 * The rate of a clock as an exact fraction, so that counters neither drift nor depend on how often they are read.
 *
 * @internal
 */
export class TickRate {
  readonly #ticks: number;
  readonly #nanoseconds: number;

  /** A clock with `ticks` ticks in `nanoseconds` ns; both whole numbers below 2^25, so that products are exact. */
  constructor(ticks: number, nanoseconds: number) {
    this.#ticks = ticks;
    this.#nanoseconds = nanoseconds;
  }

  /** Number of ticks until a time in nanoseconds. */
  ticksAt(time: number): number {
    const periods = Math.floor(time / this.#nanoseconds);
    const rest = time - periods * this.#nanoseconds;
    return periods * this.#ticks + Math.floor((rest * this.#ticks) / this.#nanoseconds);
  }

  /** The first time in nanoseconds at which `ticksAt` is `tick`. */
  timeOf(tick: number): number {
    const periods = Math.floor(tick / this.#ticks);
    const rest = tick - periods * this.#ticks;
    return periods * this.#nanoseconds + Math.ceil((rest * this.#nanoseconds) / this.#ticks);
  }
}

/**
 * A PC's 14.318 MHz crystal, four times the colour subcarrier of NTSC, 315/88 MHz, divided by `divisor` (a divisor of
 * 1260, such as 4 or 12).
 *
 * @internal
 */
export function crystalRate(divisor: number): TickRate {
  return new TickRate(1260 / divisor, 88_000);
}
