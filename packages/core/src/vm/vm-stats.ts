import type { TimerDelayTotals } from '../clock/timer-delays.js';
import type { VcpuState } from '../hooks/vcpu-hooks.js';
import type { ExitTotals } from '../vcpu/guest-exits.js';
import type { Json } from '../vdev/vdev.js';
import type { VmState } from './vm-state.js';

/**
 * What `vm.stats()` tells of one vCPU.
 *
 * @experimental
 */
export interface VcpuStats {
  /** Number of the vCPU. */
  readonly index: number;
  /** Its present activity. */
  readonly state: VcpuState;
  /** Instructions retired. */
  readonly instructions: number;
  /** Program counter. */
  readonly pc: bigint;
  /** Host time of its turns in nanoseconds: `guestTime` and the times of `exits` together. */
  readonly turnTime: number;
  /** Host time in guest code in nanoseconds. Exits are timed while `guestExit` is tapped; others count as guest time. */
  readonly guestTime: number;
  /** Guest exits by cause; their times as far as they were measured. */
  readonly exits: Readonly<Record<string, ExitTotals>>;
}

/**
 * Counters of a VM.
 *
 * @experimental
 */
export interface VmStats {
  /** Name of the VM. */
  readonly name: string;
  /** Where in its life it is. */
  readonly state: VmState;
  /** Virtual time in nanoseconds. */
  readonly time: number;
  /** Host time spent in steps, in nanoseconds. */
  readonly busyTime: number;
  /** Host time in nanoseconds between steps, while every vCPU waited for a timer or input. */
  readonly idleTime: number;
  /** Instructions retired by all vCPUs. */
  readonly instructions: number;
  /** How often the guest reset itself. */
  readonly resets: number;
  /** Rising edges of all interrupt sources. */
  readonly interrupts: number;
  /** How late timers fired, in virtual time, and thus how long their interrupts waited. */
  readonly timerDelays: TimerDelayTotals;
  /** Counters of each vCPU, in order. */
  readonly vcpus: readonly VcpuStats[];
  /** Counters of the engine, including guest exits by cause. */
  readonly engine: Readonly<Record<string, Json>>;
}
