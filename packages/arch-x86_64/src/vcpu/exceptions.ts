import { State, Vector } from '@qvm/isa-x86_64';
import { NO_ERROR_CODE } from '../system/guest-fault.js';
import type { Core } from './core.js';
import { EventSource } from './event.js';
import type { CpuEvent } from './event.js';
import { isFaultVector, nestedException } from './exception-class.js';
import type { InterruptDelivery } from './interrupt-delivery.js';

/**
 * Delivery of exceptions and interrupts with what follows if it fails: double and triple faults (SDM vol. 3, 6.15,
 * interrupt 8).
 *
 * @experimental
 */
export class ExceptionUnit {
  /** Vectors of the events of the last delivery that ended in a triple fault, in their order. */
  readonly chain: number[] = [];

  constructor(
    private readonly core: Core,
    private readonly delivery: InterruptDelivery,
    /** Called when an exception cannot be delivered: the processor shuts down. */
    private readonly onTripleFault: () => void,
  ) {}

  /** Takes the exception in `core.fault` at the present instruction. */
  takeFault(): void {
    const { fault, rip } = this.core;
    this.take(exceptionEvent(fault.vector, fault.error, rip));
  }

  /** Delivers an event. A page fault's address is in `core.fault`. */
  take(event: CpuEvent): void {
    const { core, delivery, chain } = this;
    const { fault } = core;
    chain.length = 0;
    let current = event;
    for (;;) {
      chain.push(current.vector);
      if (current.source === EventSource.Exception && current.vector === Number(Vector.PF))
        core.state.setHalves(State.cr2, fault.lo, fault.hi);
      if (delivery.deliver(current)) return;
      const first = current.source === EventSource.Exception ? current.vector : undefined;
      const nested = nestedException(first, fault.vector);
      if (nested === 'triple') {
        chain.push(fault.vector);
        this.onTripleFault();
        return;
      }
      // The instruction is interrupted that could not be, or the task that could not be entered.
      const { rip } = core;
      current =
        nested === 'double' ? exceptionEvent(Vector.DF, 0, rip) : exceptionEvent(fault.vector, fault.error, rip);
    }
  }
}

/** An exception with an error code. @experimental */
export function exceptionEvent(vector: number, error: number, rip: number): CpuEvent {
  return { vector, source: EventSource.Exception, error, rip, resume: isFaultVector(vector) };
}

/** An exception without error code. @experimental */
export const plainException = (vector: number, rip: number): CpuEvent => exceptionEvent(vector, NO_ERROR_CODE, rip);
