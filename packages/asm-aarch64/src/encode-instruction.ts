import { Mismatch } from '@qvm/assembly';
import { Cursor } from './cursor.js';
import type { InstructionSite } from './cursor.js';
import type { Draft, Form } from './form.js';
import { a64Syntax, encode } from './instruction-set.js';
import type { RowForm } from './instruction-set.js';
import type { Token } from '@qvm/assembly';

/**
 * Encodes the instruction whose mnemonic is token `start`, with the first form that matches the operands.
 *
 * @throws Mismatch with all tokens that would have been accepted where the best form failed.
 */
export function encodeInstruction(tokens: readonly Token[], start: number, site: InstructionSite): number {
  const mnemonic = tokens[start] as Token;
  const forms = a64Syntax().byMnemonic.get(mnemonic.text.toLowerCase());
  if (!forms) throw new Mismatch('an instruction or a directive', mnemonic.column);
  let furthest = -1;
  const expected = new Set<string>();
  for (const candidate of forms) {
    try {
      return assembleAs(candidate, new Cursor(tokens, site, start + 1));
    } catch (error) {
      if (!(error instanceof Mismatch)) throw error;
      if (error.column > furthest) expected.clear();
      if (error.column >= furthest) expected.add(error.expected);
      furthest = Math.max(furthest, error.column);
    }
  }
  throw new Mismatch([...expected].join(', or '), furthest);
}

function assembleAs(candidate: RowForm, cursor: Cursor): number {
  const { row, form } = candidate;
  const fields: Draft = { ...form.fixed };
  parseOperands(form, cursor, fields);
  if (!form.when(fields) || !row.valid(fields) || !row.allocated(fields))
    cursor.fail('operands of an allocated encoding');
  return encode(candidate, fields);
}

function parseOperands(form: Form, cursor: Cursor, fields: Draft): void {
  let written = 0;
  for (const operand of form.operands) {
    if (operand.absent && (written === 0 ? cursor.atEnd : cursor.next.text !== ',')) {
      operand.absent(fields);
      continue;
    }
    if (written++ > 0) cursor.expect(',');
    operand.parse(cursor, fields);
  }
  if (!cursor.atEnd) cursor.fail('the end of the line');
}
