import { QvmError } from '@qvm/core';
import type { Clock, ClockTimer } from '@qvm/core/vdev';

/**
 * Default limit of timer callbacks in one {@link ManualClock.advance}: enough for a timer of 10 µs in a second.
 *
 * @experimental
 */
export const DEFAULT_FIRINGS = 100_000;

/**
 * Largest number of callbacks at one point of time: a device that always arms its timer in the past would never end.
 */
const FIRINGS_AT_ONCE = 1000;

/**
 * A clock that advances only when a test advances it.
 *
 * @experimental
 */
export class ManualClock implements Clock {
  readonly kind: Clock['kind'];
  readonly #timers = new Set<ManualTimer>();
  #now = 0;
  #wallBase: number;

  /**
   * @param wallSeconds - the wall clock at time 0, in seconds since 1970; default 2024-01-01.
   * @param kind - the clock's kind: devices that are deterministic under `icount` need not be under `real-time`.
   */
  constructor(wallSeconds = 1_704_067_200, kind: Clock['kind'] = 'icount') {
    this.#wallBase = wallSeconds;
    this.kind = kind;
  }

  now(): number {
    return this.#now;
  }

  wallClockSeconds(): number {
    return this.#wallBase + this.#now / 1e9;
  }

  /** Sets the wall clock, like an administrator of the host, without changing virtual time. */
  setWallClock(seconds: number): void {
    this.#wallBase = seconds - this.#now / 1e9;
  }

  /** Number of timers that have not been disposed of. */
  get timers(): number {
    return this.#timers.size;
  }

  /** The earliest armed deadline, in nanoseconds. */
  get nextDeadline(): number | undefined {
    return this.#earliest()?.deadline;
  }

  createTimer(name: string, callback: () => void): ClockTimer {
    const timer = new ManualTimer(name, callback, (disposed) => this.#timers.delete(disposed));
    this.#timers.add(timer);
    return timer;
  }

  /**
   * Advances time, and fires timers in the order of their deadlines, each at its own time.
   *
   * @param maxFirings - limit of timer callbacks. A device with a faster timer needs a higher limit or a shorter time.
   * @throws QvmError `testing.timer-loop` when timers exceed the limit, or fire a thousand times without time
   * advancing.
   */
  advance(nanoseconds: number, maxFirings = DEFAULT_FIRINGS): void {
    const end = this.#now + nanoseconds;
    const name = this.#fireUntil(end, maxFirings);
    if (name === undefined) return;
    const message = `timers fired ${maxFirings} times within ${nanoseconds} ns, the last one was ${name}`;
    const advice = `${end - this.#now} ns were left; a timer that is meant to be so fast needs a larger maxFirings, or a shorter time`;
    throw new QvmError('testing.timer-loop', `${message}: ${advice}`);
  }

  /**
   * Advances time like {@link ManualClock.advance}, but stops after `maxFirings` timer callbacks.
   *
   * @returns the nanoseconds by which time advanced.
   * @throws QvmError `testing.timer-loop` when timers fire a thousand times without time advancing.
   */
  advanceUpTo(nanoseconds: number, maxFirings: number): number {
    const begin = this.#now;
    this.#fireUntil(begin + nanoseconds, maxFirings);
    return this.#now - begin;
  }

  /** Returns the name of the timer that fired last if the limit was reached, otherwise `undefined`. */
  #fireUntil(end: number, maxFirings: number): string | undefined {
    let last = '';
    let atOnce = 0;
    for (let firings = 0; ; firings++) {
      const timer = this.#earliest();
      if (timer?.deadline === undefined || timer.deadline > end) {
        this.#now = end;
        return undefined;
      }
      if (firings === maxFirings) return last;
      atOnce = timer.deadline > this.#now ? 0 : atOnce + 1;
      if (atOnce > FIRINGS_AT_ONCE) {
        const message = `the timer ${timer.name} fired ${FIRINGS_AT_ONCE} times at ${this.#now} ns: it is armed for the past again and again`;
        throw new QvmError('testing.timer-loop', message);
      }
      this.#now = Math.max(this.#now, timer.deadline);
      last = timer.name;
      timer.fire();
    }
  }

  /**
   * Advances time without firing timers, as when the host is late. Due timers fire at the next {@link
   * ManualClock.advance}.
   */
  lag(nanoseconds: number): void {
    this.#now += nanoseconds;
  }

  #earliest(): ManualTimer | undefined {
    let earliest: ManualTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.deadline !== undefined && timer.deadline < (earliest?.deadline ?? Infinity)) {
        earliest = timer;
      }
    }
    return earliest;
  }
}

class ManualTimer implements ClockTimer {
  readonly name: string;
  readonly #callback: () => void;
  readonly #onDispose: (timer: ManualTimer) => void;
  #deadline: number | undefined;
  #disposed = false;

  constructor(name: string, callback: () => void, onDispose: (timer: ManualTimer) => void) {
    this.name = name;
    this.#callback = callback;
    this.#onDispose = onDispose;
  }

  get deadline(): number | undefined {
    return this.#deadline;
  }

  arm(deadline: number): void {
    if (this.#disposed || !Number.isFinite(deadline)) {
      throw new QvmError('testing.timer', `timer ${this.name} was armed for ${deadline} or after its disposal`);
    }
    this.#deadline = deadline;
  }

  cancel(): void {
    this.#deadline = undefined;
  }

  dispose(): void {
    this.cancel();
    this.#disposed = true;
    this.#onDispose(this);
  }

  fire(): void {
    this.#deadline = undefined;
    this.#callback();
  }
}
