import type { VirtualMapping } from './virtual-mapping.js';

/**
 * A vCPU for taps of its hooks, debuggers and statistics: readable state and writable registers, but no way to run it.
 *
 * @beta
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
  /** General registers by their name in the manual, for debuggers and dumps. */
  registers(): Readonly<Record<string, bigint>>;
  /**
   * Writes a register, named as in `registers`. For hooks and debuggers, outside of guest code.
   *
   * @throws `QvmError` `vcpu.register` when there is no such register.
   */
  setRegister(name: string, value: bigint): void;
  /**
   * Translates a virtual address with the guest's current tables, with the permissions of a read by its kernel;
   * without side effects on the guest. `undefined` when it is not mapped, or the engine cannot translate.
   */
  translate?(virtualAddress: bigint): number | undefined;
  /**
   * All current mappings of the guest's tables, in ascending order of virtual addresses, with adjacent ones merged:
   * for core dumps. Absent if the engine does not support it; empty while translation is off.
   *
   * @param limit - largest number of ranges, which bounds tables that a guest makes endless.
   */
  mappings?(limit: number): readonly VirtualMapping[];
}
