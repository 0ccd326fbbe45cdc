import type { DecoderMode } from '../decode/mode.js';
import { isVexVector } from './encoding.js';
import type { Encoding } from './encoding.js';
import { formKey } from './operand.js';
import type { Form, FormOperand } from './operand.js';
import { VECTOR, placesOf, sizeOf } from './operand-code.js';
import type { OperandCode } from './operand-code.js';

/** Operand sizes outside of 64-bit mode: 16 and 32 bits. */
const NARROW_SIZES = [1, 2];
/** Operand sizes of 64-bit mode by `Encoding.default64`. */
const WIDE_SIZES = { none: [1, 2, 3], d64: [1, 3], f64: [3] } as const;

/** The operand sizes that an encoding has in a mode; without a mode, in any. */
function operandSizes({ default64, modes }: Encoding, mode: DecoderMode | undefined): readonly number[] {
  const isIn = (bits: 64 | 32): boolean => mode === undefined || (mode.bits === 64) === (bits === 64);
  const wide = modes.long && isIn(64) ? WIDE_SIZES[default64 ?? 'none'] : [];
  const narrow = modes.legacy && isIn(32) ? NARROW_SIZES : [];
  return [...new Set([...narrow, ...wide])];
}

/**
 * The form of an encoding with an operand size.
 *
 * @param operandSize - log2 of the bytes, 1 to 3, as the prefixes tell.
 * @param inMemory - whether ModRM names memory.
 * @param vectorLength - VEX.L; otherwise 0.
 * @experimental
 */
export function formOf(encoding: Encoding, operandSize: number, inMemory: boolean, vectorLength: number): Form {
  const { operands } = encoding;
  const sized = operands.map(({ type }) => sizeOf(type, operandSize, VECTOR + vectorLength));
  const listed = operands
    .map((code, i) => {
      const kind = kindOf(code, operandSize, inMemory);
      const size = immediateSize(code, sized, i);
      return kind === 'register' ? { kind, size, registers: code.registers } : { kind, size };
    })
    .filter(({ kind }) => kind !== undefined) as Form['operands'];
  return { size: sizeOfForm(operands, sized, operandSize), operands: listed, vex: isVexVector(encoding) };
}

/** Letters of sizes that follow the operand size. */
const BY_OPERAND_SIZE = ['v', 'z', 'y', 'p'];

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
    case 'pointer':
      return 'wide';
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

/** All forms of an operation in a mode, each once; without a mode, in any. @experimental */
export function formsOf(encodings: readonly Encoding[], mode?: DecoderMode): readonly Form[] {
  const forms = new Map<string, Form>();
  for (const encoding of encodings) {
    for (const size of operandSizes(encoding, mode)) {
      for (const inMemory of [false, true]) {
        if (!exists(encoding, inMemory)) continue;
        for (const length of vectorLengths(encoding)) {
          const form = formOf(encoding, size, inMemory, length);
          if (!forms.has(formKey(form))) forms.set(formKey(form), form);
        }
      }
    }
  }
  return [...forms.values()];
}

/** The values of VEX.L that an encoding has forms of. */
function vectorLengths({ vex, vectorLength }: Encoding): readonly number[] {
  if (vectorLength !== undefined) return [vectorLength];
  return vex ? [0, 1] : [0];
}

/** Whether an encoding can have its ModRM operand in memory, or in a register. */
function exists({ operands, modRm }: Encoding, inMemory: boolean): boolean {
  const places = placesOf(operands);
  if (places.includes('memory')) return inMemory;
  if (places.includes('rm-register') || modRm >= 0) return !inMemory;
  if (places.includes('rm')) return true;
  return !inMemory;
}
