import { QvmError } from '@qvm/core';
import type { Clock, ClockTimer } from '@qvm/core/vdev';

/** Timers that fire in one `advance` before it gives up: a device that re-arms itself in the past would never end. */
const MAX_FIRINGS = 100_000;

/**
 * A clock that moves only when a test says so.
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
   * @param kind - what it passes for: devices that repeat themselves under `icount` need not in `real-time`.
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

  /** Steps the wall clock, as an administrator of the host might, without moving virtual time. */
  setWallClock(seconds: number): void {
    this.#wallBase = seconds - this.#now / 1e9;
  }

  /** Number of timers that were made and not disposed of. */
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
   * Moves time on, firing timers in the order of their deadlines, each at its own time.
   *
   * @throws QvmError `testing.timer-loop` when a timer keeps firing without time moving on.
   */
  advance(nanoseconds: number): void {
    const end = this.#now + nanoseconds;
    for (let firings = 0; firings < MAX_FIRINGS; firings++) {
      const timer = this.#earliest();
      if (timer?.deadline === undefined || timer.deadline > end) {
        this.#now = end;
        return;
      }
      this.#now = Math.max(this.#now, timer.deadline);
      timer.fire();
    }
    throw new QvmError('testing.timer-loop', `timers fired ${MAX_FIRINGS} times within ${nanoseconds} ns`);
  }

  /** Moves time on, but fires nothing: as when the host is late. Timers that are due fire at the next {@link ManualClock.advance}. */
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
  readonly #name: string;
  readonly #callback: () => void;
  readonly #onDispose: (timer: ManualTimer) => void;
  #deadline: number | undefined;
  #disposed = false;

  constructor(name: string, callback: () => void, onDispose: (timer: ManualTimer) => void) {
    this.#name = name;
    this.#callback = callback;
    this.#onDispose = onDispose;
  }

  get deadline(): number | undefined {
    return this.#deadline;
  }

  arm(deadline: number): void {
    if (this.#disposed || !Number.isFinite(deadline)) {
      throw new QvmError('testing.timer', `timer ${this.#name} was armed for ${deadline} or after its disposal`);
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
