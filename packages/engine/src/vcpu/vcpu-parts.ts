import type { HookKinds } from '@qvm/core/hooks';
import type { AccessWatch } from '../memory/access-watch.js';
import type { AddressTranslation, EngineFaults } from '../memory/address-translation.js';
import type { SoftTlb } from '../memory/soft-tlb.js';
import type { CpuState } from './cpu-state.js';

/**
 * The parts of one vCPU that an architecture provides.
 *
 * @experimental
 */
export interface VcpuParts<S extends CpuState> {
  /** Registers of the vCPU. */
  readonly state: S;
  /** With a bank for each regime that is in use at a time. */
  readonly tlb: SoftTlb;
  /** Translates addresses by the guest's tables. */
  readonly mmu: AddressTranslation;
  /** The watchpoints. */
  readonly watch: AccessWatch;
  /** Turns faults of accesses into exceptions of the architecture. */
  readonly faults: EngineFaults;
  /** The kinds of the vCPU's hooks. */
  readonly hookKinds: HookKinds;
  /** The exception syndrome of a device access of 1, 2, 4 or 8 bytes, as the architecture reports it to a hypervisor. */
  deviceSyndrome(width: number, write: boolean): number;
}
