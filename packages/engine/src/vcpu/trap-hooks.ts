import type { Vcpu } from '@qvm/core/architecture';
import { hasTaps } from '@qvm/core/hooks';
import type { TrapEvent } from '@qvm/core/hooks';
import { fromHalves } from '../halves.js';
import type { AccessFault } from '../memory/memory-port.js';
import type { FaultLog } from './fault-log.js';
import type { FetchUnit } from './fetch-unit.js';

/** The vCPU whose instruction trapped. @experimental */
export interface TrappedVcpu extends Vcpu {
  /** Address of the record of the present instruction. */
  readonly ip: number;
  /** The program counter. */
  readonly fetch: FetchUnit;
  /** The exceptions that the guest took. */
  readonly faults: FaultLog;
  /** Whether the instruction that had to be executed alone is complete. */
  stepDone: boolean;
  /** Continues after the present instruction. */
  next(): void;
}

/**
 * Calls the hooks of a vCPU for traps and faults, before the architecture takes an exception.
 *
 * @experimental
 */
export class TrapHooks {
  constructor(private readonly vcpu: TrappedVcpu) {}

  /**
   * Calls the hook for a kind of trap.
   *
   * @param resume - whether the guest continues after the present instruction (`next`) or at it (`here`) if a tap
   * handled the trap and did not move the vCPU.
   * @param details - called only if the hook is tapped, for data that takes time to compute.
   * @returns whether a tap handled the trap.
   */
  trap(
    kind: string,
    syndrome: number,
    resume: 'next' | 'here',
    immediate?: number,
    details?: () => Pick<TrapEvent, 'disassembly' | 'address'>,
  ): boolean {
    const { vcpu } = this;
    const hook = vcpu.hooks.trap.get(kind);
    if (!hook || !hasTaps(hook)) return false;
    const before = vcpu.ip;
    const event = { vcpu, kind, syndrome, pc: vcpu.pc, immediate, ...details?.() };
    if (hook.call(event) !== 'handled') return false;
    if (vcpu.ip === before && resume === 'next') vcpu.next();
    vcpu.stepDone = true;
    return true;
  }

  /**
   * Calls the hook for memory faults.
   *
   * @param stage - 1 if the guest's own translation refused the access, 2 if nothing answers at the guest-physical
   * address.
   * @param level - the privilege level that the fault is taken from.
   * @returns whether a tap handled the fault.
   */
  fault(fault: Readonly<AccessFault>, stage: 1 | 2, syndrome: number, level: number): boolean {
    const { vcpu } = this;
    const hook = vcpu.hooks.memoryFault;
    if (!hasTaps(hook)) return false;
    const { lo, hi, access, physical } = fault;
    const { pcLo, pcHi } = vcpu.fetch;
    const event = {
      vcpu,
      stage,
      access,
      address: fromHalves(lo, hi),
      physical: physical < 0 ? undefined : physical,
      syndrome,
      pc: vcpu.pc,
    } as const;
    if (hook.call(event) !== 'handled') return false;
    // Noted as a fault, so that a tap that returns `handled` without any effect is detected as an endless loop.
    vcpu.faults.note(syndrome, pcLo, pcHi, lo, hi, level, true);
    return true;
  }
}
