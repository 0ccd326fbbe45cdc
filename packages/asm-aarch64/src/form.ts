import type { RawFields } from '@qvm/jit';
import type { Cursor, InstructionSite } from './cursor.js';

/** Fields of an encoding while a line is parsed. */
export type Draft = Record<string, number>;

/** One operand of a form, in both directions: fields to text, and text to fields. */
export interface Operand {
  /** Formats the operand; `''` if it is omitted, `undefined` if the form cannot express these fields. */
  readonly format: (fields: RawFields, site: InstructionSite) => string | undefined;
  /**
   * Parses the operand and sets fields; throws Mismatch. The form's fields and those of earlier operands are set
   * already.
   */
  readonly parse: (cursor: Cursor, draft: Draft) => void;
  /** Sets the fields of an omitted operand. Absent: the operand is mandatory. */
  readonly absent?: (draft: Draft) => void;
}

/** One syntax for the instructions of a row. */
export interface Form {
  readonly mnemonic: string;
  /** Fields with a constant value, which no operand sets. */
  readonly fixed: RawFields;
  readonly operands: readonly Operand[];
  /** A further condition on the fields. */
  readonly when: (fields: RawFields) => boolean;
  /** Whether only the assembler uses the form, not the disassembler. */
  readonly assembleOnly: boolean;
  /** Value of bits that the instruction ignores: 1 in most cases, as the manual's "should be one". */
  readonly ignored: 0 | 1;
}

/** The forms of rows by the rows' names. The first form that fits is printed, so aliases come first. */
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

/** Sets a field; throws Mismatch if it has another value already. */
export function assign(cursor: Cursor, draft: Draft, name: string, value: number, at = cursor.next): void {
  const old = draft[name];
  if (old !== undefined && old !== value) cursor.fail('an operand that agrees with those before it', at);
  draft[name] = value;
}
