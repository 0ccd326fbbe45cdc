import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { X86 } from '../builder/x86.js';
import { halfOf } from '../describe/halves.js';
import type { MemoryOperand, Operand } from '../describe/operand.js';
import { VECTOR } from '../describe/operand-code.js';
import type { Semantics } from '../describe/row.js';

/** The halves of an operand: one if it has at most 128 bits. @internal */
export const halvesOf = (operand: Operand): readonly Operand[] =>
  operand.size <= VECTOR ? [operand] : [halfOf(operand, 0), halfOf(operand, 1)];

/** The operand, which is in memory. @internal */
export function inMemory(operand: Operand): MemoryOperand {
  if (operand.kind !== 'memory') throw new Error('an operand in memory');
  return operand;
}

/** Elements of 32 or 64 bits. @internal */
export interface Elements {
  readonly bytes: 4 | 8;
  readonly inHalf: number;
  readonly type: Ty;
  readonly get: 'i32x4_extract_lane' | 'i64x2_extract_lane';
  readonly set: 'i32x4_replace_lane' | 'i64x2_replace_lane';
}

const DWORDS: Elements = { bytes: 4, inHalf: 4, type: Ty.i32, get: 'i32x4_extract_lane', set: 'i32x4_replace_lane' };
const QWORDS: Elements = { bytes: 8, inHalf: 2, type: Ty.i64, get: 'i64x2_extract_lane', set: 'i64x2_replace_lane' };
/** Elements of a size. @internal */
export const elementsOf = (bytes: 4 | 8): Elements => (bytes === 4 ? DWORDS : QWORDS);

/** A mask as bits: the sign bits of its elements. @internal */
export const maskBits = (b: X86, mask: Operand, { bytes, inHalf }: Elements): V =>
  halvesOf(mask)
    .map((half, n) =>
      b.shl(b.simd(bytes === 4 ? 'i32x4_bitmask' : 'i64x2_bitmask', b.vectorRegister(half)), b.imm(n * inHalf)),
    )
    .reduce((all, one) => b.or(all, one));

const bitOf = (b: X86, bits: V, n: number): V => b.and(b.shr(bits, b.imm(n)), b.imm(1));

/**
 * Opens accesses to the elements whose bit is set. An access to another one would be an access to the first of those instead, so
 * that it does not fault.
 */
function openMasked(
  b: X86,
  operand: MemoryOperand,
  bits: V,
  { bytes }: Elements,
  count: number,
  access: 'read' | 'write',
): V[] {
  const first = b.ctz(bits);
  const start = b.effectiveAddress(operand);
  return Array.from({ length: count }, (_, n) => {
    const number = b.select(bitOf(b, bits, n), b.i32(n), first);
    const distance = b.shl(number, b.imm(Math.log2(bytes)));
    return b.openInIf(bits, operand, b.advance(start, distance), bytes, access);
  });
}

/** VMASKMOVPS and the like from memory: elements whose mask has its sign clear become 0, and are not read (SDM vol. 2, VMASKMOV). @internal */
export const loadMasked =
  (size: 4 | 8): Semantics =>
  (b, [target, source]) => {
    const elements = elementsOf(size);
    const { bytes, inHalf, type, set } = elements;
    const bits = maskBits(b, target, elements);
    const halves = halvesOf(target);
    const opened = openMasked(b, inMemory(source), bits, elements, halves.length * inHalf, 'read');
    halves.forEach((half, h) => {
      let v = b.vectorFrom64(b.i64(0));
      for (let i = 0; i < inHalf; i++) {
        const n = h * inHalf + i;
        const loaded = b.loadAt(opened[n] as V, 0, bytes, false, type);
        v = b.replaceLane(set, v, i, b.select(bitOf(b, bits, n), loaded, b.as(b.imm(0), type)));
      }
      b.write(half, v);
    });
  };

/** The same to memory: the other elements are not written. @internal */
export const storeMasked =
  (size: 4 | 8): Semantics =>
  (b, [target, mask, source]) => {
    const elements = elementsOf(size);
    const { bytes, inHalf, get } = elements;
    const bits = maskBits(b, mask, elements);
    b.skipIf(b.eqz(bits));
    const values = halvesOf(source).flatMap((half) => {
      const v = b.read(half);
      return Array.from({ length: inHalf }, (_, i) => b.extractLane(get, v, i));
    });
    const opened = openMasked(b, inMemory(target), bits, elements, values.length, 'write');
    // That of the first element whose bit is set, which the others are written to again.
    const first = values.reduceRight((next, v, n) => b.select(bitOf(b, bits, n), v, next));
    values.forEach((v, n) => b.storeAt(opened[n] as V, 0, bytes, b.select(bitOf(b, bits, n), v, first)));
  };
