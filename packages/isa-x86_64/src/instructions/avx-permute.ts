import { Ty } from '@qvm/jit';
import type { SimdName, V } from '@qvm/jit';
import type { X86 } from '../builder/x86.js';
import { halfOf } from '../describe/halves.js';
import type { Operand } from '../describe/operand.js';
import { VECTOR } from '../describe/operand-code.js';
import type { Semantics } from '../describe/row.js';
import { immediateOf, lowLane } from './sse-float-common.js';
import { chooseOf, rearrange, shufflePd } from './sse-integer.js';

const HALVES = [0, 1] as const;
const bytes = (of: (i: number) => number): number[] => Array.from({ length: 16 }, (_, i) => of(i));

/** Writes the same 128 bits to all of a register. */
function writeAll(b: X86, target: Operand, v: V): void {
  if (target.size === VECTOR) b.write(target, v);
  else for (const half of HALVES) b.write(halfOf(target, half), v);
}

/** VBROADCASTSS and the like: an element, in memory or the lowest of a register, to all elements. @internal */
export const broadcast =
  (splat: SimdName): Semantics =>
  (b, [target, source]) => {
    const wide = splat === 'i64x2_splat';
    const element =
      source.kind === 'memory'
        ? b.as(b.read(source), wide ? Ty.i64 : Ty.i32)
        : lowLane(b, b.vectorRegister(source), wide ? 1 : 0);
    writeAll(b, target, b.simd(splat, element));
  };

/** VBROADCASTF128: 128 bits in memory to both halves. @internal */
export const broadcastHalf: Semantics = (b, [target, source]) => writeAll(b, target, b.read(source));

/** VINSERTF128: replaces the half that bit 0 of an immediate names. @internal */
export const insertHalf: Semantics = (b, [target, source, control]) => {
  const high = b.and(immediateOf(b, control), b.imm(1));
  const v = b.read(source);
  const [low, top] = [halfOf(target, 0), halfOf(target, 1)];
  b.write(low, b.select(high, b.read(low), v));
  b.write(top, b.select(high, v, b.read(top)));
};

/** VEXTRACTF128: the half that bit 0 of an immediate names. @internal */
export const extractHalf: Semantics = (b, [target, source, control]) => {
  const high = b.and(immediateOf(b, control), b.imm(1));
  b.write(target, b.select(high, b.read(halfOf(source, 1)), b.read(halfOf(source, 0))));
};

/** VPERM2F128: each half of the result is one of four halves, or zero. @internal */
export const permuteHalves: Semantics = (b, [target, source, control]) => {
  const bits = immediateOf(b, control);
  const [y0, y1] = HALVES.map((half) => b.read(halfOf(source, half))) as [V, V];
  const [x0, x1] = HALVES.map((half) => b.read(halfOf(target, half))) as [V, V];
  const zero = b.vector(bytes(() => 0));
  for (const half of HALVES) {
    const bit = (n: number): V => b.and(b.shr(bits, b.imm(4 * half + n)), b.imm(1));
    const chosen = b.select(bit(1), b.select(bit(0), y1, y0), b.select(bit(0), x1, x0));
    b.write(halfOf(target, half), b.select(bit(3), zero, chosen));
  }
};

/** Numbers of bytes, for a swizzle, from numbers of elements of `size` bytes that are the low bits of those of `numbers`. */
function byteNumbers(b: X86, numbers: V, size: 4 | 8): V {
  const lanes = size === 8 ? 'i64x2' : 'i32x4';
  const low = b.simd('v128_and', numbers, b.vector(bytes((i) => (i % size === 0 ? 16 / size - 1 : 0))));
  const first = b.simd(`${lanes}_shl`, low, b.i32(Math.log2(size)));
  const everywhere = b.shuffle(
    first,
    first,
    bytes((i) => i - (i % size)),
  );
  return b.simd('i8x16_add', everywhere, b.vector(bytes((i) => i % size)));
}

/** VPERMILPS and VPERMILPD by numbers in a register: elements of the same half. Those of 64 bits have their number in bit 1. @internal */
export const permuteInHalf =
  (size: 4 | 8): Semantics =>
  (b, [target, source]) => {
    const numbers = b.read(source);
    const shifted = size === 8 ? b.simd('i64x2_shr_u', numbers, b.i32(1)) : numbers;
    b.write(target, b.simd('i8x16_swizzle', b.read(target), byteNumbers(b, shifted, size)));
  };

/** VPERMILPS by an immediate. @internal */
export const permuteSingles: Semantics = (b, [target, source, control]) =>
  b.write(target, rearrange(b, b.read(source), immediateOf(b, control), 4, 0));

/** VPERMILPD by an immediate. @internal */
export const permuteDoubles: Semantics = (b, [target, source, control]) => {
  const x = b.read(source);
  b.write(target, shufflePd(b, x, x, immediateOf(b, control)));
};

/** VPERMD, VPERMPS: any of eight elements. @internal */
export const permuteDwords: Semantics = (b, [target, source]) => {
  const [low, high] = HALVES.map((half) => b.read(halfOf(source, half))) as [V, V];
  for (const half of HALVES) {
    const numbers = b.read(halfOf(target, half));
    const from = byteNumbers(b, numbers, 4);
    const isHigh = b.simd('i32x4_shr_s', b.simd('i32x4_shl', numbers, b.i32(29)), b.i32(31));
    const [x, y] = [low, high].map((v) => b.simd('i8x16_swizzle', v, from)) as [V, V];
    b.write(halfOf(target, half), b.simd('v128_bitselect', y, x, isHigh));
  }
};

/** VPERMQ, VPERMPD: any of four elements, by an immediate. @internal */
export const permuteQwords: Semantics = (b, [target, source, control]) => {
  const bits = immediateOf(b, control);
  const halves = HALVES.map((half) => b.read(halfOf(source, half)));
  const element = (n: number): V => b.extractLane('i64x2_extract_lane', halves[n >> 1] as V, n & 1);
  const chosen = (i: number): V => chooseOf(b, b.and(b.shr(bits, b.imm(2 * i)), b.imm(3)), element);
  for (const half of HALVES) {
    const low = b.vectorFrom64(chosen(2 * half));
    b.write(halfOf(target, half), b.replaceLane('i64x2_replace_lane', low, 1, chosen(2 * half + 1)));
  }
};
