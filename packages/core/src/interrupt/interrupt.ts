import { createToken } from '../plugin/token.js';
import type { Token } from '../plugin/token.js';

/**
 * One source's connection to an interrupt input. Several sources may share an input, whose level is the OR of theirs.
 *
 * @stable
 */
export interface InterruptLine {
  /** Interrupt number in the controller's numbering (GIC: INTID). */
  readonly number: number;
  /** Drives this source's level high. Idempotent. */
  assert(): void;
  /** Drives this source's level low. Idempotent. */
  deassert(): void;
  /** `assert` or `deassert`, according to `level`. */
  set(level: boolean): void;
  /** A rising edge followed by a falling one; an edge-triggered input latches it. */
  pulse(): void;
  /** This source's own level. */
  readonly level: boolean;
}

/**
 * Takes message interrupts, which are memory writes that an interrupt controller decodes instead of memory (PCI Local
 * Bus 3.0, section 6.8).
 *
 * @experimental
 */
export interface MessageSink {
  /**
   * Takes one message. Addresses that no controller decodes are ignored: a guest chooses them.
   *
   * @param address - guest-physical, 64 bits; exact below 2^53.
   * @param data - 32 bits, unsigned.
   */
  message(address: number, data: number): void;
}

/**
 * Shared inputs of an interrupt controller, by their numbers in the machine.
 *
 * @experimental
 */
export interface InterruptInputs {
  /** The lowest number. */
  readonly first: number;
  /** The highest number. */
  readonly last: number;
}

/**
 * The machine's interrupt controller, as the wiring calls it with the level of each input after its sources were ORed.
 *
 * @experimental
 */
export interface InterruptController {
  /**
   * Reports a changed level. `vcpu` is the index of the vCPU for a private input (GIC: PPI), `undefined` for a shared
   * one.
   */
  inputChanged(number: number, vcpu: number | undefined, level: boolean): void;
  /**
   * The state of a shared input in a few words for people, such as `vector 0x30, masked`; `undefined` if there is nothing to say.
   * Absent: the controller says nothing.
   */
  inputState?(number: number): string | undefined;
}

/**
 * An interrupt that a processor has taken or will take, by its vector.
 *
 * @experimental
 */
export interface ProcessorInterrupt {
  /** The vector. */
  readonly vector: number;
  /** Index of the vCPU. */
  readonly vcpu: number;
  /** How often it was taken. */
  readonly count: number;
  /** `pending`, `in service`, both, or empty. */
  readonly state: string;
}

/**
 * The receiver of message interrupts, which leads them to processors.
 *
 * @experimental
 */
export interface MessageReceiver extends MessageSink {
  /** The interrupts of all processors that were taken or are due, for statistics. */
  processorInterrupts?(): readonly ProcessorInterrupt[];
}

/**
 * The wiring of a VM: makes lines and reports input levels to the controller.
 *
 * @experimental
 */
export interface InterruptWiring {
  /** Connects a new source to a shared input. `source` names it in traces and in `irqstat`. */
  line(number: number, source: string): InterruptLine;
  /** Connects a new source to a private input of one vCPU. */
  privateLine(number: number, vcpu: number, source: string): InterruptLine;
  /**
   * Connects a controller and reports the current level of each of its asserted inputs to it.
   *
   * @param inputs - its shared inputs. A machine may have several such controllers, also with inputs in common: a PC's
   * interrupts below 16 lead to the 8259A pair and to the I/O APIC. Absent: all inputs, private ones too; there can be no
   * other controller then.
   * @throws `QvmError` `interrupt.controller` when the VM has a controller that excludes this one.
   */
  attach(controller: InterruptController, inputs?: InterruptInputs): void;
  /** Whether a receiver of message interrupts is connected. */
  readonly takesMessages: boolean;
  /** Makes a source of message interrupts. `source` names it in traces and in `irqstat`. */
  messages(source: string): MessageSink;
  /**
   * Connects the receiver of message interrupts. Without one, messages are lost.
   *
   * @throws `QvmError` `interrupt.controller` when the VM has one already.
   */
  attachMessages(receiver: MessageReceiver): void;
}

/**
 * The wiring, for an interrupt controller that is a vdev and attaches itself.
 *
 * @experimental
 */
export const INTERRUPT_WIRING: Token<InterruptWiring> = createToken('@qvm/core/InterruptWiring');
