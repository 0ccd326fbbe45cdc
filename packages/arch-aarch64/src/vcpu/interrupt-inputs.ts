import { State } from '@qvm/isa-aarch64';
import type { Aarch64State } from './aarch64-state.js';
import { Spsr } from './exceptions.js';

/**
 * The IRQ and FIQ inputs of a vCPU.
 *
 * @experimental
 */
export class InterruptInputs {
  #irq = false;
  #fiq = false;

  /** Returns the INTID that the inputs signal; set by the interrupt controller. */
  pending: () => number | undefined = () => undefined;

  constructor(private readonly state: Aarch64State) {}

  get irq(): boolean {
    return this.#irq;
  }

  get fiq(): boolean {
    return this.#fiq;
  }

  /** Whether an input is raised, masked or not. */
  get raised(): boolean {
    return this.#irq || this.#fiq;
  }

  setIrq(level: boolean): void {
    this.#irq = level;
    this.publish();
  }

  setFiq(level: boolean): void {
    this.#fiq = level;
    this.publish();
  }

  /** ISR_EL1. */
  get isr(): bigint {
    return (this.#irq ? 0x80n : 0n) | (this.#fiq ? 0x40n : 0n);
  }

  /** Writes the inputs to the state that generated code reads. */
  publish(): void {
    this.state.setU32(State.pendingInterrupts, (this.#irq ? Spsr.I : 0) | (this.#fiq ? Spsr.F : 0));
  }
}
