import { hasTaps } from '@qvm/core/hooks';
import type { AccessFault, EngineVcpu } from '@qvm/engine';
import { Vector } from '@qvm/isa-x86_64';
import type { X86State } from '../state/x86-state.js';
import { FaultStatus } from '../system/fault-status.js';
import { NO_ERROR_CODE } from '../system/guest-fault.js';
import { EventSource, simpleEvent } from './event.js';
import { EXCEPTION_REASON, ExitReason, TRAP_OF_VECTOR } from './exit-causes.js';
import type { Processor } from './processor.js';

const VECTOR_SHIFT = 24;

/**
 * Takes exceptions and interrupts as exits of the guest: calls the hooks, notes faults, and has them delivered.
 *
 * @experimental
 */
export class GuestEvents {
  constructor(
    private readonly vcpu: EngineVcpu<X86State>,
    private readonly processor: Processor,
  ) {}

  /** Raises an exception within an exit of its own. */
  raise(vector: Vector, error = NO_ERROR_CODE): void {
    this.processor.core.fault.raise(vector, error);
    this.deliver('read');
  }

  /** Takes the exception in the fault of the core, as an exit. */
  deliver(access: AccessFault['access']): void {
    const { vcpu } = this;
    const cause = this.processor.core.fault.vector === Vector.PF ? 'pageFault' : 'exception';
    vcpu.exits.leave(cause, (EXCEPTION_REASON | this.#syndrome) >>> 0);
    this.deliverWithin(access);
    vcpu.control.resume(cause);
  }

  /** Takes the exception in the fault of the core, within an exit that has begun. */
  deliverWithin(access: AccessFault['access'] = 'read'): void {
    const { vcpu, processor } = this;
    const { state, traps, fetch } = vcpu;
    const { fault } = processor.core;
    const { vector, lo, hi } = fault;
    vcpu.stepDone = false;
    const syndrome = this.#syndrome;
    if (vector === Vector.PF) {
      const status = FaultStatus.Page | fault.error;
      if (traps.fault({ lo, hi, access, status, physical: -1 }, 1, syndrome, state.cpl)) {
        fetch.retry();
        return;
      }
    } else {
      const kind = TRAP_OF_VECTOR[vector];
      if (kind !== undefined && traps.trap(kind, syndrome, fetch.fault ? 'here' : 'next')) return;
    }
    if (vector === Vector.DB) processor.debug.leaveGeneralDetect();
    vcpu.faults.note(syndrome, fetch.pcLo, fetch.pcHi, lo, hi, state.cpl, true);
    processor.exceptions.takeFault();
  }

  /** Takes an interrupt of the local APIC, or an NMI, as an exit. */
  interrupt(vector: number, kind: 'external' | 'nmi'): void {
    const { vcpu, processor } = this;
    this.within(kind === 'nmi' ? 'nmi' : 'interrupt', () => {
      const { interruptTaken } = vcpu.hooks;
      if (hasTaps(interruptTaken)) interruptTaken.call({ vcpu, kind, number: vector, pc: vcpu.pc });
      processor.exceptions.take(simpleEvent(vector, EventSource.External, processor.core.rip));
    });
  }

  /** Does something as an exit. */
  within(cause: 'init' | 'interrupt' | 'nmi', action: () => void): void {
    this.vcpu.exits.leave(cause, cause === 'init' ? ExitReason.Init : 0);
    action();
    this.vcpu.control.resume(cause);
  }

  /** Vector in bits 31–24, error code in the others. */
  get #syndrome(): number {
    const { vector, error } = this.processor.core.fault;
    return ((vector << VECTOR_SHIFT) | (error === NO_ERROR_CODE ? 0 : error)) >>> 0;
  }
}
