import { derived, register, small, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { vectorHelper } from '../builder/vector-helpers.js';
import { splatElement } from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import {
  Lane,
  Selector,
  chosenHalf,
  keep,
  lanes,
  multiplyLong,
  saturating,
  selectorOf,
  setKept,
  unzip,
} from './simd-common.js';
import { accumulate, saturatingLongOperation } from './simd-three-different.js';

interface Index {
  readonly size: number;
  readonly L: number;
  readonly M: number;
  readonly m: number;
  readonly H: number;
}

/** The register of the element: 16-bit elements are in V0–V15 and use M as a bit of the index. */
const element = {
  Rm: register(({ size, M, m }: Index) => (size === 1 ? m : (M << 4) | m)),
  offset: small(({ size, H, L, M }: Index) => (size === 1 ? ((H << 2) | (L << 1) | M) << 1 : ((H << 1) | L) << 2)),
};

/** 1 for 32-bit elements, 0 for 16-bit ones. */
const word = derived(2, ({ size }: { size: number }) => size - 1);

const is16or32 = ({ size }: { size: number }): boolean => size === 1 || size === 2;

interface Scoped {
  readonly Q: number;
  readonly scalar: number;
  readonly size: number;
}

const allocated = (f: Scoped): boolean => is16or32(f) && (!f.scalar || f.Q === 1);

const plain = [
  inst(
    'C7.2',
    'MLA, MLS (by element)',
    '0 Q:1 101111 size:2! L:1 M:1 m:4 0 sub:1! 00 H:1 0 Rn:5 Rd:5',
    { operands: { ...element, kept: keep }, valid: is16or32 },
    (b, { size, sub, kept, offset, Rm, Rn, Rd }) => {
      const product = lanes(b, 'mul', size, b.v(Rn), splatElement(b, b.v(Rm), offset, 1 << size));
      setKept(b, Rd, lanes(b, sub ? 'sub' : 'add', size, b.v(Rd), product), kept);
    },
  ),
  inst(
    'C7.2',
    'MUL (by element)',
    '0 Q:1 001111 size:2! L:1 M:1 m:4 1000 H:1 0 Rn:5 Rd:5',
    { operands: { ...element, kept: keep }, valid: is16or32 },
    (b, { size, kept, offset, Rm, Rn, Rd }) => {
      setKept(b, Rd, lanes(b, 'mul', size, b.v(Rn), splatElement(b, b.v(Rm), offset, 1 << size)), kept);
    },
  ),
  inst(
    'C7.2',
    'SMLAL, UMLAL, SMLSL, UMLSL, SMULL, UMULL (by element)',
    '0 Q:1 U:1! 01111 size:2! L:1 M:1 m:4 op:2! 10 H:1 0 Rn:5 Rd:5',
    { operands: { ...element, upper: keep }, valid: ({ size, op }) => is16or32({ size }) && op < 3 },
    (b, { U, size, op, upper, offset, Rm, Rn, Rd }) => {
      const product = multiplyLong(
        b,
        size,
        U,
        chosenHalf(b, b.v(Rn), upper),
        splatElement(b, b.v(Rm), offset, 1 << size),
      );
      b.setV(Rd, accumulate(b, op, size + 1, b.v(Rd), product));
    },
  ),
];

const helped = [
  inst(
    'C7.2',
    'SQDMLAL, SQDMLSL, SQDMULL (by element)',
    '0 Q:1 0 scalar:1 1111 size:2 L:1 M:1 m:4 op:2 11 H:1 0 Rn:5 Rd:5',
    {
      operands: { ...element, sel: small(selectorOf), operation: small(({ op }) => saturatingLongOperation(op)) },
      derived: { word },
      allocated: (f) => allocated(f) && f.op < 3,
    },
    (b, { word, sel, operation, offset, Rm, Rn, Rd }) => {
      const m = splatElement(b, b.v(Rm), offset, 2 << word);
      b.setV(Rd, b.call(vectorHelper('sat_long'), b.as(operation, Ty.i32), sel, b.v(Rn), m, b.v(Rd), b.fpStatus()));
    },
  ),
  inst(
    'C7.2',
    'SQDMULH, SQRDMULH (by element)',
    '0 Q:1 0 scalar:1 1111 size:2 L:1 M:1 m:4 110 round:1 H:1 0 Rn:5 Rd:5',
    {
      operands: { ...element, sel: small((f) => selectorOf(f) | (f.round ? Selector.round : 0)) },
      derived: { word },
      allocated,
    },
    (b, { word, sel, offset, Rm, Rn, Rd }) => {
      const m = splatElement(b, b.v(Rm), offset, 2 << word);
      b.setV(Rd, saturating(b, b.i32(Lane.DoubleMultiplyHigh), sel, b.v(Rn), m, b.v(Rd)));
    },
  ),
];

/** SQRDMLAH or SQRDMLSH. */
const roundingOperation = small(({ sub }: { sub: number }) => (sub ? Lane.MultiplySubHigh : Lane.MultiplyAddHigh));

const roundingDoubles = [
  inst(
    'C7.2',
    'SQRDMLAH, SQRDMLSH (by element)',
    '0 Q:1 1 scalar:1 1111 size:2 L:1 M:1 m:4 11 sub:1 1 H:1 0 Rn:5 Rd:5',
    {
      feature: 'FEAT_RDM',
      operands: { ...element, sel: small(selectorOf), op: roundingOperation },
      derived: { word },
      allocated,
    },
    (b, { word, sel, op, offset, Rm, Rn, Rd }) => {
      b.setV(Rd, saturating(b, b.as(op, Ty.i32), sel, b.v(Rn), splatElement(b, b.v(Rm), offset, 2 << word), b.v(Rd)));
    },
  ),
  inst(
    'C7.2',
    'SQRDMLAH, SQRDMLSH (vector)',
    '0 Q:1 1 scalar:1 1110 size:2 0 Rm:5 1000 sub:1 1 Rn:5 Rd:5',
    { feature: 'FEAT_RDM', operands: { sel: small(selectorOf), op: roundingOperation }, allocated },
    (b, { sel, op, Rm, Rn, Rd }) => b.setV(Rd, saturating(b, b.as(op, Ty.i32), sel, b.v(Rn), b.v(Rm), b.v(Rd))),
  ),
];

/** Adds four products of bytes to each 32-bit lane. */
function dotProduct(b: A64, U: number, d: V, n: V, m: V): V {
  const sums = (part: 'low' | 'high'): V =>
    b.simd(
      U ? 'i32x4_extadd_pairwise_i16x8_u' : 'i32x4_extadd_pairwise_i16x8_s',
      b.simd(U ? `i16x8_extmul_${part}_i8x16_u` : `i16x8_extmul_${part}_i8x16_s`, n, m),
    );
  const [low, high] = [sums('low'), sums('high')];
  return lanes(b, 'add', 2, d, lanes(b, 'add', 2, unzip(b, 2, 0, low, high), unzip(b, 2, 1, low, high)));
}

const dotProducts = [
  inst(
    'C7.2',
    'SDOT, UDOT (by element)',
    '0 Q:1 U:1! 01111 10 L:1 Rm:5 1110 H:1 0 Rn:5 Rd:5',
    { feature: 'FEAT_DotProd', operands: { offset: small(({ H, L }) => ((H << 1) | L) << 2), kept: keep } },
    (b, { U, kept, offset, Rm, Rn, Rd }) =>
      setKept(b, Rd, dotProduct(b, U, b.v(Rd), b.v(Rn), splatElement(b, b.v(Rm), offset, 4)), kept),
  ),
  inst(
    'C7.2',
    'SDOT, UDOT (vector)',
    '0 Q:1 U:1! 01110 10 0 Rm:5 100101 Rn:5 Rd:5',
    { feature: 'FEAT_DotProd', operands: { kept: keep } },
    (b, { U, kept, Rm, Rn, Rd }) => setKept(b, Rd, dotProduct(b, U, b.v(Rd), b.v(Rn), b.v(Rm)), kept),
  ),
];

/** Advanced SIMD vector x indexed element, and three same extra; the scalar forms share the vector ones' handlers. @experimental */
export const simdIndexedRows: readonly A64Row[] = withFpCheck([
  ...plain,
  ...helped,
  ...roundingDoubles,
  ...dotProducts,
]);
