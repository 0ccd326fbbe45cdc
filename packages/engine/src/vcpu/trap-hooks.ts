import type { Vcpu } from '@qvm/core/architecture';
import { hasTaps } from '@qvm/core/hooks';
import type { TrapEvent } from '@qvm/core/hooks';
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
  /** Whether the instruction that was to run alone has been done. */
  stepDone: boolean;
  /** Goes on after the present instruction. */
  next(): void;
}

/**
 * Asks the hooks of a vCPU whether a tap does the work of what trapped, before the architecture takes an exception.
 *
 * @experimental
 */
export class TrapHooks {
  constructor(private readonly vcpu: TrappedVcpu) {}

  /**
   * Asks the hook for a kind of trap.
   *
   * @param resume - whether the guest goes on after the present instruction when a tap has done its work and has not moved the vCPU.
   * @param details - called when the hook is tapped, for what is not at hand.
   * @returns whether a tap did the work of what trapped.
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
   * Asks the hook for faults of memory.
   *
   * @param stage - 1 when the guest's own translation refused the access, 2 when nothing is at the guest-physical address.
   * @param level - the privilege level that the fault is taken from.
   * @returns whether a tap did the work of the access.
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
      address: (BigInt(hi) << 32n) | BigInt(lo),
      physical: physical < 0 ? undefined : physical,
      syndrome,
      pc: vcpu.pc,
    } as const;
    if (hook.call(event) !== 'handled') return false;
    // A tap that says so without doing anything about it would let the vCPU fault for ever.
    vcpu.faults.note(syndrome, pcLo, pcHi, lo, hi, level, true);
    return true;
  }
}
