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
  /** Its number, for registers at computed places. */
  readonly number: V;
  /** The register that is read, of a vector register that is written: the destination itself unless there is a VEX prefix. */
  readonly first: Reg;
  /** Whether there is a VEX prefix, so that writes clear the upper half. */
  readonly vex: boolean;
  /** The half of a register of 256 bits; undefined: the low one, and all of a narrower operand. */
  readonly half?: 0 | 1;
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
  /**
   * Bits 1–0: log2 of the index register's factor. Bits 5–4: the address loses its `scale & 0x30` uppermost bits, of 64 in
   * 64-bit mode, otherwise of 32.
   */
  readonly scale: V;
  /** The segment. */
  readonly segment: Reg;
  /** Whether the segment may have a base and limits. In 64-bit mode it has no meaning. */
  readonly segmented: boolean;
  /** Displacement: 32 bits, signed. */
  readonly displacement: V;
  /** The index register of an instruction for which that is a vector. */
  readonly vectorIndex: Reg;
  /** Further distance in bytes: an i64. */
  readonly offset?: V;
  /** The address for loads and stores, once the access has been opened. */
  opened?: V;
  /** Whether there is a VEX prefix, so that most operands need not be aligned. */
  readonly vex: boolean;
  /** The half of an operand of 256 bits, which is `whole`. */
  readonly half?: 0 | 1;
  /** See {@link MemoryOperand.half}. */
  readonly whole?: MemoryOperand;
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
  /** Which registers an operand in a register names. */
  readonly registers?: OperandClass;
}

/** One combination of kinds and sizes of operands of an operation, which has handlers of its own. @experimental */
export interface Form {
  /** Operand size of the instruction: log2 of its bytes. */
  readonly size: number;
  /** The operands, destination first. */
  readonly operands: readonly FormOperand[];
  /** Whether it is a vector instruction with a VEX prefix: its writes clear what is above the result. */
  readonly vex: boolean;
}

/** The form as text: equal forms have equal texts. @experimental */
export const formKey = ({ size, operands, vex }: Form): string =>
  `${vex ? 'v' : ''}${size}:${operands.map((operand) => `${LETTERS[operand.registers ?? ''] ?? ''}${operand.kind}${operand.size}`).join(',')}`;

/** Registers that tell forms apart. */
const LETTERS: Readonly<Record<string, string>> = { mmx: 'm', xmm: 'x' };
