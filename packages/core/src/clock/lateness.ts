/** Most that a clock may be behind its host, in nanoseconds. */
const MOST = 2_000_000_000;

/**
 * How far guest time may be behind the host's while it goes on from timer to timer. A guest handles the interrupts of all the
 * time that it catches up with. A VM that gets less of a processor than that needs would do nothing else, so catching up is
 * limited to the time that has passed at the host's pace, and to two seconds; more of a late host's time is lost at once, with
 * its interrupts.
 */
export class Lateness {
  /** Time that may be caught up with. */
  #left = MOST;
  #arrived = 0;

  /**
   * The time that a guest sees.
   *
   * @param before - the time that it saw last.
   * @param arrived - the host's time.
   * @param limit - the deadline of the earliest timer that has not fired.
   */
  see(before: number, arrived: number, limit: number): number {
    const host = Math.max(0, arrived - this.#arrived);
    this.#arrived = arrived;
    const earliest = arrived - this.#left;
    const now = Math.max(before, Math.min(arrived, Math.max(limit, earliest)));
    if (limit >= earliest) this.#pass(now - before, host);
    return now;
  }

  /** Guest time and host time agree at `now`. */
  agree(now: number): void {
    this.#arrived = now;
  }

  /** Both times have gone on, and none was lost. */
  #pass(guest: number, host: number): void {
    const caughtUp = Math.max(0, guest - host);
    this.#left = Math.min(MOST, Math.max(0, this.#left + Math.min(guest, host) - caughtUp));
  }
}
