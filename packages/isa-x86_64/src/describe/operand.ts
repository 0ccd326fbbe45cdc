import type { Reg, V } from '@qvm/jit';
import type { OperandClass } from './operand-code.js';

/** A register operand of a semantic function. @experimental */
export interface RegisterOperand {
  /** Tells the kinds of operands apart. */
  readonly kind: 'register';
  /** log2 of its size in bytes. */
  readonly size: number;
  /** The kind of register. */
  readonly registers: OperandClass;
  /** The register. */
  readonly register: Reg;
}

/** An operand in memory of a semantic function: the parts of its address. @experimental */
export interface MemoryOperand {
  /** Tells the kinds of operands apart. */
  readonly kind: 'memory';
  /** log2 of its size in bytes. */
  readonly size: number;
  /** Base register. */
  readonly base: Reg;
  /** Index register. */
  readonly index: Reg;
  /** Bits 1–0: log2 of the index register's factor; bits 5–4: the address is cut to 64 − `scale & 0x30` bits. */
  readonly scale: V;
  /** Base of the segment. */
  readonly segment: Reg;
  /** Displacement: 32 bits, signed. */
  readonly displacement: V;
  /** Further distance in bytes: an i64. */
  readonly offset?: V;
  /** The address for loads and stores, once the access has been opened. */
  opened?: V;
}

/** An immediate operand of a semantic function, extended to its size. @experimental */
export interface ImmediateOperand {
  /** Tells the kinds of operands apart. */
  readonly kind: 'immediate';
  /** log2 of its size in bytes. */
  readonly size: number;
  /** The value. */
  readonly value: V;
}

/** An operand of a semantic function. @experimental */
export type Operand = RegisterOperand | MemoryOperand | ImmediateOperand;

/** An operand of a form. @experimental */
export interface FormOperand {
  /**
   * How it is encoded. `wide`: an immediate of 64 bits; `offset`: in memory, at an address that the instruction
   * contains.
   */
  readonly kind: Operand['kind'] | 'wide' | 'offset';
  /** log2 of its size in bytes. */
  readonly size: number;
}

/** One combination of kinds and sizes of operands of an operation, which has handlers of its own. @experimental */
export interface Form {
  /** Operand size of the instruction: log2 of its bytes. */
  readonly size: number;
  /** The operands, destination first. */
  readonly operands: readonly FormOperand[];
}

/** The form as text: equal forms have equal texts. @experimental */
export const formKey = ({ size, operands }: Form): string =>
  `${size}:${operands.map((operand) => `${operand.kind}${operand.size}`).join(',')}`;
