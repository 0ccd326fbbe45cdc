import type { Reg, V } from '../describe/value.js';
import type { Facts } from '../region/facts.js';
import type { Ty } from '../wasm/code-buffer.js';
import type { Builder } from './builder.js';
import type { Probe } from './probe.js';

/** How control leaves an instruction. @experimental */
export enum Flow {
  Next,
  Jump,
  Branch,
  Indirect,
  Leave,
  /** A jump, and an indirect one, that leaves the address of the next instruction for a return. */
  Call,
  IndirectCall,
  /** On to the next instruction, which is fetched anew. */
  Refetch,
}

/**
 * A set of registers of one kind and where they live in the state.
 *
 * @experimental
 */
export interface RegisterFile {
  readonly name: string;
  /** Whether every register is read and written at the same offset: then both roles share a place in a record. */
  readonly inPlace?: boolean;
  /** Registers of 128 bits; otherwise of 64. */
  readonly wide?: boolean;
  /** State offset of register `n` as a source. */
  readOffset(n: number): number;
  /** State offset of register `n` as a destination. */
  writeOffset(n: number): number;
}

/** A look-up that several accesses share. @experimental */
export interface SharedProbe {
  /** The local of its address, and how far from there the access is. */
  readonly local: number;
  readonly displacement: number;
  /** To be called when it has been emitted; undefined when an earlier access did that. */
  readonly begin: ((probe: Probe) => void) | undefined;
}

/**
 * What differs between an interpreter handler and a region: where operands, registers, flags and the pc come from, and
 * where control goes. Methods emit code with {@link Builder.code}.
 *
 * @experimental
 */
export interface BackEnd {
  readonly builder: Builder;
  /** What is known at this point; nothing where each instruction stands for itself. */
  readonly facts: Facts | undefined;
  emitOperand(operand: number, ty: Ty): void;
  emitRegister(file: RegisterFile, register: Reg, ty: Ty, opcode: number): void;
  /** State offset of a source register, where it is known. */
  registerOffset(file: RegisterFile, register: Reg): number | undefined;
  /** `value` emits the value, which is node `n`. */
  writeRegister(file: RegisterFile, register: Reg, opcode: number, value: () => void, n: number): void;
  /** How an access to node `va` shares its look-up with those near it; undefined where it does not. */
  shareProbe(va: number, bytes: number, write: boolean): SharedProbe | undefined;
  emitPc(): void;
  /** Flags as the semantic function asked for them; values are nodes. */
  condition(cond: number): V;
  packedFlags(): V;
  /** The kind of the flags is `kind`, or the value `computed` where it is not known. */
  commitFlags(kind: number, x: V, y: V, computed?: V): void;
  /** Emits what a failed TLB probe does; leaves the access's address on the stack. `va` emits the virtual address. */
  emitMiss(va: () => void, info: number): void;
  /** After the stores of an instruction to an address from {@link emitMiss}. `address` emits it. */
  flushStore(address: () => void): void;
  /** Ends the instruction early with nothing done. */
  leave(reason: number, info: () => void): void;
  /** The last effect. */
  finish(flow: Flow, condition: number, target: number, reason: number): void;
}
