/** 50 MIPS: a guess for the first turn, on the low side, so that it ends early rather than late. */
const INITIAL = 0.05;
/** Weight of one full-size sample. */
const WEIGHT = 0.25;
/** Nanoseconds from which on a sample counts in full; shorter ones are mostly overhead and clock granularity. */
const FULL_SAMPLE = 100_000;

/**
 * How fast the guest runs, from what it did lately.
 *
 * @experimental
 */
export class SpeedEstimate {
  #rate = INITIAL;

  get instructionsPerNanosecond(): number {
    return this.#rate;
  }

  /** Takes a measurement into account. */
  add(instructions: number, nanoseconds: number): void {
    if (instructions <= 0 || nanoseconds <= 0) return;
    const weight = WEIGHT * Math.min(1, nanoseconds / FULL_SAMPLE);
    this.#rate += (instructions / nanoseconds - this.#rate) * weight;
  }
}
