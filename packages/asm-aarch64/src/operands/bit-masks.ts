import { bitMaskImmediate } from '@qvm/isa-aarch64';
import type { Operand } from '../form.js';
import { immediate } from './immediates.js';

/** Fields of a logical immediate. */
export interface BitMaskFields {
  readonly N: number;
  readonly immr: number;
  readonly imms: number;
}

/** Encodes a logical immediate of `bits` bits, the inverse of bitMaskImmediate; `undefined` if it cannot be encoded. */
export function encodeBitMask(value: bigint, bits: 32 | 64): BitMaskFields | undefined {
  let size: number = bits;
  while (size > 2 && BigInt.asUintN(size / 2, value) === BigInt.asUintN(size, value) >> BigInt(size / 2)) size /= 2;
  const element = BigInt.asUintN(size, value);
  let ones = 0;
  for (let i = 0; i < size; i++) ones += Number((element >> BigInt(i)) & 1n);
  if (ones === 0 || ones === size) return undefined;
  const fields = { N: size === 64 ? 1 : 0, imms: ((-2 * size) & 0x3f) | (ones - 1), immr: 0 };
  for (let immr = 0; immr < size; immr++) {
    if (bitMaskImmediate(bits === 64 ? 1 : 0, fields.N, fields.imms, immr) === BigInt.asUintN(bits, value))
      return { ...fields, immr };
  }
  return undefined;
}

/** The immediate of AND, ORR, EOR and ANDS. */
export function logicalImmediate(sf: 0 | 1): Operand {
  const bits = sf ? 64 : 32;
  return immediate({
    expected: 'a logical immediate (a rotated run of ones, repeated)',
    of: (f) => bitMaskImmediate(sf, f.N as number, f.imms as number, f.immr as number),
    set(value, draft) {
      if (value >= 1n << BigInt(bits) || value < -(1n << BigInt(bits))) return false;
      const fields = encodeBitMask(BigInt.asUintN(bits, value), bits);
      if (fields) Object.assign(draft, fields);
      return fields !== undefined;
    },
  });
}

/** MoveWidePreferred of the Arm ARM's shared pseudocode: whether MOVZ or MOVN can move this logical immediate. */
export function moveWidePreferred(sf: 0 | 1, value: bigint): boolean {
  return (
    wideMoveFields(sf, value) !== undefined || wideMoveFields(sf, BigInt.asUintN(sf ? 64 : 32, ~value)) !== undefined
  );
}

/** Fields of a 16-bit number shifted by a multiple of 16. */
export function wideMoveFields(sf: 0 | 1, value: bigint): { readonly imm16: number; readonly hw: number } | undefined {
  for (let hw = 0; hw < (sf ? 4 : 2); hw++) {
    const part = value >> BigInt(16 * hw);
    if (part << BigInt(16 * hw) === value && part <= 0xffffn) return { imm16: Number(part), hw };
  }
  return undefined;
}

/** The value of `mov` that MOVZ (or, if `inverted`, MOVN) moves. */
export function movedValue(sf: 0 | 1, inverted: boolean): Operand {
  const bits = sf ? 64 : 32;
  return immediate({
    expected: 'a 16-bit number at a multiple of 16, or its inverse',
    of(f) {
      const value = BigInt(f.imm16 as number) << BigInt(16 * (f.hw as number));
      const redundant = (f.imm16 === 0 && f.hw !== 0) || (inverted && !sf && f.imm16 === 0xffff);
      return redundant ? undefined : BigInt.asUintN(bits, inverted ? ~value : value);
    },
    set(value, draft) {
      if (value >= 1n << BigInt(bits) || value < -(1n << BigInt(bits - 1))) return false;
      const fields = wideMoveFields(sf, BigInt.asUintN(bits, inverted ? ~value : value));
      if (fields) Object.assign(draft, fields);
      return fields !== undefined;
    },
  });
}
