import { Ty } from '@qvm/jit';
import type { SimdName, V } from '@qvm/jit';
import type { X86 } from '../builder/x86.js';
import type { Operand } from '../describe/operand.js';
import type { Operands, X86Row } from '../describe/row.js';
import { packed, setVector, sse, usesMmx, vectorOf } from './sse-row.js';
import type { MmxArrangement } from './sse-row.js';
import { ALONE_128, ALONE_AVX2, MERGED_128, MERGED_AVX, MERGED_AVX2 } from './vex.js';

/** Operations on integers that WebAssembly has, by their encodings. MMX has them, too. */
const DIRECT: readonly (readonly [name: string, encoding: string, operation: SimdName])[] = [
  ['PADDB', '66 0F FC', 'i8x16_add'],
  ['PADDW', '66 0F FD', 'i16x8_add'],
  ['PADDD', '66 0F FE', 'i32x4_add'],
  ['PADDQ', '66 0F D4', 'i64x2_add'],
  ['PSUBB', '66 0F F8', 'i8x16_sub'],
  ['PSUBW', '66 0F F9', 'i16x8_sub'],
  ['PSUBD', '66 0F FA', 'i32x4_sub'],
  ['PSUBQ', '66 0F FB', 'i64x2_sub'],
  ['PADDSB', '66 0F EC', 'i8x16_add_sat_s'],
  ['PADDSW', '66 0F ED', 'i16x8_add_sat_s'],
  ['PADDUSB', '66 0F DC', 'i8x16_add_sat_u'],
  ['PADDUSW', '66 0F DD', 'i16x8_add_sat_u'],
  ['PSUBSB', '66 0F E8', 'i8x16_sub_sat_s'],
  ['PSUBSW', '66 0F E9', 'i16x8_sub_sat_s'],
  ['PSUBUSB', '66 0F D8', 'i8x16_sub_sat_u'],
  ['PSUBUSW', '66 0F D9', 'i16x8_sub_sat_u'],
  ['PMULLW', '66 0F D5', 'i16x8_mul'],
  ['PMADDWD', '66 0F F5', 'i32x4_dot_i16x8_s'],
  ['PAVGB', '66 0F E0', 'i8x16_avgr_u'],
  ['PAVGW', '66 0F E3', 'i16x8_avgr_u'],
  ['PMAXUB', '66 0F DE', 'i8x16_max_u'],
  ['PMAXSW', '66 0F EE', 'i16x8_max_s'],
  ['PMINUB', '66 0F DA', 'i8x16_min_u'],
  ['PMINSW', '66 0F EA', 'i16x8_min_s'],
  ['PCMPEQB', '66 0F 74', 'i8x16_eq'],
  ['PCMPEQW', '66 0F 75', 'i16x8_eq'],
  ['PCMPEQD', '66 0F 76', 'i32x4_eq'],
  ['PCMPGTB', '66 0F 64', 'i8x16_gt_s'],
  ['PCMPGTW', '66 0F 65', 'i16x8_gt_s'],
  ['PCMPGTD', '66 0F 66', 'i32x4_gt_s'],
  ['PAND', '66 0F DB', 'v128_and'],
  ['POR', '66 0F EB', 'v128_or'],
  ['PXOR', '66 0F EF', 'v128_xor'],
];

const FLOAT = { vex: MERGED_AVX };

/** Logical operations on floating-point numbers. */
const LOGICAL: readonly (readonly [name: string, encoding: string, operation: SimdName])[] = [
  ['ANDPS', 'NP 0F 54', 'v128_and'],
  ['ANDPD', '66 0F 54', 'v128_and'],
  ['ORPS', 'NP 0F 56', 'v128_or'],
  ['ORPD', '66 0F 56', 'v128_or'],
  ['XORPS', 'NP 0F 57', 'v128_xor'],
  ['XORPD', '66 0F 57', 'v128_xor'],
];

/** Narrowing: elements of the first operand, then of the second. */
const NARROWING: readonly (readonly [name: string, encoding: string, operation: SimdName])[] = [
  ['PACKSSWB', '66 0F 63', 'i8x16_narrow_i16x8_s'],
  ['PACKUSWB', '66 0F 67', 'i8x16_narrow_i16x8_u'],
  ['PACKSSDW', '66 0F 6B', 'i16x8_narrow_i32x4_s'],
];

const bytes = (n: number, of: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => of(i));

/** Interleaves elements of `size` bytes from the low or high halves of two vectors. */
function interleave(b: X86, x: V, y: V, size: number, high: boolean): V {
  const from = high ? 8 : 0;
  return b.shuffle(
    x,
    y,
    bytes(16, (i) => from + Math.floor(i / (2 * size)) * size + (i % size) + (Math.floor(i / size) % 2 ? 16 : 0)),
  );
}

const UNPACK: readonly (readonly [
  name: string,
  encoding: string,
  size: number,
  high: boolean,
  mmx: MmxArrangement | undefined,
])[] = [
  ['PUNPCKLBW', '66 0F 60', 1, false, 'lanes'],
  ['PUNPCKLWD', '66 0F 61', 2, false, 'lanes'],
  ['PUNPCKLDQ', '66 0F 62', 4, false, 'lanes'],
  ['PUNPCKLQDQ', '66 0F 6C', 8, false, undefined],
  ['PUNPCKHBW', '66 0F 68', 1, true, 'high'],
  ['PUNPCKHWD', '66 0F 69', 2, true, 'high'],
  ['PUNPCKHDQ', '66 0F 6A', 4, true, 'high'],
  ['PUNPCKHQDQ', '66 0F 6D', 8, true, undefined],
  ['UNPCKLPS', 'NP 0F 14', 4, false, undefined],
  ['UNPCKHPS', 'NP 0F 15', 4, true, undefined],
  ['UNPCKLPD', '66 0F 14', 8, false, undefined],
  ['UNPCKHPD', '66 0F 15', 8, true, undefined],
];

const SHIFTS: readonly (readonly [
  name: string,
  opcode: string,
  group: string,
  lanes: 'i16x8' | 'i32x4' | 'i64x2',
  operation: 'shl' | 'shr_u' | 'shr_s',
])[] = [
  ['PSRLW', 'D1', '71 /2', 'i16x8', 'shr_u'],
  ['PSRLD', 'D2', '72 /2', 'i32x4', 'shr_u'],
  ['PSRLQ', 'D3', '73 /2', 'i64x2', 'shr_u'],
  ['PSRAW', 'E1', '71 /4', 'i16x8', 'shr_s'],
  ['PSRAD', 'E2', '72 /4', 'i32x4', 'shr_s'],
  ['PSLLW', 'F1', '71 /6', 'i16x8', 'shl'],
  ['PSLLD', 'F2', '72 /6', 'i32x4', 'shl'],
  ['PSLLQ', 'F3', '73 /6', 'i64x2', 'shl'],
];
const WIDTHS = { i16x8: 16, i32x4: 32, i64x2: 64 } as const;

/** Shifts all lanes by a count of 64 bits; a count beyond the width shifts everything out. */
function shiftLanes(b: X86, x: V, count: V, lanes: keyof typeof WIDTHS, operation: 'shl' | 'shr_u' | 'shr_s'): V {
  const width = WIDTHS[lanes];
  const beyond = b.gtu(count, b.i64(width - 1));
  const low = b.as(count, Ty.i32);
  if (operation === 'shr_s') return b.simd(`${lanes}_shr_s`, x, b.select(beyond, b.i32(width - 1), low));
  const shifted = b.simd(`${lanes}_${operation}`, x, low);
  return b.select(beyond, b.vector(bytes(16, () => 0)), shifted);
}

/** High halves of the products of 16-bit lanes. */
function multiplyHighWords(b: X86, x: V, y: V, sign: 's' | 'u'): V {
  const low = b.simd(`i32x4_extmul_low_i16x8_${sign}`, x, y);
  const high = b.simd(`i32x4_extmul_high_i16x8_${sign}`, x, y);
  return b.shuffle(
    low,
    high,
    bytes(16, (i) => (i >> 1) * 4 + 2 + (i & 1)),
  );
}

/** The 2-bit number of lane `i` of an immediate. */
const choice = (b: X86, control: V, i: number): V => b.and(b.shr(b.as(control, Ty.i32), b.imm(2 * i)), b.imm(3));

/**
 * Rearranges bytes by indices that an immediate has: constant in a region, so that the vector of indices is one.
 *
 * @internal
 * @param indexOf - index of the source byte for byte `i` as a value, from the choice of its element.
 */
export function rearrange(b: X86, x: V, control: V, elementBytes: number, first: number): V {
  const known = b.constant(control);
  const elements = 4;
  if (known !== undefined) {
    const chosen = (i: number): number => Number((known >> BigInt(2 * i)) & 3n);
    return b.shuffle(
      x,
      x,
      bytes(16, (i) => {
        const at = i - first;
        if (at < 0 || at >= elements * elementBytes) return i;
        return first + chosen(Math.floor(at / elementBytes)) * elementBytes + (at % elementBytes);
      }),
    );
  }
  let result = x;
  for (let i = 0; i < elements; i++) {
    const index = choice(b, control, i);
    result =
      elementBytes === 4 ? putDword(b, result, x, i, index) : putWord(b, result, x, first / 2 + i, first / 2, index);
  }
  return result;
}

function putDword(b: X86, into: V, x: V, to: number, index: V): V {
  const of = (n: number): V => b.extractLane('i32x4_extract_lane', x, n);
  return b.replaceLane('i32x4_replace_lane', into, to, chooseOf(b, index, of));
}

function putWord(b: X86, into: V, x: V, to: number, first: number, index: V): V {
  const of = (n: number): V => b.extractLane('i16x8_extract_lane_u', x, first + n);
  return b.replaceLane('i16x8_replace_lane', into, to, chooseOf(b, index, of));
}

/** One of four values. @internal */
export function chooseOf(b: X86, index: V, of: (n: number) => V): V {
  const bit = (n: number): V => b.and(b.shr(index, b.imm(n)), b.imm(1));
  return b.select(bit(1), b.select(bit(0), of(3), of(2)), b.select(bit(0), of(1), of(0)));
}

const immediate = (operand: Operand): V => {
  if (operand.kind !== 'immediate') throw new Error('an immediate');
  return operand.value;
};

/** Shifts a vector by bytes: PSLLDQ, PSRLDQ. */
function shiftBytes(b: X86, x: V, count: V, left: boolean): V {
  // Swizzling with an index above 15 gives 0.
  const n = b.and(b.as(count, Ty.i32), b.imm(0xff));
  const limited = b.select(b.gtu(n, b.imm(15)), b.i32(16), n);
  const indices = b.vector(bytes(16, (i) => i));
  const distance = b.simd('i8x16_splat', limited);
  const moved = left ? b.simd('i8x16_sub', indices, distance) : b.simd('i8x16_add', indices, distance);
  return b.simd('i8x16_swizzle', x, moved);
}

/** SHUFPS: two elements of each operand. */
function shufflePs(b: X86, x: V, y: V, control: V): V {
  let result = x;
  for (let i = 0; i < 4; i++) {
    const from = i < 2 ? x : y;
    const value = chooseOf(b, choice(b, control, i), (n) => b.extractLane('i32x4_extract_lane', from, n));
    result = b.replaceLane('i32x4_replace_lane', result, i, value);
  }
  return result;
}

/** SHUFPD: one element of each operand. @internal */
export function shufflePd(b: X86, x: V, y: V, control: V): V {
  const from = b.half === 1 ? 2 : 0;
  const bit = (n: number): V => b.and(b.shr(b.as(control, Ty.i32), b.imm(from + n)), b.imm(1));
  const of = (v: V, n: number): V => b.extractLane('i64x2_extract_lane', v, n);
  const low = b.select(bit(0), of(x, 1), of(x, 0));
  const high = b.select(bit(1), of(y, 1), of(y, 0));
  return b.replaceLane('i64x2_replace_lane', b.vectorFrom64(low), 1, high);
}

/** Sums of absolute differences of eight bytes, in both halves. */
function sumOfDifferences(b: X86, x: V, y: V): V {
  const difference = b.simd('v128_or', b.simd('i8x16_sub_sat_u', x, y), b.simd('i8x16_sub_sat_u', y, x));
  const words = b.simd('i16x8_extadd_pairwise_i8x16_u', difference);
  const dwords = b.simd('i32x4_extadd_pairwise_i16x8_u', words);
  const other = b.simd('i64x2_shr_u', dwords, b.i32(32));
  return b.simd('v128_and', b.simd('i32x4_add', dwords, other), b.vector(bytes(16, (i) => (i % 8 < 4 ? 255 : 0))));
}

/** Integer instructions on XMM and MMX registers (SDM vol. 1, 5.4, 5.6.3). @experimental */
export const sseIntegerRows: readonly X86Row[] = [
  ...DIRECT.map(([name, encoding, operation]) =>
    packed(name, encoding, (b, x, y) => b.simd(operation, x, y), {}, 'lanes'),
  ),
  ...LOGICAL.map(([name, encoding, operation]) => packed(name, encoding, (b, x, y) => b.simd(operation, x, y), FLOAT)),
  ...NARROWING.map(([name, encoding, operation]) =>
    packed(name, encoding, (b, x, y) => b.simd(operation, x, y), {}, 'joined'),
  ),
  packed('PANDN', '66 0F DF', (b, x, y) => b.simd('v128_andnot', y, x), {}, 'lanes'),
  packed('ANDNPS', 'NP 0F 55', (b, x, y) => b.simd('v128_andnot', y, x), FLOAT),
  packed('ANDNPD', '66 0F 55', (b, x, y) => b.simd('v128_andnot', y, x), FLOAT),
  packed('PMULHW', '66 0F E5', (b, x, y) => multiplyHighWords(b, x, y, 's'), {}, 'lanes'),
  packed('PMULHUW', '66 0F E4', (b, x, y) => multiplyHighWords(b, x, y, 'u'), {}, 'lanes'),
  packed(
    'PMULUDQ',
    '66 0F F4',
    (b, x, y) => {
      const even = (v: V): V => b.simd('v128_and', v, b.vector(bytes(16, (i) => (i % 8 < 4 ? 255 : 0))));
      return b.simd('i64x2_mul', even(x), even(y));
    },
    {},
    'lanes',
  ),
  packed('PSADBW', '66 0F F6', sumOfDifferences, {}, 'lanes'),
  ...UNPACK.map(([name, encoding, size, high, mmx]) =>
    packed(
      name,
      encoding,
      (b, x, y) => interleave(b, x, y, size, high),
      name.startsWith('UNPCK') ? FLOAT : {},
      mmx,
      // Of a source in memory, the low halves are read only.
      mmx === 'lanes' ? 'Qd' : 'Qq',
    ),
  ),
  ...SHIFTS.flatMap(([name, opcode, group, lanes, operation]) => [
    packed(
      name,
      `66 0F ${opcode}`,
      (b, x, y) => shiftLanes(b, x, b.extractLane('i64x2_extract_lane', y, 0), lanes, operation),
      { vex: { ...MERGED_AVX2, source: 'Wdq' } },
      'lanes',
    ),
    sse(
      `${name} (immediate)`,
      [`66 0F ${group} Ux,Ib`, `NP 0F ${group} Nq,Ib`],
      (b, [target, count]) => {
        const n = b.as(b.and(b.as(immediate(count), Ty.i32), b.imm(0xff)), Ty.i64);
        setVector(b, target, shiftLanes(b, vectorOf(b, target), n, lanes, operation));
      },
      { vex: MERGED_AVX2 },
    ),
  ]),
  sse(
    'PSRLDQ',
    ['66 0F 73 /3 Ux,Ib'],
    (b, [target, count]) => b.write(target, shiftBytes(b, b.read(target), immediate(count), false)),
    { vex: MERGED_AVX2 },
  ),
  sse(
    'PSLLDQ',
    ['66 0F 73 /7 Ux,Ib'],
    (b, [target, count]) => b.write(target, shiftBytes(b, b.read(target), immediate(count), true)),
    { vex: MERGED_AVX2 },
  ),
  sse(
    'PSHUFD',
    ['66 0F 70 Vx,Wx,Ib'],
    (b, [target, source, control]) => b.write(target, rearrange(b, b.readAligned(source), immediate(control), 4, 0)),
    { vex: ALONE_AVX2 },
  ),
  sse(
    'PSHUFLW',
    ['F2 0F 70 Vx,Wx,Ib'],
    (b, [target, source, control]) => b.write(target, rearrange(b, b.readAligned(source), immediate(control), 2, 0)),
    { vex: ALONE_AVX2 },
  ),
  sse(
    'PSHUFHW',
    ['F3 0F 70 @sse2 Vx,Wx,Ib'],
    (b, [target, source, control]) => b.write(target, rearrange(b, b.readAligned(source), immediate(control), 2, 8)),
    { vex: ALONE_AVX2 },
  ),
  sse(
    'SHUFPS',
    ['NP 0F C6 Vx,Wx,Ib'],
    (b, [target, source, control]) => {
      const y = b.readAligned(source);
      b.write(target, shufflePs(b, b.read(target), y, immediate(control)));
    },
    { vex: MERGED_AVX },
  ),
  sse(
    'SHUFPD',
    ['66 0F C6 Vx,Wx,Ib'],
    (b, [target, source, control]) => {
      const y = b.readAligned(source);
      b.write(target, shufflePd(b, b.read(target), y, immediate(control)));
    },
    { vex: MERGED_AVX },
  ),
  sse('PSHUFW', ['NP 0F 70 @sse Pq,Qq,Ib'], (b, [target, source, control]) =>
    setVector(b, target, rearrange(b, vectorOf(b, source), immediate(control), 2, 0)),
  ),
  sse(
    'PINSRW',
    ['66 0F C4 Vx,Ed,Ib', 'NP 0F C4 @sse Pq,Ed,Ib'],
    (b, operands) => {
      const [target, source, control] = operands;
      const word = b.read(source.kind === 'memory' ? { ...source, size: 1 } : source);
      const n = wordNumber(b, operands, control);
      setVector(b, target, insertWord(b, vectorOf(b, target), word, n));
    },
    { vex: MERGED_128 },
  ),
  sse(
    'PEXTRW',
    ['66 0F C5 Gy,Ux,Ib', 'NP 0F C5 @sse Gy,Nq,Ib'],
    (b, operands) => {
      const [target, source, control] = operands;
      const n = wordNumber(b, operands, control);
      const moved = b.simd(
        'i8x16_swizzle',
        vectorOf(b, source),
        b.simd('i8x16_add', b.vector(bytes(16, (i) => i)), b.simd('i8x16_splat', b.shl(n, b.imm(1)))),
      );
      b.write(
        target.kind === 'register' ? { ...target, size: 2 } : target,
        b.extractLane('i16x8_extract_lane_u', moved, 0),
      );
    },
    { vex: ALONE_128 },
  ),
];

/** The number of a word of a register, from an immediate. */
const wordNumber = (b: X86, operands: Operands, control: Operand): V =>
  b.and(b.as(immediate(control), Ty.i32), b.imm(usesMmx(operands) ? 3 : 7));

/** Replaces the word with a number. */
function insertWord(b: X86, x: V, word: V, n: V): V {
  const numbers = b.vector(bytes(16, (i) => (i % 2 === 0 ? i / 2 : 0)));
  const chosen = b.simd('i16x8_eq', numbers, b.simd('i16x8_splat', n));
  return b.simd('v128_bitselect', b.simd('i16x8_splat', word), x, chosen);
}
