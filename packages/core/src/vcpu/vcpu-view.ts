import type { VirtualMapping } from './virtual-mapping.js';

/**
 * A vCPU as taps of its hooks, debuggers and statistics see it: state to look at and registers to write, but no way to run it.
 *
 * @experimental
 */
export interface VcpuView {
  /** Its number in the VM, from 0. */
  readonly index: number;
  /** Instructions retired since the VM was created; exact whenever a hook, vdev or timer runs. */
  readonly instructions: number;
  /** Whether it is turned on (a secondary vCPU is off until the guest turns it on). */
  readonly on: boolean;
  /** Program counter, for traces and statistics. */
  readonly pc: bigint;
  /** General registers by manual name, for debuggers and dumps. */
  registers(): Readonly<Record<string, bigint>>;
  /**
   * Writes a register by the name that `registers` gives it. For hooks and debuggers, outside of guest code.
   *
   * @throws `QvmError` `vcpu.register` when there is none of that name.
   */
  setRegister(name: string, value: bigint): void;
  /**
   * The guest-physical address of a virtual one, by the guest's own tables as they are now and as its kernel reads; without any
   * effect on the guest. `undefined` when it is not mapped, or the engine cannot tell.
   */
  translate?(virtualAddress: bigint): number | undefined;
  /**
   * All that the guest's own tables map now, in ascending order of virtual addresses, with neighbours joined: for core dumps. Absent
   * where the engine cannot tell; empty while there is no translation.
   *
   * @param limit - ranges at most; tables that a guest makes to be endless end there.
   */
  mappings?(limit: number): readonly VirtualMapping[];
}
