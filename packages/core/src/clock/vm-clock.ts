import type { Clock } from './clock.js';
import type { TimerQueue } from './timer-queue.js';

/**
 * A clock with the controls that its VM holds.
 *
 * @experimental
 */
export interface VmClock extends Clock {
  /** The timers of this clock, for the loop that fires them. */
  readonly timers: TimerQueue;
  /** Lets time pass. Idempotent; a clock is made standing still. */
  resume(): void;
  /** Sets the time of a clock that stands still, before any timer is armed: that of a saved VM. Nanoseconds. */
  set(now: number): void;
  /** Stops time. Idempotent. */
  pause(): void;
}
