import type { SimdName, V } from '@qvm/jit';
import type { X86 } from '../builder/x86.js';
import type { X86Row } from '../describe/row.js';
import { immediateOf } from './sse-float-common.js';
import { packed, setVector, sse, usesMmx, vectorOf } from './sse-row.js';
import { ALONE_AVX2, MERGED_AVX2 } from './vex.js';

const SSSE3 = { feature: 'ssse3' } as const;
const ALONE = { ...SSSE3, vex: ALONE_AVX2 };
const bytes = (of: (i: number) => number): number[] => Array.from({ length: 16 }, (_, i) => of(i));

/** Even (`first` = 0) or odd elements of both operands: those of the first in the low half. */
const elements = (b: X86, x: V, y: V, size: 2 | 4, first: 0 | 1): V =>
  b.shuffle(
    x,
    y,
    bytes((i) => (2 * Math.floor(i / size) + first) * size + (i % size)),
  );

/** Combines neighbouring elements. */
const horizontal =
  (size: 2 | 4, operation: SimdName) =>
  (b: X86, x: V, y: V): V =>
    b.simd(operation, elements(b, x, y, size, 0), elements(b, x, y, size, 1));

/** PSIGN: elements of `x`, negated where `y` is negative, and 0 where it is 0. */
const withSign =
  (lanes: 'i8x16' | 'i16x8' | 'i32x4') =>
  (b: X86, x: V, y: V): V => {
    const zero = b.vector(bytes(() => 0));
    const negative = b.simd(`${lanes}_lt_s`, y, zero);
    const chosen = b.simd('v128_bitselect', b.simd(`${lanes}_neg`, x), x, negative);
    return b.simd('v128_andnot', chosen, b.simd(`${lanes}_eq`, y, zero));
  };

/** PMADDUBSW: bytes of `x` are unsigned, those of `y` are signed; sums saturate. */
function multiplyAddBytes(b: X86, x: V, y: V): V {
  const low = b.vector(bytes((i) => (i % 2 === 0 ? 0xff : 0)));
  const even = b.simd(
    'i16x8_mul',
    b.simd('v128_and', x, low),
    b.simd('i16x8_shr_s', b.simd('i16x8_shl', y, b.i32(8)), b.i32(8)),
  );
  const odd = b.simd('i16x8_mul', b.simd('i16x8_shr_u', x, b.i32(8)), b.simd('i16x8_shr_s', y, b.i32(8)));
  return b.simd('i16x8_add_sat_s', even, odd);
}

/** PMULHRSW: bits 30–15 of the products, rounded. Without saturation, other than WebAssembly's `q15mulr_sat`. */
function multiplyRounded(b: X86, x: V, y: V): V {
  const round = (product: V): V =>
    b.simd(
      'i32x4_shr_u',
      b.simd('i32x4_add', b.simd('i32x4_shr_s', product, b.i32(14)), b.simd('i32x4_splat', b.i32(1))),
      b.i32(1),
    );
  const low = round(b.simd('i32x4_extmul_low_i16x8_s', x, y));
  const high = round(b.simd('i32x4_extmul_high_i16x8_s', x, y));
  return b.shuffle(
    low,
    high,
    bytes((i) => (i >> 1) * 4 + (i & 1)),
  );
}

/** PSHUFB: bit 7 of an index makes the byte 0, the bits above those of a byte's number are ignored. */
const shuffleBytes = (b: X86, x: V, y: V, length: 8 | 16): V =>
  b.simd('i8x16_swizzle', x, b.simd('v128_and', y, b.vector(bytes(() => 0x80 | (length - 1)))));

/** PALIGNR: bytes of `y`, then of `x`, from a byte on. */
function align(b: X86, x: V, y: V, count: V): V {
  const from = b.simd('i8x16_add', b.vector(bytes((i) => i)), b.simd('i8x16_splat', limited(b, count)));
  const above = b.simd('i8x16_sub', from, b.vector(bytes(() => 16)));
  // An index above 15, also a negative one, gives 0.
  return b.simd('v128_or', b.simd('i8x16_swizzle', y, from), b.simd('i8x16_swizzle', x, above));
}

/** PALIGNR of 64 bits: both operands are one vector, whose upper half is `x`. */
function alignHalves(b: X86, x: V, y: V, count: V): V {
  const whole = b.replaceLane('i64x2_replace_lane', y, 1, b.extractLane('i64x2_extract_lane', x, 0));
  const from = b.simd('i8x16_add', b.vector(bytes((i) => i)), b.simd('i8x16_splat', limited(b, count)));
  return b.simd('i8x16_swizzle', whole, from);
}

/** With 32 or more, nothing is left. */
const limited = (b: X86, count: V): V => b.select(b.gtu(count, b.imm(31)), b.i32(32), count);

/** SSSE3 on XMM and MMX registers (SDM vol. 1, 12.6). @experimental */
export const ssse3Rows: readonly X86Row[] = [
  sse(
    'PSHUFB',
    ['66 0F 38 00 Vx,Wx', 'NP 0F 38 00 Pq,Qq'],
    (b, operands) => {
      const [target, source] = operands;
      const y = vectorOf(b, source);
      setVector(b, target, shuffleBytes(b, vectorOf(b, target), y, usesMmx(operands) ? 8 : 16));
    },
    { ...SSSE3, vex: MERGED_AVX2 },
  ),
  packed('PHADDW', '66 0F 38 01', horizontal(2, 'i16x8_add'), SSSE3, 'joined'),
  packed('PHADDD', '66 0F 38 02', horizontal(4, 'i32x4_add'), SSSE3, 'joined'),
  packed('PHADDSW', '66 0F 38 03', horizontal(2, 'i16x8_add_sat_s'), SSSE3, 'joined'),
  packed('PMADDUBSW', '66 0F 38 04', multiplyAddBytes, SSSE3, 'lanes'),
  packed('PHSUBW', '66 0F 38 05', horizontal(2, 'i16x8_sub'), SSSE3, 'joined'),
  packed('PHSUBD', '66 0F 38 06', horizontal(4, 'i32x4_sub'), SSSE3, 'joined'),
  packed('PHSUBSW', '66 0F 38 07', horizontal(2, 'i16x8_sub_sat_s'), SSSE3, 'joined'),
  packed('PSIGNB', '66 0F 38 08', withSign('i8x16'), SSSE3, 'lanes'),
  packed('PSIGNW', '66 0F 38 09', withSign('i16x8'), SSSE3, 'lanes'),
  packed('PSIGND', '66 0F 38 0A', withSign('i32x4'), SSSE3, 'lanes'),
  packed('PMULHRSW', '66 0F 38 0B', multiplyRounded, SSSE3, 'lanes'),
  packed('PABSB', '66 0F 38 1C', (b, _, y) => b.simd('i8x16_abs', y), ALONE, 'lanes'),
  packed('PABSW', '66 0F 38 1D', (b, _, y) => b.simd('i16x8_abs', y), ALONE, 'lanes'),
  packed('PABSD', '66 0F 38 1E', (b, _, y) => b.simd('i32x4_abs', y), ALONE, 'lanes'),
  sse(
    'PALIGNR',
    ['66 0F 3A 0F Vx,Wx,Ib', 'NP 0F 3A 0F Pq,Qq,Ib'],
    (b, operands) => {
      const [target, source, count] = operands;
      const [y, x, n] = [vectorOf(b, source), vectorOf(b, target), immediateOf(b, count)];
      setVector(b, target, usesMmx(operands) ? alignHalves(b, x, y, n) : align(b, x, y, n));
    },
    { ...SSSE3, vex: MERGED_AVX2 },
  ),
];
