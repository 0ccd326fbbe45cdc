import type { Clock } from './clock.js';
import type { TimerQueue } from './timer-queue.js';

/**
 * A clock with the controls that only its VM uses.
 *
 * @experimental
 */
export interface VmClock extends Clock {
  /** The timers of this clock, for the loop that fires them. */
  readonly timers: TimerQueue;
  /**
   * The time that `now` would have if no timer were due, in nanoseconds. Guests see no time after a deadline whose timer
   * has not fired yet, so on a late host `now` is behind.
   */
  arrived(): number;
  /** Starts time. Idempotent; a new clock is stopped. */
  resume(): void;
  /** Sets the time of a stopped clock to that of a saved VM, before any timer is armed. Nanoseconds. */
  set(now: number): void;
  /** Stops time. Idempotent. */
  pause(): void;
}
