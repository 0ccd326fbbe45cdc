import type { VmRequest } from '../architecture/architecture.js';
import { hostNanoseconds } from '../clock/host-time.js';
import { InstructionClock } from '../clock/instruction-clock.js';
import { TimerDelays } from '../clock/timer-delays.js';
import type { VmClock } from '../clock/vm-clock.js';
import type { Vcpu } from '../vcpu/vcpu.js';
import type { StepResult } from './step-result.js';
import { VcpuScheduler } from './vcpu-scheduler.js';

const RAN: StepResult & { readonly kind: 'ran' } = { kind: 'ran' };

/** Result of a run of the thread; the VM carries out a request. */
export type ThreadResult =
  Extract<StepResult, { readonly kind: 'ran' | 'idle' }> | { readonly kind: 'request'; readonly request: VmRequest };

/** The parts that a thread runs, once they are made. */
interface Attached {
  readonly clock: VmClock;
  readonly scheduler: VcpuScheduler;
}

/**
 * The core loop of a VM: posted tasks, due timers, vCPUs in turn. It is independent of threads and of the event loop:
 * its caller is the VM's thread.
 */
export class VmThread {
  /** How long timers waited for their turn here. */
  readonly timerDelays = new TimerDelays();
  readonly #runnable: () => boolean;
  #attached: Attached | undefined;
  #tasks: (() => void)[] = [];
  #request: VmRequest | undefined;

  /**
   * @param runnable - whether vCPUs may run, asked before each turn.
   */
  constructor(runnable: () => boolean) {
    this.#runnable = runnable;
  }

  /** Takes over what it shall run. Tasks and requests may come earlier. */
  attach(vcpus: readonly Vcpu[], clock: VmClock): VcpuScheduler {
    const scheduler = new VcpuScheduler(vcpus, clock);
    this.#attached = { clock, scheduler };
    return scheduler;
  }

  post(task: () => void): void {
    this.#tasks.push(task);
  }

  /** Remembers the first request, or the first failure after it, and makes the running vCPU return. */
  ask(request: VmRequest): void {
    if (this.#request === undefined || (request.kind === 'terminate' && this.#request.kind !== 'terminate')) {
      this.#request = request;
    }
    this.kick();
  }

  /** Makes the running vCPU return. */
  kick(): void {
    this.#attached?.scheduler.kick();
  }

  /** Takes the request that waits to be obeyed. */
  takeRequest(): VmRequest | undefined {
    const request = this.#request;
    this.#request = undefined;
    return request;
  }

  /** Forgets tasks and requests: the VM has ended. */
  clear(): void {
    this.#tasks = [];
    this.#request = undefined;
  }

  /**
   * Runs about `maxInstructions`, or until there is something else to do.
   *
   * @param hostDeadline - host nanoseconds: no turn begins after that.
   */
  run(maxInstructions: number, hostDeadline = Infinity): ThreadResult {
    const attached = this.#attached;
    if (attached === undefined) return RAN;
    const { clock, scheduler } = attached;
    let left = maxInstructions;
    let idleTurns = 0;
    for (;;) {
      this.runTasks();
      this.#runTimers(clock);
      const request = this.takeRequest();
      if (request !== undefined) return { kind: 'request', request };
      // Turns that retire nothing, such as a skip to the next timer, are limited too: a run always ends.
      const over = left <= 0 || idleTurns > maxInstructions;
      if (over || hostNanoseconds() > hostDeadline || !this.#runnable()) return RAN;
      const retired = scheduler.turn(left) ?? this.#wait(clock);
      if (typeof retired === 'object') return retired;
      left -= retired;
      if (retired === 0) idleTurns++;
    }
  }

  /** Runs the tasks that were posted so far. */
  runTasks(): void {
    if (this.#tasks.length === 0) return;
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) task();
  }

  #runTimers(clock: VmClock): void {
    const now = clock.now();
    const deadline = clock.timers.nextDeadline;
    if (deadline === undefined || deadline > now) return;
    const delay = clock.arrived() - deadline;
    this.timerDelays.add(delay, clock.timers.runDue(now));
  }

  /** Every vCPU waits: goes on to the next timer without an instruction, or says that the host must wait. */
  #wait(clock: VmClock): ThreadResult | 0 {
    if (this.#tasks.length !== 0) return 0;
    const until = clock.timers.nextDeadline;
    if (until !== undefined && until <= clock.now()) return 0;
    if (until !== undefined && clock instanceof InstructionClock) {
      clock.skipTo(until);
      return 0;
    }
    return { kind: 'idle', until };
  }
}
