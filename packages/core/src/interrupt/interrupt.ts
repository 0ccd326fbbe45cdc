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
   * Connects the controller and reports the current level of every asserted input to it. Throws if a controller is
   * attached already.
   */
  attach(controller: InterruptController): void;
}

/**
 * The wiring, for an interrupt controller that is a vdev and attaches itself.
 *
 * @experimental
 */
export const INTERRUPT_WIRING: Token<InterruptWiring> = createToken('@qvm/core/InterruptWiring');
