import { Ty, fixedRegister } from '@qvm/jit';
import type { SimdName, V } from '@qvm/jit';
import { XMM } from '../builder/register-files.js';
import { scalarFloat, vectorFloat } from '../builder/softfloat-helpers.js';
import type { X86 } from '../builder/x86.js';
import { halfOf } from '../describe/halves.js';
import type { Operand } from '../describe/operand.js';
import { VECTOR } from '../describe/operand-code.js';
import type { Operands, RowOptions, Semantics, X86Row } from '../describe/row.js';
import { callFloat, immediateOf, inLowLane, readScalar, withLowLane } from './sse-float-common.js';
import { packed, sse } from './sse-row.js';
import type { VectorOptions } from './sse-row.js';
import { testBits } from './test-bits.js';
import { ALONE_128, ALONE_AVX, MERGED_128, MERGED_AVX, MERGED_AVX2 } from './vex.js';

const SSE4_1 = { feature: 'sse4_1' } as const;
const SSE4_2 = { feature: 'sse4_2' } as const;
const bytes = (of: (i: number) => number): number[] => Array.from({ length: 16 }, (_, i) => of(i));

/** Operations that WebAssembly has. */
const DIRECT: readonly (readonly [name: string, encoding: string, operation: SimdName, options: RowOptions])[] = [
  ['PACKUSDW', '66 0F 38 2B', 'i16x8_narrow_i32x4_u', SSE4_1],
  ['PMINSB', '66 0F 38 38', 'i8x16_min_s', SSE4_1],
  ['PMINSD', '66 0F 38 39', 'i32x4_min_s', SSE4_1],
  ['PMINUW', '66 0F 38 3A', 'i16x8_min_u', SSE4_1],
  ['PMINUD', '66 0F 38 3B', 'i32x4_min_u', SSE4_1],
  ['PMAXSB', '66 0F 38 3C', 'i8x16_max_s', SSE4_1],
  ['PMAXSD', '66 0F 38 3D', 'i32x4_max_s', SSE4_1],
  ['PMAXUW', '66 0F 38 3E', 'i16x8_max_u', SSE4_1],
  ['PMAXUD', '66 0F 38 3F', 'i32x4_max_u', SSE4_1],
  ['PMULLD', '66 0F 38 40', 'i32x4_mul', SSE4_1],
  ['PCMPEQQ', '66 0F 38 29', 'i64x2_eq', SSE4_1],
  ['PCMPGTQ', '66 0F 38 37', 'i64x2_gt_s', SSE4_2],
];

/** PMOVSX and PMOVZX: bytes of an element of the source and of the result. */
const EXTENSIONS: readonly (readonly [suffix: string, opcode: number, type: string, from: number, to: number])[] = [
  ['BW', 0, 'Wq', 1, 2],
  ['BD', 1, 'Wd', 1, 4],
  ['BQ', 2, 'Ww', 1, 8],
  ['WD', 3, 'Wq', 2, 4],
  ['WQ', 4, 'Wd', 2, 8],
  ['DQ', 5, 'Wq', 4, 8],
];
const LANES = { 2: 'i16x8', 4: 'i32x4', 8: 'i64x2' } as const;

/** Moves elements of the low part to the tops of wider ones and shifts them down. */
const extend =
  (from: number, to: number, sign: 's' | 'u'): Semantics =>
  (b, [target, source]) => {
    const x =
      source.kind === 'register'
        ? b.vectorRegister(source)
        : source.size === VECTOR
          ? b.read(source)
          : inLowLane(b, b.read(source));
    const extended = (first: number): V => {
      const placed = b.shuffle(
        x,
        b.vector(bytes(() => 0)),
        bytes((i) => (i % to < to - from ? 16 : first + Math.floor(i / to) * from + (i % to) - (to - from))),
      );
      return b.simd(`${LANES[to as 2 | 4 | 8]}_shr_${sign}`, placed, b.i32(8 * (to - from)));
    };
    if (target.size === VECTOR) b.write(target, extended(0));
    else for (const half of [0, 1] as const) b.write(halfOf(target, half), extended((half * 16 * from) / to));
  };

const BLEND_BYTES = '66 0F 3A 4C W0 Vx=Hx,Wx,Lx';
const hex = (n: number): string => n.toString(16).toUpperCase();

/** Blends by a mask whose elements are all ones or zeros. @internal */
export const blendImmediate =
  (size: number): Semantics =>
  (b, [target, source, control]) => {
    const y = b.readAligned(source);
    const bit = b.vector(bytes((i) => (i % 2 === 0 ? (1 << Math.floor(i / size)) & 0xff : 0)));
    // There are 8 bits: words of the upper half have the same as those of the lower one, wider elements the next.
    const from = b.half === 1 && size > 2 ? 16 / size : 0;
    const lowBits = b.simd('i16x8_splat', b.and(b.shr(immediateOf(b, control), b.imm(from)), b.imm(0xff)));
    const chosen = b.simd('v128_and', lowBits, bit);
    // Where the bit is set, the word is not zero.
    const mask = b.simd('i16x8_ne', chosen, b.vector(bytes(() => 0)));
    b.write(target, b.simd('v128_bitselect', y, b.read(target), mask));
  };

/** BLENDVPS and the like: by the sign bits of elements of XMM0, or of a fourth operand. */
const blendVariable =
  (lanes: 'i8x16' | 'i32x4' | 'i64x2', width: number): Semantics =>
  (b, [target, source, signs]: readonly [Operand, Operand, Operand?, Operand?]) => {
    const y = b.readAligned(source);
    const by = signs === undefined ? b.readReg(XMM, fixedRegister(0), Ty.v128) : b.read(signs);
    const mask = b.simd(`${lanes}_shr_s`, by, b.i32(width - 1));
    b.write(target, b.simd('v128_bitselect', y, b.read(target), mask));
  };

const roundPacked =
  (double: number): Semantics =>
  (b, [target, source, control]) => {
    const x = b.readAligned(source);
    b.write(
      target,
      callFloat(b, vectorFloat('round', double), x, b.and(immediateOf(b, control), b.imm(15)), b.i32(double ? 2 : 4)),
    );
  };

const roundScalar =
  (double: number): Semantics =>
  (b, [target, source, control]) => {
    const x = readScalar(b, source, double);
    const result = callFloat(b, scalarFloat('round', double), x, b.and(immediateOf(b, control), b.imm(15)));
    b.write(target, withLowLane(b, b.vectorRegister(target), double, result));
  };

const dotProduct =
  (double: number): Semantics =>
  (b, [target, source, control]) => {
    const y = b.readAligned(source);
    const x = b.read(target);
    b.write(target, callFloat(b, vectorFloat('dp', double), x, y, immediateOf(b, control)));
  };

/** PTEST: ZF = (x & y is 0), CF = (~x & y is 0). */
const test: Semantics = (b, operands) => testBits(b, operands, (v) => v);

/** The low eight bytes from byte `from` on, as words. */
const wordsFrom = (b: X86, x: V, from: number): V =>
  b.simd(
    'i16x8_extend_low_i8x16_u',
    b.shuffle(
      x,
      x,
      bytes((i) => (i + from) & 15),
    ),
  );

/** MPSADBW: sums of differences of four bytes of the source and of four at each of eight places of the destination. */
const sumsOfDifferences: Semantics = (b, [target, source, control]) => {
  // Bits 5–3 are those of the upper half.
  const bits = b.shr(immediateOf(b, control), b.imm(b.half === 1 ? 3 : 0));
  const y = b.readAligned(source);
  const counted = (v: V, first: V): V =>
    b.simd('i8x16_swizzle', v, b.simd('i8x16_add', b.vector(bytes((i) => i)), b.simd('i8x16_splat', first)));
  const x = counted(b.read(target), b.and(bits, b.imm(4)));
  const four = counted(y, b.shl(b.and(bits, b.imm(3)), b.imm(2)));
  const zero = b.vector(bytes(() => 0));
  const differences = [0, 1, 2, 3].map((n) => {
    const one = b.shuffle(
      four,
      zero,
      bytes((i) => (i % 2 === 0 ? n : 16)),
    );
    return b.simd('i16x8_abs', b.simd('i16x8_sub', wordsFrom(b, x, n), one));
  });
  b.write(
    target,
    differences.reduce((sum, one) => b.simd('i16x8_add', sum, one)),
  );
};

/** PHMINPOSUW: the least word, and its number. */
function leastWord(b: X86, [target, source]: Operands): void {
  const x = b.readAligned(source);
  const rotated = (v: V, by: number): V =>
    b.shuffle(
      v,
      v,
      bytes((i) => (i + by) & 15),
    );
  const least = [8, 4, 2].reduce((v, by) => b.simd('i16x8_min_u', v, rotated(v, by)), x);
  const number = b.ctz(b.simd('i16x8_bitmask', b.simd('i16x8_eq', x, least)));
  const word = b.extractLane('i16x8_extract_lane_u', least, 0);
  b.write(target, b.vectorFrom64(b.as(b.or(word, b.shl(number, b.imm(16))), Ty.i64)));
}

/** Instructions of SSE4.1 and SSE4.2 on XMM registers (SDM vol. 1, 12.9, 12.11). @experimental */
export const sse4Rows: readonly X86Row[] = [
  ...DIRECT.map(([name, encoding, operation, options]) =>
    packed(name, encoding, (b, x, y) => b.simd(operation, x, y), options),
  ),
  packed(
    'PMULDQ',
    '66 0F 38 28',
    (b, x, y) => {
      const even = (v: V): V => b.simd('i64x2_shr_s', b.simd('i64x2_shl', v, b.i32(32)), b.i32(32));
      return b.simd('i64x2_mul', even(x), even(y));
    },
    SSE4_1,
  ),
  ...EXTENSIONS.flatMap(([suffix, n, type, from, to]) => {
    const options: VectorOptions = { ...SSE4_1, whole: true, vex: { wide: 'avx2', source: `Wx/${to / from}` } };
    return [
      sse(`PMOVSX${suffix}`, [`66 0F 38 ${hex(0x20 + n)} Vx,${type}`], extend(from, to, 's'), options),
      sse(`PMOVZX${suffix}`, [`66 0F 38 ${hex(0x30 + n)} Vx,${type}`], extend(from, to, 'u'), options),
    ];
  }),
  sse(
    'PBLENDVB',
    ['66 0F 38 10 Vx,Wx', `VEX L0 ${BLEND_BYTES} @avx`, `VEX L1 ${BLEND_BYTES} @avx2`],
    blendVariable('i8x16', 8),
    SSE4_1,
  ),
  sse('BLENDVPS', ['66 0F 38 14 Vx,Wx', 'VEX 66 0F 3A 4A W0 Vx=Hx,Wx,Lx @avx'], blendVariable('i32x4', 32), SSE4_1),
  sse('BLENDVPD', ['66 0F 38 15 Vx,Wx', 'VEX 66 0F 3A 4B W0 Vx=Hx,Wx,Lx @avx'], blendVariable('i64x2', 64), SSE4_1),
  sse('BLENDPS', ['66 0F 3A 0C Vx,Wx,Ib'], blendImmediate(4), { ...SSE4_1, vex: MERGED_AVX }),
  sse('BLENDPD', ['66 0F 3A 0D Vx,Wx,Ib'], blendImmediate(8), { ...SSE4_1, vex: MERGED_AVX }),
  sse('PBLENDW', ['66 0F 3A 0E Vx,Wx,Ib'], blendImmediate(2), { ...SSE4_1, vex: MERGED_AVX2 }),
  sse('ROUNDPS', ['66 0F 3A 08 Vx,Wx,Ib'], roundPacked(0), { ...SSE4_1, vex: ALONE_AVX }),
  sse('ROUNDPD', ['66 0F 3A 09 Vx,Wx,Ib'], roundPacked(1), { ...SSE4_1, vex: ALONE_AVX }),
  sse('ROUNDSS', ['66 0F 3A 0A Vd,Wd,Ib'], roundScalar(0), { ...SSE4_1, vex: MERGED_AVX }),
  sse('ROUNDSD', ['66 0F 3A 0B Vq,Wq,Ib'], roundScalar(1), { ...SSE4_1, vex: MERGED_AVX }),
  sse('DPPS', ['66 0F 3A 40 Vx,Wx,Ib'], dotProduct(0), { ...SSE4_1, vex: MERGED_AVX }),
  sse('DPPD', ['66 0F 3A 41 Vx,Wx,Ib'], dotProduct(1), { ...SSE4_1, vex: MERGED_128 }),
  sse('MPSADBW', ['66 0F 3A 42 Vx,Wx,Ib'], sumsOfDifferences, { ...SSE4_1, vex: MERGED_AVX2 }),
  sse('PHMINPOSUW', ['66 0F 38 41 Vx,Wx'], leastWord, { ...SSE4_1, vex: ALONE_128 }),
  sse('PTEST', ['66 0F 38 17 Vx,Wx'], test, { ...SSE4_1, whole: true, vex: ALONE_AVX }),
];
