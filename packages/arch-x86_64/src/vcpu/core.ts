import { SegmentRegister } from '@qvm/isa-x86_64';
import type { Controls } from '../state/controls.js';
import type { X86State } from '../state/x86-state.js';
import type { GuestFault } from '../system/guest-fault.js';
import type { LinearMemory } from '../system/linear-memory.js';

/** Where a vCPU is in its code, by linear addresses as signed numbers. @experimental */
export interface CodePosition {
  /** Linear address of the present instruction. */
  readonly pc: number;
  /** Linear address after the present instruction, which must have been decoded. */
  readonly nextPc: number;
  /** Continues at a linear address. The mode of the code may have changed. */
  jump(pc: number): void;
  /** The bytes of the present instruction, as far as they are in the TLB; others may follow. */
  bytes(): Uint8Array;
}

/**
 * The parts of a vCPU that its units share, and its instruction pointer.
 *
 * @experimental
 */
export class Core {
  constructor(
    readonly state: X86State,
    readonly memory: LinearMemory,
    readonly controls: Controls,
    /** The exception that a unit reports by returning false. */
    readonly fault: GuestFault,
    readonly position: CodePosition,
  ) {}

  /** RIP of the present instruction: its offset in the code segment, as a signed number in 64-bit mode. */
  get rip(): number {
    return this.#offset(this.position.pc);
  }

  /** RIP after the present instruction. */
  get nextRip(): number {
    return this.#offset(this.position.nextPc);
  }

  /** Continues at an offset in the code segment. */
  jump(rip: number): void {
    const { state } = this;
    this.position.jump(state.mode64 ? rip : (state.base(SegmentRegister.CS) + rip) >>> 0);
  }

  #offset(pc: number): number {
    const { state } = this;
    return state.mode64 ? pc : (pc - state.base(SegmentRegister.CS)) >>> 0;
  }
}
