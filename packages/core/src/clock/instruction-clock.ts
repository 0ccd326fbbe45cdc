import { QvmError } from '../errors/qvm-error.js';
import type { ClockTimer } from './clock.js';
import { TimerQueue } from './timer-queue.js';
import type { VmClock } from './vm-clock.js';

/**
 * Ten nanoseconds are 100 MIPS: about the speed of the interpreter, so that delays, time-outs and boot times
 * that a guest measures resemble those under the real-time clock.
 */
const DEFAULT_NANOSECONDS_PER_INSTRUCTION = 10;
/** 2024-01-01T00:00:00Z, the same in every run. */
const WALL_CLOCK_EPOCH = 1_704_067_200;

/**
 * Virtual time that advances with retired instructions, so that a run with the same input repeats exactly. While all
 * vCPUs wait, it skips to the next timer.
 *
 * @experimental
 */
export class InstructionClock implements VmClock {
  readonly kind = 'icount';
  readonly timers = new TimerQueue();
  /** Virtual duration of one instruction of any vCPU. */
  readonly nanosecondsPerInstruction: number;
  #now = 0;
  #pending: () => number = () => 0;

  /**
   * @param nanosecondsPerInstruction - a whole number, 1 to 1,000,000.
   * @throws `QvmError` `clock.rate`.
   */
  constructor(nanosecondsPerInstruction: number = DEFAULT_NANOSECONDS_PER_INSTRUCTION) {
    if (
      !Number.isInteger(nanosecondsPerInstruction) ||
      nanosecondsPerInstruction < 1 ||
      nanosecondsPerInstruction > 1e6
    ) {
      throw new QvmError(
        'clock.rate',
        `${nanosecondsPerInstruction} is no valid number of nanoseconds per instruction.`,
      );
    }
    this.nanosecondsPerInstruction = nanosecondsPerInstruction;
  }

  now(): number {
    return this.#now + this.#pending() * this.nanosecondsPerInstruction;
  }

  /** Instructions are counted exactly: turns end at the next timer. */
  arrived(): number {
    return this.now();
  }

  /** Sets a source of instructions retired since the last `advance`, so that time passes during a vCPU's turn. */
  observe(pending: () => number): void {
    this.#pending = pending;
  }

  /** Advances time by a number of instructions. The observed source must restart at zero. */
  advance(instructions: number): void {
    this.#now += instructions * this.nanosecondsPerInstruction;
  }

  /** Moves time forward to `deadline`; does nothing when that has passed. */
  skipTo(deadline: number): void {
    if (deadline > this.#now) this.#now = deadline;
  }

  /** The number of instructions after which `deadline` is reached; 0 when it has passed. */
  instructionsUntil(deadline: number): number {
    return Math.max(0, Math.ceil((deadline - this.now()) / this.nanosecondsPerInstruction));
  }

  set(now: number): void {
    this.#now = now;
  }

  /** Does nothing: time passes with instructions. */
  resume(): void {}

  pause(): void {}

  createTimer(name: string, callback: () => void): ClockTimer {
    return this.timers.createTimer(name, callback);
  }

  wallClockSeconds(): number {
    return WALL_CLOCK_EPOCH + Math.floor(this.now() / 1e9);
  }
}
