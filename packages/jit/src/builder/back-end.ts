import type { Reg, V } from '../describe/value.js';
import type { Ty } from '../wasm/code-buffer.js';
import type { KnownFacts } from './known-facts.js';
import type { Probe } from './probe.js';
import type { RegisterFile } from './register-file.js';

/** How control leaves an instruction. @experimental */
export enum Flow {
  /** To the next instruction. */
  Next,
  /** To a place whose distance is known. */
  Jump,
  /** To such a place or to the next instruction. */
  Branch,
  /** To a computed address. */
  Indirect,
  /** To the engine. */
  Leave,
  /** A jump that leaves the address of the next instruction for a return. */
  Call,
  /** An indirect jump that does so. */
  IndirectCall,
  /** To the next instruction, which is fetched anew. */
  Refetch,
}

/** A look-up in the TLB that several accesses share. @experimental */
export interface SharedProbe {
  /** Local of the VM memory address that it found. */
  readonly local: number;
  /** Bytes from there to the access. */
  readonly displacement: number;
  /** To be called when the look-up has been emitted; undefined when an earlier access did that. */
  readonly begin: ((probe: Probe) => void) | undefined;
}

/**
 * The difference between an interpreter handler and a region: where operands, registers, flags and the pc come from, and
 * where control goes. Methods emit code.
 *
 * @experimental
 */
export interface BackEnd {
  /** Facts known at this point; undefined where instructions are compiled one by one. */
  readonly facts: KnownFacts | undefined;
  /** Leaves the value of an operand on the stack. */
  emitOperand(operand: number, ty: Ty): void;
  /** Leaves the value of a register on the stack, as `ty`. */
  emitRegister(file: RegisterFile, register: Reg, ty: Ty): void;
  /** State offset of a source register, where it is known. */
  registerOffset(file: RegisterFile, register: Reg): number | undefined;
  /** Writes a whole register. `value` emits the value, which is node `n`. */
  writeRegister(file: RegisterFile, register: Reg, value: () => void, n: number): void;
  /** How an access to node `va` shares its look-up with those near it; undefined where it does not. */
  shareProbe(va: number, bytes: number, write: boolean): SharedProbe | undefined;
  /** Leaves the address of the instruction on the stack, an i64. */
  emitPc(): void;
  /** Leaves the address of the next instruction on the stack, an i64. */
  emitNextPc(): void;
  /** Whether a condition holds: an i32. */
  condition(cond: number): V;
  /** All flags as an i32. */
  packedFlags(): V;
  /** Sets the flags from operands of `kind`, or of the kind `computed` where that is not known. */
  commitFlags(kind: number, x: V, y: V, computed?: V): void;
  /** Emits the slow path after a TLB miss, which leaves the access's address on the stack. `va` emits the virtual address. */
  emitMiss(va: () => void, info: number): void;
  /** Emits the write to a device, after the stores of an instruction to an address from {@link emitMiss}. `address` emits that. */
  flushStore(address: () => void): void;
  /** Ends the instruction early with nothing done. */
  leave(reason: number, info: () => void): void;
  /** Emits the transfer of control: the last effect. */
  finish(flow: Flow, condition: number, target: number, reason: number): void;
}
