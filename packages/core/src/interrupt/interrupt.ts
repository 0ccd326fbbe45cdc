import { createToken } from '../plugin/token.js';
import type { Token } from '../plugin/token.js';

/**
 * One source's connection to an interrupt input. Several sources may share an input: its level is the OR of theirs.
 *
 * @experimental
 */
export interface InterruptLine {
  /** Interrupt number as the controller counts (GIC: INTID). */
  readonly number: number;
  /** Drives this source's level high. Idempotent. */
  assert(): void;
  /** Drives this source's level low. Idempotent. */
  deassert(): void;
  /** `assert` or `deassert` by a boolean. */
  set(level: boolean): void;
  /** A rising edge followed by a falling one; an edge-triggered input latches it. */
  pulse(): void;
  /** This source's own level. */
  readonly level: boolean;
}

/**
 * What a machine's interrupt controller offers to the lines: it sees the level of each input after the sources were ORed.
 *
 * @experimental
 */
export interface InterruptController {
  /** `vcpu` is the index of the vCPU for a private input (GIC: PPI), `undefined` for a shared one. */
  inputChanged(number: number, vcpu: number | undefined, level: boolean): void;
}

/**
 * The wiring of a VM: hands out lines and reports input levels to the controller.
 *
 * @experimental
 */
export interface InterruptWiring {
  /** A new source on a shared input. `source` names it in traces and in `irqstat`. */
  line(number: number, source: string): InterruptLine;
  /** A new source on a private input of one vCPU. */
  privateLine(number: number, vcpu: number, source: string): InterruptLine;
  /** Connects the controller; it is told the present level of every asserted input. Throws when there is one already. */
  attach(controller: InterruptController): void;
}

/**
 * The wiring as an attachment: how an interrupt controller that is a vdev connects itself.
 *
 * @experimental
 */
export const INTERRUPT_WIRING: Token<InterruptWiring> = createToken('@qvm/core/InterruptWiring');
