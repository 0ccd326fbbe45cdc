import type { VcpuState } from '../hooks/vcpu-hooks.js';
import type { Json } from '../vdev/vdev.js';
import type { VmState } from './vm-state.js';

/**
 * What `vm.stats()` tells of one vCPU.
 *
 * @experimental
 */
export interface VcpuStats {
  readonly index: number;
  readonly state: VcpuState;
  /** Instructions retired. */
  readonly instructions: number;
  /** Program counter. */
  readonly pc: bigint;
}

/**
 * Counters of a VM.
 *
 * @experimental
 */
export interface VmStats {
  readonly name: string;
  readonly state: VmState;
  /** Virtual time in nanoseconds. */
  readonly time: number;
  /** Host time spent in steps, in nanoseconds. */
  readonly busyTime: number;
  /** Instructions retired by all vCPUs. */
  readonly instructions: number;
  /** How often the guest reset itself. */
  readonly resets: number;
  /** Rising edges of all interrupt sources. */
  readonly interrupts: number;
  readonly vcpus: readonly VcpuStats[];
  /** What the engine counts, guest exits by cause among them. */
  readonly engine: Readonly<Record<string, Json>>;
}
