import type { Clock } from './clock.js';
import type { TimerQueue } from './timer-queue.js';

/**
 * A clock with the controls that its VM holds.
 *
 * @experimental
 */
export interface VmClock extends Clock {
  readonly timers: TimerQueue;
  /** Lets time pass. Idempotent; a clock is made standing still. */
  resume(): void;
  /** Stops time. Idempotent. */
  pause(): void;
}
