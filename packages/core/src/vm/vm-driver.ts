import type { Clock } from '../clock/clock.js';
import { hostNanoseconds } from '../clock/host-time.js';
import { InstructionClock } from '../clock/instruction-clock.js';
import { SpeedEstimate } from './speed-estimate.js';
import type { StepResult } from './step-result.js';

/** A slice ends by then, so that the host's event loop gets its turn. */
const SLICE = 1_000_000;
/** The same while host I/O goes on: its latency follows the slice. */
const SLICE_DURING_IO = 250_000;
/** Host I/O counts as going on for so long. */
const IO_MEMORY = 10_000_000;
/**
 * Under instruction-counted time, a turn of a vCPU ends when the VM has retired a multiple of this many instructions, so
 * that turns do not depend on the host's speed and runs repeat exactly.
 */
const COUNTED_INSTRUCTIONS = 20_000;
/** Fewest instructions of a slice, however slow the guest seems. */
const SMALLEST_SLICE = 1_000;
/** A slice ends by then, also when its instructions take much longer than those before: in slices. */
const LONGEST_SLICE = 10;
/** The event loop gets a turn by then, also when the VM is awakened again and again. Nanoseconds. */
const LONGEST_WITHOUT_TURN = 20_000_000;
/** A timer keeps the host's event loop alive while the guest waits for nothing but input. */
const LONGEST_SLEEP_MS = 60_000;

/**
 * The functions of the host that a driver uses; replaced in tests.
 *
 * @experimental
 */
export interface DriverHost {
  /** Nanoseconds, monotonic. */
  now(): number;
  /** Lets the host's event loop take a turn, pending I/O included. */
  yield(): Promise<void>;
  /** Calls back once after `milliseconds`; the result cancels. */
  after(milliseconds: number, callback: () => void): () => void;
}

/**
 * The part of a VM that a driver uses.
 *
 * @experimental
 */
export interface DrivenVm {
  readonly paused: boolean;
  readonly clock: Clock;
  /** Instructions retired by all vCPUs. */
  readonly instructions: number;
  step(maxInstructions: number, hostDeadline?: number): StepResult;
  /** Milliseconds to wait before a restart that is due. */
  readonly restartPauseMs: number;
  restart(): Promise<void>;
}

/** Node drains self-posted messages before it looks at sockets, so there a yield must be `setImmediate`. */
function makeYield(): () => Promise<void> {
  if (typeof setImmediate === 'function') return () => new Promise((resolve) => setImmediate(resolve));
  const { port1, port2 } = new MessageChannel();
  let resume: (() => void) | undefined;
  port1.onmessage = () => resume?.();
  return () =>
    new Promise((resolve) => {
      resume = resolve;
      port2.postMessage(undefined);
    });
}

/** Node's event loop, or a browser's. */
export function createDriverHost(): DriverHost {
  return {
    now: () => performance.now() * 1e6,
    yield: makeYield(),
    after: (milliseconds, callback) => {
      const timer = setTimeout(callback, milliseconds);
      return () => clearTimeout(timer);
    },
  };
}

/**
 * Runs a VM on the event loop of its thread: slices of about a millisecond with a turn of the loop between them, and
 * sleep while the guest waits.
 *
 * @experimental
 */
export class VmDriver {
  readonly #vm: DrivenVm;
  readonly #host: DriverHost;
  readonly #speed = new SpeedEstimate();
  #lastIo = -Infinity;
  /** When the event loop had its turn last. */
  #lastTurn = 0;
  /** When a guest that has reset may boot again. */
  #restartAt: number | undefined;
  #wakeSleeper: (() => void) | undefined;

  constructor(vm: DrivenVm, host: DriverHost = createDriverHost()) {
    this.#vm = vm;
    this.#host = host;
  }

  /** Host I/O has something for the VM: ends a sleep and shortens the slices for a while. */
  wakeForIo(): void {
    this.#lastIo = this.#host.now();
    this.wake();
  }

  /** Ends a sleep: the VM was resumed or ended. */
  wake(): void {
    this.#wakeSleeper?.();
  }

  /** Runs until the VM has ended. */
  async run(): Promise<void> {
    this.#lastTurn = this.#host.now();
    for (;;) {
      const result: StepResult | undefined = this.#vm.paused ? undefined : this.#slice();
      if (result?.kind === 'ended') return;
      if (result === undefined) await this.#sleep(LONGEST_SLEEP_MS);
      else if (result.kind === 'reset') await this.#restart();
      else if (result.kind === 'idle') await this.#sleep(this.#untilMs(result.until));
      else await this.#turn();
      // A sleep may end by a promise, and promises do not give the event loop a turn.
      if (this.#host.now() - this.#lastTurn > LONGEST_WITHOUT_TURN) await this.#turn();
    }
  }

  /** Boots the guest again, when its pause is over. Until then the VM can be paused and ended. */
  async #restart(): Promise<void> {
    const now = this.#host.now();
    this.#restartAt ??= now + this.#vm.restartPauseMs * 1e6;
    if (now < this.#restartAt) {
      await this.#sleep(Math.ceil((this.#restartAt - now) / 1e6));
      return;
    }
    this.#restartAt = undefined;
    await this.#vm.restart();
    await this.#turn();
  }

  async #turn(): Promise<void> {
    await this.#host.yield();
    this.#lastTurn = this.#host.now();
  }

  #slice(): StepResult {
    const start = this.#host.now();
    const length = start - this.#lastIo < IO_MEMORY ? SLICE_DURING_IO : SLICE;
    return this.#vm.clock instanceof InstructionClock
      ? this.#countedSlice(start + length)
      : this.#timedSlice(start, length);
  }

  #countedSlice(end: number): StepResult {
    const vm = this.#vm;
    for (;;) {
      const result = vm.step(COUNTED_INSTRUCTIONS - (vm.instructions % COUNTED_INSTRUCTIONS));
      if (result.kind !== 'ran' || vm.paused || this.#host.now() >= end) return result;
    }
  }

  #timedSlice(start: number, length: number): StepResult {
    const host = this.#host;
    const before = this.#vm.instructions;
    const budget = Math.max(SMALLEST_SLICE, Math.floor(length * this.#speed.instructionsPerNanosecond));
    const result = this.#vm.step(budget, hostNanoseconds() + LONGEST_SLICE * length);
    this.#speed.add(this.#vm.instructions - before, host.now() - start);
    return result;
  }

  /** Rounded up: a timer of the event loop that fires early would make the VM spin until its own is due. */
  #untilMs(until: number | undefined): number {
    if (until === undefined) return LONGEST_SLEEP_MS;
    return Math.min(LONGEST_SLEEP_MS, Math.max(1, Math.ceil((until - this.#vm.clock.now()) / 1e6)));
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wakeSleeper = undefined;
        cancel();
        resolve();
      };
      const cancel = this.#host.after(milliseconds, wake);
      this.#wakeSleeper = wake;
    });
  }
}
