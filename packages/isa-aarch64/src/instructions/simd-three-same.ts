import { small, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import {
  Lane,
  Selector,
  absoluteDifference,
  bytes,
  firstAndThirdWord,
  full,
  keep,
  lanes,
  lanewise,
  multiplyLanes,
  saturating,
  selector,
  selectorOf,
  setKept,
  signedLanes,
  unzip,
  vectorArrangement,
  vectorOrDouble,
  vectorOrScalar,
  zero,
} from './simd-common.js';

function logical(b: A64, U: number, size: number, n: V, m: V, d: V): V {
  if (U) {
    switch (size) {
      case 0:
        return b.simd('v128_xor', n, m);
      case 1:
        return b.simd('v128_bitselect', n, m, d);
      case 2:
        return b.simd('v128_bitselect', n, d, m);
      default:
        return b.simd('v128_bitselect', d, n, m);
    }
  }
  switch (size) {
    case 0:
      return b.simd('v128_and', n, m);
    case 1:
      return b.simd('v128_andnot', n, m);
    case 2:
      return b.simd('v128_or', n, m);
    default:
      return b.simd('v128_or', n, b.simd('v128_not', m));
  }
}

/**
 * Halving additions and subtractions without a wider type; `kind` 0 is SHADD, 1 SRHADD, 2 SHSUB, or their unsigned
 * counterparts.
 */
function halving(b: A64, kind: number, U: number, size: number, n: V, m: V): V {
  const half = (v: V): V => signedLanes(b, 'shr', U, size, v, b.i32(1));
  const different = (): V => half(b.simd('v128_xor', n, m));
  if (kind === 0) return lanes(b, 'add', size, b.simd('v128_and', n, m), different());
  if (kind === 1) return lanes(b, 'sub', size, b.simd('v128_or', n, m), different());
  const borrow = b.simd(
    'v128_and',
    b.simd('v128_andnot', m, n),
    bytes(b, (i) => (i % (1 << size) === 0 ? 1 : 0)),
  );
  return lanes(b, 'sub', size, lanes(b, 'sub', size, half(n), half(m)), borrow);
}

/** n > m, or n ≥ m if `orEqual`. WebAssembly compares 64-bit lanes as signed numbers only. */
function compare(b: A64, orEqual: number, U: number, size: number, n: V, m: V): V {
  const op = orEqual ? 'ge' : 'gt';
  if (!U || size < 3) return signedLanes(b, op, U, size, n, m);
  const sign = bytes(b, (i) => (i % 8 === 7 ? 0x80 : 0));
  return signedLanes(b, op, 0, 3, b.simd('v128_xor', n, sign), b.simd('v128_xor', m, sign));
}

/** Combines adjacent lanes of n and m; `kept` distinguishes 128 bits from 64. */
function pairwise(b: A64, size: number, n: V, m: V, kept: V, combine: (x: V, y: V) => V): V {
  const whole = combine(unzip(b, size, 0, n, m), unzip(b, size, 1, n, m));
  return b.select(b.as(kept, Ty.i32), whole, firstAndThirdWord(b, whole));
}

const small3 = ({ size }: { size: number }): boolean => size < 3;

const bitwise = inst(
  'C7.2',
  'AND, BIC, ORR, ORN (vector), EOR, BSL, BIT, BIF',
  '0 Q:1 U:1! 01110 size:2! 1 Rm:5 000111 Rn:5 Rd:5',
  { derived: { whole: full } },
  (b, { U, size, whole, Rm, Rn, Rd }) => b.setVq(Rd, logical(b, U, size, b.v(Rn), b.v(Rm), b.v(Rd)), whole),
);

const arithmetic = [
  inst(
    'C7.2',
    'ADD, SUB (vector)',
    '0 Q:1 U:1! scalar:1 1110 size:2! 1 Rm:5 100001 Rn:5 Rd:5',
    { derived: { whole: full }, allocated: vectorOrDouble },
    (b, { U, size, whole, Rm, Rn, Rd }) => b.setVq(Rd, lanes(b, U ? 'sub' : 'add', size, b.v(Rn), b.v(Rm)), whole),
  ),
  inst(
    'C7.2',
    'SHADD, UHADD, SRHADD, URHADD, SHSUB, UHSUB',
    '0 Q:1 U:1! 01110 size:2! 1 Rm:5 00 kind:2! 01 Rn:5 Rd:5',
    { operands: { kept: keep }, valid: ({ kind, size }) => kind < 3 && size < 3 },
    (b, { U, size, kind, kept, Rm, Rn, Rd }) => setKept(b, Rd, halving(b, kind, U, size, b.v(Rn), b.v(Rm)), kept),
  ),
  inst(
    'C7.2',
    'MLA, MLS (vector)',
    '0 Q:1 U:1! 01110 size:2! 1 Rm:5 100101 Rn:5 Rd:5',
    { operands: { kept: keep }, valid: small3 },
    (b, { U, size, kept, Rm, Rn, Rd }) => {
      setKept(b, Rd, lanes(b, U ? 'sub' : 'add', size, b.v(Rd), multiplyLanes(b, size, b.v(Rn), b.v(Rm))), kept);
    },
  ),
  inst(
    'C7.2',
    'MUL (vector)',
    '0 Q:1 001110 size:2! 1 Rm:5 100111 Rn:5 Rd:5',
    { operands: { kept: keep }, valid: small3 },
    (b, { size, kept, Rm, Rn, Rd }) => setKept(b, Rd, multiplyLanes(b, size, b.v(Rn), b.v(Rm)), kept),
  ),
  inst(
    'C7.2',
    'PMUL',
    '0 Q:1 10111000 1 Rm:5 100111 Rn:5 Rd:5',
    { operands: { sel: small(({ Q }) => selectorOf({ Q, size: 0, U: 1 })) } },
    (b, { sel, Rm, Rn, Rd }) => b.setV(Rd, lanewise(b, Lane.Polynomial, sel, b.v(Rn), b.v(Rm))),
  ),
  inst(
    'C7.2',
    'SABD, UABD, SABA, UABA',
    '0 Q:1 U:1! 01110 size:2! 1 Rm:5 0111 accumulate:1! 1 Rn:5 Rd:5',
    { operands: { kept: keep }, valid: small3 },
    (b, { U, size, accumulate, kept, Rm, Rn, Rd }) => {
      const difference = absoluteDifference(b, U, size, b.v(Rn), b.v(Rm));
      setKept(b, Rd, accumulate ? lanes(b, 'add', size, b.v(Rd), difference) : difference, kept);
    },
  ),
];

const comparisons = [
  inst(
    'C7.2',
    'CMGT, CMGE (register), CMHI, CMHS',
    '0 Q:1 U:1! scalar:1 1110 size:2! 1 Rm:5 0011 orEqual:1! 1 Rn:5 Rd:5',
    { operands: { kept: keep }, allocated: vectorOrDouble },
    (b, { U, size, orEqual, kept, Rm, Rn, Rd }) => setKept(b, Rd, compare(b, orEqual, U, size, b.v(Rn), b.v(Rm)), kept),
  ),
  inst(
    'C7.2',
    'CMTST, CMEQ (register)',
    '0 Q:1 U:1! scalar:1 1110 size:2! 1 Rm:5 100011 Rn:5 Rd:5',
    { operands: { kept: keep }, allocated: vectorOrDouble },
    (b, { U, size, kept, Rm, Rn, Rd }) => {
      const [n, m] = [b.v(Rn), b.v(Rm)];
      setKept(b, Rd, U ? lanes(b, 'eq', size, n, m) : lanes(b, 'ne', size, b.simd('v128_and', n, m), zero(b)), kept);
    },
  ),
  inst(
    'C7.2',
    'SMAX, UMAX, SMIN, UMIN',
    '0 Q:1 U:1! 01110 size:2! 1 Rm:5 0110 min:1! 1 Rn:5 Rd:5',
    { operands: { kept: keep }, valid: small3 },
    (b, { U, size, min, kept, Rm, Rn, Rd }) => {
      setKept(b, Rd, signedLanes(b, min ? 'min' : 'max', U, size, b.v(Rn), b.v(Rm)), kept);
    },
  ),
];

const pairs = [
  inst(
    'C7.2',
    'SMAXP, UMAXP, SMINP, UMINP',
    '0 Q:1 U:1! 01110 size:2! 1 Rm:5 1010 min:1! 1 Rn:5 Rd:5',
    { operands: { kept: keep }, valid: small3 },
    (b, { U, size, min, kept, Rm, Rn, Rd }) => {
      const combine = (x: V, y: V): V => signedLanes(b, min ? 'min' : 'max', U, size, x, y);
      setKept(b, Rd, pairwise(b, size, b.v(Rn), b.v(Rm), kept, combine), kept);
    },
  ),
  inst(
    'C7.2',
    'ADDP (vector)',
    '0 Q:1 001110 size:2! 1 Rm:5 101111 Rn:5 Rd:5',
    { operands: { kept: keep }, allocated: vectorArrangement },
    (b, { size, kept, Rm, Rn, Rd }) => {
      setKept(
        b,
        Rd,
        pairwise(b, size, b.v(Rn), b.v(Rm), kept, (x, y) => lanes(b, 'add', size, x, y)),
        kept,
      );
    },
  ),
  inst('C7.2', 'ADDP (scalar)', '0101111011 11000 11011 10 Rn:5 Rd:5', {}, (b, { Rn, Rd }) => {
    b.setD(Rd, b.add(b.d(Rn), b.extractLane('i64x2_extract_lane', b.v(Rn), 1)));
  }),
];

const roundable = small(
  (f: { U: number; round: number; size: number; Q: number; scalar: number }) =>
    selectorOf(f) | (f.round ? Selector.round : 0),
);

const helped = [
  inst(
    'C7.2',
    'SQADD, UQADD, SQSUB, UQSUB',
    '0 Q:1 U:1 scalar:1 1110 size:2 1 Rm:5 00 sub:1 011 Rn:5 Rd:5',
    { operands: { sel: selector }, allocated: vectorOrScalar },
    (b, { sel, sub, Rm, Rn, Rd }) => b.setV(Rd, saturating(b, b.as(sub, Ty.i32), sel, b.v(Rn), b.v(Rm), b.v(Rn))),
  ),
  inst(
    'C7.2',
    'SSHL, USHL, SRSHL, URSHL',
    '0 Q:1 U:1 scalar:1 1110 size:2 1 Rm:5 010 round:1 01 Rn:5 Rd:5',
    { operands: { sel: roundable }, allocated: vectorOrDouble },
    (b, { sel, Rm, Rn, Rd }) => b.setV(Rd, lanewise(b, Lane.Shift, sel, b.v(Rn), b.v(Rm))),
  ),
  inst(
    'C7.2',
    'SQSHL, UQSHL (register), SQRSHL, UQRSHL',
    '0 Q:1 U:1 scalar:1 1110 size:2 1 Rm:5 010 round:1 11 Rn:5 Rd:5',
    { operands: { sel: roundable }, allocated: vectorOrScalar },
    (b, { sel, Rm, Rn, Rd }) => b.setV(Rd, saturating(b, b.i32(Lane.ShiftSaturating), sel, b.v(Rn), b.v(Rm), b.v(Rn))),
  ),
  inst(
    'C7.2',
    'SQDMULH, SQRDMULH (vector)',
    '0 Q:1 round:1 scalar:1 1110 size:2 1 Rm:5 101101 Rn:5 Rd:5',
    {
      operands: { sel: small((f) => selectorOf({ ...f, U: 0 }) | (f.round ? Selector.round : 0)) },
      allocated: (f) => vectorOrScalar(f) && (f.size === 1 || f.size === 2),
    },
    (b, { sel, Rm, Rn, Rd }) =>
      b.setV(Rd, saturating(b, b.i32(Lane.DoubleMultiplyHigh), sel, b.v(Rn), b.v(Rm), b.v(Rn))),
  ),
];

/** Advanced SIMD three same; the scalar forms share the handlers of the vector forms. @experimental */
export const simdThreeSameRows: readonly A64Row[] = withFpCheck([
  bitwise,
  ...arithmetic,
  ...comparisons,
  ...pairs,
  ...helped,
]);
