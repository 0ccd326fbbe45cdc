import type { ClockTimer } from './clock.js';
import { hostNanoseconds } from './host-time.js';
import { TimerQueue } from './timer-queue.js';
import type { VmClock } from './vm-clock.js';

/**
 * Virtual time that follows the host's clock, except while the VM is paused.
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

  /**
   * @param host - a monotonic source of nanoseconds.
   */
  constructor(host: () => number = hostNanoseconds) {
    this.#host = host;
  }

  now(): number {
    const now = this.#since === undefined ? this.#base : this.#base + (this.#host() - this.#since);
    // Time never goes backwards for a guest, even if the host's source does.
    if (now > this.#latest) this.#latest = now;
    return this.#latest;
  }

  resume(): void {
    this.#since ??= this.#host();
  }

  pause(): void {
    this.#base = this.now();
    this.#since = undefined;
  }

  set(now: number): void {
    this.#base = this.#latest = now;
  }

  createTimer(name: string, callback: () => void): ClockTimer {
    return this.timers.createTimer(name, callback);
  }

  wallClockSeconds(): number {
    return Math.floor(Date.now() / 1000);
  }
}
