import { InstructionClock } from '../clock/instruction-clock.js';
import { hostNanoseconds } from '../clock/host-time.js';
import type { VmClock } from '../clock/vm-clock.js';
import type { VcpuState } from '../hooks/vcpu-hooks.js';
import { hasTaps } from '../hooks/tappable.js';
import type { Vcpu } from '../vcpu/vcpu.js';
import { SpeedEstimate } from './speed-estimate.js';

/**
 * Instructions that one of several vCPUs runs before it is the next one's turn: short, because a vCPU that spins on a
 * lock or waits for another's answer wastes the rest of its turn.
 */
const TURN = 10_000;
/** Timers that are late by more, in nanoseconds, leave each other a turn. */
const LATE = 1_000_000;
/** Fewest instructions of a turn under real time: reading the clock more often costs more than it gains. */
const SHORTEST_TURN = 1_000;

/**
 * Runs the vCPUs of a VM in turn on the caller's thread, each until the next timer at most.
 *
 * @experimental
 */
export class VcpuScheduler {
  readonly #vcpus: readonly Vcpu[];
  readonly #clock: VmClock;
  readonly #speed = new SpeedEstimate();
  readonly #states: VcpuState[];
  readonly #event: { vcpu: Vcpu; from: VcpuState; to: VcpuState; timestamp: number } | undefined;
  /** Host time of each vCPU's turns, in nanoseconds. */
  readonly #turnTimes: number[];
  #running: Vcpu | undefined;
  /** Instructions of the running vCPU before its turn. */
  #startInstructions = 0;
  /** Virtual time at which the present turn ends at the latest. */
  #turnEnd = Infinity;
  #next = 0;

  constructor(vcpus: readonly Vcpu[], clock: VmClock) {
    this.#vcpus = vcpus;
    this.#clock = clock;
    this.#states = vcpus.map((vcpu) => (vcpu.on ? 'ready' : 'off'));
    const first = vcpus[0];
    this.#turnTimes = vcpus.map(() => 0);
    this.#event = first && { vcpu: first, from: 'off', to: 'off', timestamp: 0 };
    // A guest that arms an earlier timer inside its turn must not run past it.
    clock.timers.onEarliest = (deadline) => {
      if (deadline < this.#turnEnd) this.#running?.kick();
    };
    // A guest that waits for a time must not spend the rest of a long turn with a time that stands still.
    clock.timers.onHeldBack = () => {
      if (this.#retired() >= TURN) this.#running?.kick();
    };
    if (clock instanceof InstructionClock) clock.observe(() => this.#retired());
  }

  /** The vCPU whose turn it is, while it runs. */
  get running(): Vcpu | undefined {
    return this.#running;
  }

  /** State of each vCPU. */
  states(): readonly VcpuState[] {
    return this.#vcpus.map((vcpu) => this.#stateOf(vcpu));
  }

  /** Host time of a vCPU's turns, in nanoseconds. */
  turnTime(index: number): number {
    return this.#turnTimes[index] ?? 0;
  }

  /** Makes the present turn end soon. */
  kick(): void {
    this.#running?.kick();
  }

  /**
   * Gives a turn to the next vCPU that has work.
   *
   * @param budget - most instructions.
   * @returns instructions retired, or `undefined` when no vCPU has work.
   */
  turn(budget: number): number | undefined {
    const vcpu = this.#pick();
    if (vcpu === undefined) return undefined;
    return this.#run(vcpu, this.#limit(budget));
  }

  #pick(): Vcpu | undefined {
    const { length } = this.#vcpus;
    for (let i = 0; i < length; i++) {
      const vcpu = this.#vcpus[(this.#next + i) % length];
      if (vcpu?.hasWork()) {
        this.#next = (this.#next + i + 1) % length;
        return vcpu;
      }
    }
    return undefined;
  }

  /** Cuts a budget down to the next timer. Whole: exact under `icount`, by measured speed under real time. */
  #limit(budget: number): number {
    const turn = this.#vcpus.length > 1 ? Math.min(budget, TURN) : budget;
    const clock = this.#clock;
    const deadline = clock.timers.nextDeadline;
    if (deadline === undefined) return turn;
    if (clock instanceof InstructionClock) return Math.max(1, Math.min(turn, clock.instructionsUntil(deadline)));
    const left = deadline - clock.now();
    // Further timers are due, but the guest is to take the interrupts of the last ones first.
    if (left <= 0 && deadline < clock.arrived() - LATE) return Math.min(turn, TURN);
    const estimate = Math.floor(left * this.#speed.instructionsPerNanosecond);
    return Math.min(turn, Math.max(SHORTEST_TURN, estimate));
  }

  #run(vcpu: Vcpu, budget: number): number {
    const clock = this.#clock;
    this.#startInstructions = vcpu.instructions;
    this.#turnEnd = clock.now() + this.#duration(budget);
    this.#running = vcpu;
    const began = hostNanoseconds();
    vcpu.exits?.begin(began);
    this.#announce(vcpu, began);
    let retired = 0;
    let ended = began;
    try {
      vcpu.run(budget);
    } finally {
      retired = this.#retired();
      ended = hostNanoseconds();
      vcpu.exits?.end(ended);
      this.#turnTimes[vcpu.index] = this.turnTime(vcpu.index) + (ended - began);
      this.#running = undefined;
      this.#turnEnd = Infinity;
      if (clock instanceof InstructionClock) clock.advance(retired);
      else this.#speed.add(retired, ended - began);
    }
    this.#announce(vcpu, ended);
    return retired;
  }

  #duration(instructions: number): number {
    const clock = this.#clock;
    if (clock instanceof InstructionClock) return instructions * clock.nanosecondsPerInstruction;
    return instructions / this.#speed.instructionsPerNanosecond;
  }

  #retired(): number {
    return this.#running === undefined ? 0 : this.#running.instructions - this.#startInstructions;
  }

  #stateOf(vcpu: Vcpu): VcpuState {
    if (vcpu === this.#running) return 'running';
    if (!vcpu.on) return 'off';
    return vcpu.hasWork() ? 'ready' : 'halted';
  }

  #announce(vcpu: Vcpu, timestamp: number): void {
    const hook = vcpu.hooks.stateChanged;
    const event = this.#event;
    if (event === undefined || !hasTaps(hook)) return;
    const to = this.#stateOf(vcpu);
    const from = this.#states[vcpu.index] ?? 'off';
    if (from === to) return;
    this.#states[vcpu.index] = to;
    event.vcpu = vcpu;
    event.from = from;
    event.to = to;
    event.timestamp = timestamp;
    hook.call(event);
  }
}
