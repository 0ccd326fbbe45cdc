import type { Encoding } from './encoding.js';
import { formKey } from './operand.js';
import type { Form, FormOperand } from './operand.js';
import { sizeOf } from './operand-code.js';
import type { OperandCode } from './operand-code.js';

/** Operand sizes: 16, 32 and 64 bits. */
const OPERAND_SIZES = [1, 2, 3];

/**
 * The form of an encoding with an operand size.
 *
 * @param operandSize - log2 of the bytes, 1 to 3, as the prefixes tell.
 * @param inMemory - whether ModRM names memory.
 * @experimental
 */
export function formOf({ operands }: Encoding, operandSize: number, inMemory: boolean): Form {
  const sized = operands.map(({ type }) => sizeOf(type, operandSize));
  const listed = operands
    .map((code, i) => ({ kind: kindOf(code, operandSize, inMemory), size: immediateSize(code, sized, i) }))
    .filter(({ kind }) => kind !== undefined) as Form['operands'];
  return { size: sizeOfForm(operands, sized, operandSize), operands: listed };
}

/** Letters of sizes that follow the operand size. */
const BY_OPERAND_SIZE = ['v', 'z', 'y'];

/**
 * The operand size of a form: that of the prefixes if it has an effect, otherwise the size of the destination, so that instructions that differ in
 * ignored prefixes have the same form.
 */
function sizeOfForm(operands: readonly OperandCode[], sized: readonly number[], operandSize: number): number {
  const types = operands.map(({ type }) => type);
  if (types.some((type) => type !== 'y' && BY_OPERAND_SIZE.includes(type))) return operandSize;
  if (types.includes('y')) return sizeOf('y', operandSize);
  return sized[0] ?? 0;
}

/** An immediate is extended to the size of the destination. */
function immediateSize({ place }: OperandCode, sized: readonly number[], i: number): number {
  return place === 'immediate' && i > 0 ? (sized[0] as number) : (sized[i] as number);
}

function kindOf(
  { place, registers, type }: OperandCode,
  operandSize: number,
  inMemory: boolean,
): FormOperand['kind'] | undefined {
  switch (place) {
    case 'rm':
      return inMemory ? 'memory' : 'register';
    case 'memory':
      return 'memory';
    case 'offset':
      return 'offset';
    case 'immediate':
      return type === 'v' && operandSize === 3 ? 'wide' : 'immediate';
    case 'relative':
    case 'size':
      return undefined;
    case 'fixed':
      return registers === 'none' ? 'immediate' : 'register';
    default:
      return 'register';
  }
}

/** All forms of an operation, each once. @experimental */
export function formsOf(encodings: readonly Encoding[]): readonly Form[] {
  const forms = new Map<string, Form>();
  for (const encoding of encodings) {
    for (const size of OPERAND_SIZES) {
      for (const inMemory of [false, true]) {
        if (!exists(encoding, inMemory)) continue;
        const form = formOf(encoding, size, inMemory);
        if (!forms.has(formKey(form))) forms.set(formKey(form), form);
      }
    }
  }
  return [...forms.values()];
}

/** Whether an encoding can have its ModRM operand in memory, or in a register. */
function exists({ operands, modRm }: Encoding, inMemory: boolean): boolean {
  const places = operands.map(({ place }) => place);
  if (places.includes('memory')) return inMemory;
  if (places.includes('rm-register') || modRm >= 0) return !inMemory;
  if (places.includes('rm')) return true;
  return !inMemory;
}
