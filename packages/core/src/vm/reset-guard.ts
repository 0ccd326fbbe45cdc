/** Resets in a row after which the VM ends, unless it is said otherwise. */
export const DEFAULT_RESET_LIMIT = 20;

/** Virtual time without a reset after which a guest counts as well: nanoseconds. */
const HEALTHY = 10e9;
/** Resets in a row that are obeyed at once: installers and updates do so. */
const FREE = 3;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1_000;

/**
 * The policy for a guest that resets again and again: its resets are counted while it never runs for ten seconds of virtual time
 * between them, slowed, and at last the VM ends.
 */
export class ResetGuard {
  readonly #limit: number;
  #inARow = 0;
  #last = -Infinity;

  /** @param limit - resets in a row; 0: any number. */
  constructor(limit: number = DEFAULT_RESET_LIMIT) {
    this.#limit = limit;
  }

  /** Resets in a row so far. */
  get inARow(): number {
    return this.#inARow;
  }

  /** How long the host waits before it boots the guest again, in ms of host time. */
  get pauseMs(): number {
    if (this.#inARow <= FREE) return 0;
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(this.#inARow - FREE - 1, 30));
  }

  /**
   * Counts a reset.
   *
   * @param now - virtual time, nanoseconds.
   * @returns whether the guest may boot again.
   */
  count(now: number): boolean {
    this.#inARow = now - this.#last < HEALTHY ? this.#inARow + 1 : 1;
    this.#last = now;
    return this.#limit === 0 || this.#inARow <= this.#limit;
  }
}
