import type { Reg, V } from '../describe/value.js';
import type { Ty } from '../wasm/code-buffer.js';
import type { KnownFacts } from './known-facts.js';
import type { Probe } from './probe.js';
import type { RegisterFile } from './register-file.js';

/** How an instruction transfers control. @experimental */
export enum Flow {
  /** To the next instruction. */
  Next,
  /** To an instruction at a static distance. */
  Jump,
  /** To an instruction at a static distance, or to the next instruction. */
  Branch,
  /** To a computed address. */
  Indirect,
  /** Back to the engine. */
  Leave,
  /** A jump that stores the address of the next instruction for a return. */
  Call,
  /** An indirect jump that stores the address of the next instruction for a return. */
  IndirectCall,
  /** To the next instruction, whose translation is looked up again. */
  Refetch,
  /**
   * To a computed address, for which other translations or privileges hold. A region ends before such an instruction, so
   * that what it knows of them stays true.
   */
  Switch,
}

/** A TLB lookup that several accesses share. @experimental */
export interface SharedProbe {
  /** Local that holds the VM memory address found by the lookup. */
  readonly local: number;
  /** Distance in bytes from that address to the access. */
  readonly displacement: number;
  /** Called when the lookup has been emitted; undefined if an earlier access emitted it. */
  readonly begin: ((probe: Probe) => void) | undefined;
}

/** The state of the lazy flags as values: their kind (an i32) and both operands (i64). @experimental */
export interface LazyOperands {
  /** The kind, if it is static. */
  readonly known: number | undefined;
  /** The kind of the operation, one of the `FlagModel`. */
  readonly kind: V;
  /** First operand. */
  readonly x: V;
  /** Second operand. */
  readonly y: V;
}

/**
 * The parts of code generation in which an interpreter handler differs from a region: operands, registers, flags and
 * the pc, and transfer of control. Methods emit code.
 *
 * @experimental
 */
export interface BackEnd {
  /** Facts known at this point; undefined where instructions are compiled one by one. */
  readonly facts: KnownFacts | undefined;
  /** Whether the flags that the instruction sets are of no use, so that they need not be computed. */
  readonly flagsAreDead: boolean;
  /** Whether every access that was opened goes to memory through the TLB; otherwise also to devices. */
  readonly opensDirectly: boolean;
  /** Number of instructions that may be retired in addition to the present one: an i32, which may be negative. */
  spareInstructions(): V;
  /** Number of instructions that are left of the budget after the present one: an i32. */
  remaining(): V;
  /** Counts further instructions as retired; `count` emits their number, an i32. */
  retireMore(count: () => void): void;
  /** Pushes the value of an operand. */
  emitOperand(operand: number, ty: Ty): void;
  /** Pushes the value of a register as `ty`. */
  emitRegister(file: RegisterFile, register: Reg, ty: Ty): void;
  /** State offset of a source register, if it is static. */
  registerOffset(file: RegisterFile, register: Reg): number | undefined;
  /** Writes a whole register. `value` emits the value, which is node `n`. */
  writeRegister(file: RegisterFile, register: Reg, value: () => void, n: number): void;
  /** Shares the TLB lookup of an access to node `va` with nearby accesses; undefined if the access needs its own. */
  shareProbe(va: number, bytes: number, write: boolean): SharedProbe | undefined;
  /** Pushes the address of the instruction, an i64. */
  emitPc(): void;
  /** Pushes the address of the next instruction, an i64. */
  emitNextPc(): void;
  /** See `Builder.leaveIfFetched`: the address of a byte, an i64; undefined if it has been tested on every path. */
  lastFetched(): V | undefined;
  /** Whether a condition holds: an i32. */
  condition(cond: number): V;
  /** Kind and operands of the lazy flags. */
  lazyFlags(): LazyOperands;
  /** All flags as an i32. */
  packedFlags(): V;
  /** Sets the flags from operands of `kind`; if the kind is not static, `computed` is its value. */
  commitFlags(kind: number, x: V, y: V, computed?: V): void;
  /** Emits the slow path after a TLB miss, which pushes the address of the access. `va` emits the virtual address. */
  emitMiss(va: () => void, info: number): void;
  /**
   * Emits the write to a device after the instruction's stores to an address from {@link emitMiss}. `address` emits
   * that address.
   */
  flushStore(address: () => void): void;
  /** Continues at the next instruction, in conditional code before any effect. A region may leave instead. */
  skip(): void;
  /** Ends the instruction early, without any effect. */
  leave(reason: number, info: () => void): void;
  /** Emits the transfer of control, the last effect of an instruction. */
  finish(flow: Flow, condition: number, target: number, reason: number): void;
}
