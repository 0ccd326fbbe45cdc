import type { RawFields } from '@qvm/jit';
import type { Cursor, InstructionSite } from './cursor.js';

/** Fields of an encoding while a line is parsed. */
export type Draft = Record<string, number>;

/** One operand of a form, both ways: fields to text, and text to fields. */
export interface Operand {
  /** The text; `''` when it is left out, `undefined` when these fields cannot be written so. */
  readonly format: (fields: RawFields, site: InstructionSite) => string | undefined;
  /** Reads the text and sets fields; throws Mismatch. Fields of the form and of operands before it are set already. */
  readonly parse: (cursor: Cursor, draft: Draft) => void;
  /** Sets the fields when the operand is left out; without it, it cannot be. */
  readonly absent?: (draft: Draft) => void;
}

/** One way to write the instructions of a row. */
export interface Form {
  readonly mnemonic: string;
  /** Fields that have this value, and that the operands do not set. */
  readonly fixed: RawFields;
  readonly operands: readonly Operand[];
  /** What else must hold of the fields. */
  readonly when: (fields: RawFields) => boolean;
  /** Accepted by the assembler, never printed. */
  readonly assembleOnly: boolean;
  /** Value of bits that the instruction ignores: 1, as the manual's "should be one" mostly has it. */
  readonly ignored: 0 | 1;
}

/** The forms of rows by the rows' names; the first that fits is printed, so aliases come first. */
export type FormTable = Readonly<Record<string, readonly Form[]>>;

/** Makes a form. */
export function form(
  mnemonic: string,
  fixed: RawFields,
  operands: readonly Operand[],
  when: (f: Readonly<Record<string, number>>) => boolean = () => true,
): Form {
  return { mnemonic, fixed, operands, when, assembleOnly: false, ignored: 1 };
}

/** The same form, for the assembler alone. */
export const assembleOnly = (f: Form): Form => ({ ...f, assembleOnly: true });

/** Sets a field; an operand that contradicts what is set already is a mismatch. */
export function assign(cursor: Cursor, draft: Draft, name: string, value: number, at = cursor.next): void {
  const old = draft[name];
  if (old !== undefined && old !== value) cursor.fail('an operand that agrees with those before it', at);
  draft[name] = value;
}
