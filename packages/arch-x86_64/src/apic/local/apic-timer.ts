import type { Clock, ClockTimer } from '@qvm/core/vdev';

/** Mode of the timer: bits 18–17 of its LVT entry (SDM 3A, 10.5.4). The value 3 is reserved; the timer stands then. */
export enum TimerMode {
  OneShot = 0,
  Periodic = 1,
  TscDeadline = 2,
}

/** Bits of the divide configuration register. */
export const DIVIDE_MASK = 0xb;

/** Virtual times are exact up to this value (104 days). No deadline is set for later times. */
const LATEST_TIME = Number.MAX_SAFE_INTEGER;

/** The APIC as its timer sees it. */
export interface TimerUser {
  /** Whether an expiry would change anything: the entry is not masked, and its interrupt is not pending already. */
  wantsTimer(): boolean;
  /** The timer has expired. */
  timerExpired(): void;
  /** See `ApicVcpu.timeOfTsc`. */
  timeOfTsc(count: bigint): number;
}

/** State of a timer, but for its mode. */
export interface TimerState {
  readonly divide: number;
  readonly initial: number;
  /** Nanoseconds since the count began; -1 while it does not run. */
  readonly elapsed: number;
  readonly deadline: bigint;
}

/**
 * The timer of a local APIC. Its input clock has 1 GHz, so that it counts nanoseconds of the VM's clock before the
 * divider. The count is computed when it is read. The VM's clock is asked for a call only if an expiry would have an
 * effect, so a guest cannot make calls faster than it takes the interrupts.
 */
export class ApicTimer {
  readonly #clock: Clock;
  readonly #user: TimerUser;
  readonly #timer: ClockTimer;
  #mode = TimerMode.OneShot;
  #divide = 0;
  #initial = 0;
  /** Time at which the count was `#initial`. */
  #origin = 0;
  #running = false;
  #deadline = 0n;

  constructor(clock: Clock, name: string, user: TimerUser) {
    this.#clock = clock;
    this.#user = user;
    this.#timer = clock.createTimer(name, () => this.#due());
  }

  /** The mode. A change to or from TSC-deadline mode disarms the timer. */
  set mode(mode: number) {
    if (mode === this.#mode) return;
    this.#settle();
    // A count that goes on with the period has the origin of its present round.
    if (isCount(mode) && isCount(this.#mode)) this.#mode = mode;
    else {
      this.#stop();
      this.#mode = mode;
    }
    this.schedule();
  }

  /** The divide configuration register. A running count goes on from its present value at the new rate. */
  get divide(): number {
    return this.#divide;
  }

  set divide(value: number) {
    this.#settle();
    const counted = this.#running ? Math.floor((this.#now - this.#origin) / this.#tick) : 0;
    this.#divide = value & DIVIDE_MASK;
    this.#origin = this.#now - counted * this.#tick;
    this.schedule();
  }

  get initialCount(): number {
    return this.#initial;
  }

  /** Starts a count; 0 stops it. Ignored in TSC-deadline mode (SDM 3A, 10.5.4.1). */
  set initialCount(value: number) {
    if (!isCount(this.#mode)) return;
    this.#settle();
    this.#initial = value;
    this.#running = value !== 0;
    this.#origin = this.#now;
    this.schedule();
  }

  get currentCount(): number {
    this.#settle();
    return this.#running ? this.#initial - Math.floor((this.#now - this.#origin) / this.#tick) : 0;
  }

  /** IA32_TSC_DEADLINE: 0 in other modes, where writes are ignored, and while the timer is not armed. */
  get tscDeadline(): bigint {
    this.#settle();
    return this.#deadline;
  }

  set tscDeadline(value: bigint) {
    if (this.#mode !== TimerMode.TscDeadline) return;
    this.#settle();
    this.#deadline = value;
    this.#arm();
    this.#settle();
  }

  /** Must be called when `wantsTimer` may have become true, or the time-stamp counter was changed. */
  schedule(): void {
    this.#settle();
    this.#arm();
  }

  reset(): void {
    this.#stop();
    this.#mode = TimerMode.OneShot;
    this.#divide = 0;
    this.#timer.cancel();
  }

  save(): TimerState {
    this.#settle();
    return this.#state();
  }

  /** The state for people. Pure: an expiry that is due stays due. */
  describe(): { divide: number; initial: number; elapsed: number; deadline: string } {
    const state = this.#state();
    return { ...state, deadline: hexadecimal64(state.deadline) };
  }

  /** Takes over a checked state. `schedule` must follow when the rest of the APIC is restored. */
  load({ mode, divide, initial, elapsed, deadline }: TimerState & { readonly mode: number }): void {
    this.#timer.cancel();
    this.#mode = mode;
    this.#divide = divide;
    this.#initial = initial;
    this.#running = elapsed >= 0;
    this.#origin = this.#now - Math.max(0, elapsed);
    this.#deadline = deadline;
  }

  dispose(): void {
    this.#timer.dispose();
  }

  get #now(): number {
    return Math.floor(this.#clock.now());
  }

  /** Nanoseconds of one count: 2 to 128 for the values 0 to 6, 1 for 7. */
  get #tick(): number {
    const code = (this.#divide & 3) | ((this.#divide & 8) >>> 1);
    return 1 << ((code + 1) & 7);
  }

  get #period(): number {
    return this.#initial * this.#tick;
  }

  /** Time of the next expiry; Infinity when there is none. */
  #nextTime(): number {
    if (this.#deadline !== 0n) return Math.ceil(this.#user.timeOfTsc(this.#deadline));
    return this.#running ? this.#origin + this.#period : Infinity;
  }

  #arm(): void {
    const time = this.#nextTime();
    if (time > LATEST_TIME || !this.#user.wantsTimer()) this.#timer.cancel();
    else if (time !== this.#timer.deadline) this.#timer.arm(time);
  }

  /** The clock calls back: an expiry is due that `wantsTimer` asked for. */
  #due(): void {
    this.#settle(true);
    this.schedule();
  }

  /**
   * Brings the state up to the present time. An expiry that the clock was asked for is delivered, even if the clock is
   * late; others had no effect.
   */
  #settle(due = this.#timer.deadline !== undefined): void {
    const time = this.#nextTime();
    if (time > this.#now) return;
    this.#timer.cancel();
    if (this.#mode === TimerMode.Periodic) {
      this.#origin += Math.floor((this.#now - this.#origin) / this.#period) * this.#period;
    } else {
      this.#running = false;
      this.#deadline = 0n;
    }
    if (due) this.#user.timerExpired();
  }

  #state(): TimerState {
    return {
      divide: this.#divide,
      initial: this.#initial,
      elapsed: this.#running ? this.#now - this.#origin : -1,
      deadline: this.#deadline,
    };
  }

  #stop(): void {
    this.#initial = 0;
    this.#running = false;
    this.#deadline = 0n;
  }
}

/** A number of 64 bits, as states and the status have it. */
export function hexadecimal64(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function isCount(mode: number): boolean {
  return mode === Number(TimerMode.OneShot) || mode === Number(TimerMode.Periodic);
}
