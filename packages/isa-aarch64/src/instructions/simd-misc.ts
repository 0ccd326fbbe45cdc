import { small, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { vectorHelper } from '../builder/vector-helpers.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import {
  Lane,
  Selector,
  extend,
  keep,
  lanes,
  saturating,
  selector,
  selectorOf,
  setKept,
  shuffleBytes,
  signedLanes,
  unzip,
  vectorOrDouble,
  vectorOrScalar,
  zero,
} from './simd-common.js';

/** Sums of adjacent lanes, in lanes of twice the width; `size` is that of the source. */
function addPairs(b: A64, U: number, size: number, n: V): V {
  if (size === 0) return b.simd(U ? 'i16x8_extadd_pairwise_i8x16_u' : 'i16x8_extadd_pairwise_i8x16_s', n);
  if (size === 1) return b.simd(U ? 'i32x4_extadd_pairwise_i16x8_u' : 'i32x4_extadd_pairwise_i16x8_s', n);
  const high = signedLanes(b, 'shr', U, 3, n, b.i32(32));
  return lanes(b, 'add', 3, signedLanes(b, 'shr', U, 3, lanes(b, 'shl', 3, n, b.i32(32)), b.i32(32)), high);
}

const below3 = ({ size }: { size: number }): boolean => size < 3;

const COMPARE_ZERO = ['gt_s', 'ge_s', 'eq', 'le_s', 'lt_s'] as const;

const plain = [
  inst(
    'C7.2',
    'SADDLP, UADDLP, SADALP, UADALP',
    '0 Q:1 U:1! 01110 size:2! 10000 00 accumulate:1! 10 10 Rn:5 Rd:5',
    { operands: { kept: keep }, valid: below3 },
    (b, { U, size, accumulate, kept, Rn, Rd }) => {
      const sums = addPairs(b, U, size, b.v(Rn));
      setKept(b, Rd, accumulate ? lanes(b, 'add', size + 1, b.v(Rd), sums) : sums, kept);
    },
  ),
  inst(
    'C7.2',
    'CLS, CLZ (vector)',
    '0 Q:1 U:1 01110 size:2 10000 00100 10 Rn:5 Rd:5',
    {
      operands: {
        sel: small((f) => selectorOf({ ...f, U: 0 })),
        op: small((f) => (f.U ? Lane.CountLeadingZeros : Lane.CountLeadingSigns)),
      },
      allocated: below3,
    },
    (b, { sel, op, Rn, Rd }) => {
      const n = b.v(Rn);
      b.setV(Rd, b.call(vectorHelper('lanes'), op, sel, n, n, n));
    },
  ),
  inst(
    'C7.2',
    'CNT (vector)',
    '0 Q:1 001110 00 10000 00101 10 Rn:5 Rd:5',
    { operands: { kept: keep } },
    (b, { kept, Rn, Rd }) => {
      setKept(b, Rd, b.simd('i8x16_popcnt', b.v(Rn)), kept);
    },
  ),
  inst(
    'C7.2',
    'NOT',
    '0 Q:1 101110 00 10000 00101 10 Rn:5 Rd:5',
    { operands: { kept: keep } },
    (b, { kept, Rn, Rd }) => {
      setKept(b, Rd, b.simd('v128_not', b.v(Rn)), kept);
    },
  ),
  inst(
    'C7.2',
    'CMGT, CMGE, CMEQ, CMLE, CMLT (zero)',
    '0 Q:1 U:1! scalar:1 1110 size:2! 10000 010 kind:2! 10 Rn:5 Rd:5',
    { operands: { kept: keep }, valid: ({ U, kind }) => kind < 2 || (kind === 2 && !U), allocated: vectorOrDouble },
    (b, { U, size, kind, kept, Rn, Rd }) =>
      setKept(b, Rd, lanes(b, COMPARE_ZERO[kind * 2 + U] ?? 'eq', size, b.v(Rn), zero(b)), kept),
  ),
  inst(
    'C7.2',
    'ABS, NEG (vector)',
    '0 Q:1 U:1! scalar:1 1110 size:2! 10000 01011 10 Rn:5 Rd:5',
    { operands: { kept: keep }, allocated: vectorOrDouble },
    (b, { U, size, kept, Rn, Rd }) => setKept(b, Rd, lanes(b, U ? 'neg' : 'abs', size, b.v(Rn)), kept),
  ),
];

const widths = [
  inst(
    'C7.2',
    'XTN, XTN2',
    '0 Q:1! 001110 size:2! 10000 10010 10 Rn:5 Rd:5',
    { valid: below3 },
    (b, { Q, size, Rn, Rd }) => {
      const narrow = unzip(b, size, 0, b.v(Rn), b.v(Rn));
      if (Q)
        b.setV(
          Rd,
          b.shuffle(
            b.v(Rd),
            narrow,
            shuffleBytes(3, (i) => 2 * i),
          ),
        );
      else b.setVq(Rd, narrow, 0);
    },
  ),
  inst(
    'C7.2',
    'SHLL, SHLL2',
    '0 Q:1! 101110 size:2! 10000 10011 10 Rn:5 Rd:5',
    { valid: below3 },
    (b, { Q, size, Rn, Rd }) => b.setV(Rd, lanes(b, 'shl', size + 1, extend(b, size, 1, Q, b.v(Rn)), b.i32(8 << size))),
  ),
];

const helped = [
  inst(
    'C7.2',
    'SUQADD, USQADD',
    '0 Q:1 U:1 scalar:1 1110 size:2 10000 00011 10 Rn:5 Rd:5',
    { operands: { sel: selector }, allocated: vectorOrScalar },
    (b, { sel, Rn, Rd }) => b.setV(Rd, saturating(b, b.i32(Lane.Accumulate), sel, b.v(Rd), b.v(Rn), b.v(Rd))),
  ),
  inst(
    'C7.2',
    'SQABS, SQNEG',
    '0 Q:1 U:1 scalar:1 1110 size:2 10000 00111 10 Rn:5 Rd:5',
    {
      operands: { sel: small((f) => selectorOf({ ...f, U: 0 })), op: small((f) => (f.U ? Lane.Neg : Lane.Abs)) },
      allocated: vectorOrScalar,
    },
    (b, { sel, op, Rn, Rd }) => b.setV(Rd, saturating(b, b.as(op, Ty.i32), sel, b.v(Rn), b.v(Rn), b.v(Rn))),
  ),
  inst(
    'C7.2',
    'SQXTUN, SQXTN, UQXTN',
    '0 Q:1 U:1 scalar:1 1110 size:2 10000 10 keepSign:1 toUnsigned:1 0 10 Rn:5 Rd:5',
    {
      operands: { sel: small((f) => (f.keepSign ? selectorOf(f) : selectorOf({ ...f, U: 0 }) | Selector.toUnsigned)) },
      allocated: (f) =>
        f.size < 3 && (!f.scalar || f.Q === 1) && f.keepSign !== f.toUnsigned && (f.keepSign === 1 || f.U === 1),
    },
    (b, { sel, Rn, Rd }) =>
      b.setV(Rd, b.call(vectorHelper('sat_narrow'), sel, b.imm(0), b.v(Rn), b.v(Rd), b.fpStatus())),
  ),
];

/** Sums, maxima and minima of all lanes, as in assembly/across.ts. */
enum Across {
  Add,
  AddLong,
  Max,
  Min,
}

const ACROSS: Readonly<Record<number, Across>> = {
  0b11011: Across.Add,
  0b00011: Across.AddLong,
  0b01010: Across.Max,
  0b11010: Across.Min,
};

const across = inst(
  'C7.2',
  'ADDV, SADDLV, UADDLV, SMAXV, UMAXV, SMINV, UMINV',
  '0 Q:1 U:1 01110 size:2 11000 opcode:5 10 Rn:5 Rd:5',
  {
    operands: { sel: selector, op: small(({ opcode }) => ACROSS[opcode] ?? 0) },
    allocated: ({ Q, U, size, opcode }) =>
      ACROSS[opcode] !== undefined && size < 2 + Q && size < 3 && !(U === 1 && ACROSS[opcode] === Across.Add),
  },
  (b, { sel, op, Rn, Rd }) => b.setD(Rd, b.call(vectorHelper('across'), op, sel, b.v(Rn))),
);

/** Advanced SIMD two-register miscellaneous and across lanes, the integer ones. @experimental */
export const simdMiscRows: readonly A64Row[] = withFpCheck([...plain, ...widths, ...helped, across]);
