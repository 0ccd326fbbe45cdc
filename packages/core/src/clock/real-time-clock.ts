import type { ClockTimer } from './clock.js';
import { hostNanoseconds } from './host-time.js';
import { Lateness } from './lateness.js';
import { TimerQueue } from './timer-queue.js';
import type { VmClock } from './vm-clock.js';

/**
 * Virtual time that follows the host's clock, except while the VM is paused. It does not pass the deadline of a timer that
 * has not fired, as on a machine, where an interrupt is never later than the time that a program reads. When the host was
 * late, time goes on from deadline to deadline, and guests have a turn between them, until it is the host's again: timers
 * that fire periodically lose no interrupt, and a guest that counts them while it reads a time-stamp counter finds both to
 * agree (Linux' timer_irq_works). How much time can be caught up with is limited, so time never stands still for good.
 *
 * @experimental
 */
export class RealTimeClock implements VmClock {
  readonly kind = 'real-time';
  readonly timers = new TimerQueue();
  readonly #host: () => number;
  /** Virtual time at the last pause or resume. */
  #base = 0;
  /** Host time at `#base` while time passes. */
  #since: number | undefined;
  #latest = 0;
  readonly #lateness = new Lateness();

  /**
   * @param host - a monotonic source of nanoseconds.
   */
  constructor(host: () => number = hostNanoseconds) {
    this.#host = host;
  }

  now(): number {
    const arrived = this.arrived();
    const limit = this.timers.firing ?? this.timers.nextDeadline ?? Infinity;
    if (limit < arrived) this.timers.onHeldBack?.();
    // Time never goes backwards for a guest, even if the host's source does.
    this.#latest = this.#lateness.see(this.#latest, arrived, limit);
    return this.#latest;
  }

  arrived(): number {
    return this.#since === undefined ? this.#base : this.#base + (this.#host() - this.#since);
  }

  resume(): void {
    this.#since ??= this.#host();
  }

  pause(): void {
    this.#base = this.now();
    this.#since = undefined;
    this.#lateness.agree(this.#base);
  }

  set(now: number): void {
    this.#base = this.#latest = now;
    this.#lateness.agree(now);
  }

  createTimer(name: string, callback: () => void): ClockTimer {
    return this.timers.createTimer(name, callback);
  }

  wallClockSeconds(): number {
    return Math.floor(Date.now() / 1000);
  }
}
