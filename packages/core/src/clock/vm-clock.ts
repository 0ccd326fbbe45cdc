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
  /** Starts time. Idempotent; a new clock is stopped. */
  resume(): void;
  /** Sets the time of a stopped clock to that of a saved VM, before any timer is armed. Nanoseconds. */
  set(now: number): void;
  /** Stops time. Idempotent. */
  pause(): void;
}
