import type { RawFields } from '@qvm/jit';
import { bare } from './cursor.js';
import type { InstructionSite } from './cursor.js';
import type { Form } from './form.js';
import { a64Syntax } from './instruction-set.js';

/**
 * The text of an instruction word at `pc` in the Arm ARM's preferred form (aliases included), or `undefined` if the
 * word is not allocated or not implemented. Addresses are hexadecimal and absolute.
 *
 * @experimental
 */
export function disassemble(word: number, pc: bigint | number = 0n): string | undefined {
  const { decoder, byRow } = a64Syntax();
  const decoded = decoder.find(word >>> 0);
  if (!decoded) return undefined;
  const site = bare(BigInt(pc));
  for (const form of byRow.get(decoded.row.name) ?? []) {
    const text = form.assembleOnly ? undefined : write(form, decoded.fields, site);
    if (text !== undefined) return text;
  }
  return undefined;
}

function write(form: Form, fields: RawFields, site: InstructionSite): string | undefined {
  for (const name in form.fixed) if (form.fixed[name] !== fields[name]) return undefined;
  if (!form.when(fields)) return undefined;
  const operands: string[] = [];
  for (const operand of form.operands) {
    const text = operand.format(fields, site);
    if (text === undefined) return undefined;
    if (text !== '') operands.push(text);
  }
  return operands.length === 0 ? form.mnemonic : `${form.mnemonic} ${operands.join(', ')}`;
}
