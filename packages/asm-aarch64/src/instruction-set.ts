import { WordDecoder, encodeFields } from '@qvm/jit';
import { a64Rows } from '@qvm/isa-aarch64';
import type { A64, A64Row } from '@qvm/isa-aarch64';
import { FORMS } from './forms/index.js';
import type { Draft, Form } from './form.js';

/** A form and its row. */
export interface RowForm {
  readonly row: A64Row;
  readonly form: Form;
}

interface InstructionSet {
  readonly decoder: WordDecoder<A64>;
  readonly byRow: ReadonlyMap<string, readonly Form[]>;
  readonly byMnemonic: ReadonlyMap<string, readonly RowForm[]>;
}

let instructionSet: InstructionSet | undefined;

/** The rows and their forms, joined at first use. */
export function a64Syntax(): InstructionSet {
  instructionSet ??= join();
  return instructionSet;
}

function join(): InstructionSet {
  const rows = new Map(a64Rows.map((row) => [row.name, row]));
  const byRow = new Map(Object.entries(FORMS));
  const byMnemonic = new Map<string, RowForm[]>();
  for (const [name, forms] of byRow) {
    const row = rows.get(name);
    if (!row) continue;
    for (const form of forms) {
      const known = byMnemonic.get(form.mnemonic);
      if (known) known.push({ row, form });
      else byMnemonic.set(form.mnemonic, [{ row, form }]);
    }
  }
  return { decoder: new WordDecoder(a64Rows), byRow, byMnemonic };
}

/** Encodes a row's fields as an instruction word; the form gives the value of bits that the instruction ignores. */
export function encode({ row, form }: RowForm, fields: Draft): number {
  const word = encodeFields(row.pattern, fields);
  if (form.ignored === 0) return word;
  let used = row.pattern.mask;
  for (const { shift, width } of row.pattern.fields) used |= ((2 ** width - 1) << shift) >>> 0;
  return (word | ~used) >>> 0;
}
