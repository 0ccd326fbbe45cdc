import { small } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { vectorFloat } from '../builder/softfloat-helpers.js';
import { arrangement, laneCount, Lanes, negateVector, signs, splatElement } from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';

/** Multiplications by an element, as `U << 2 | op` encodes them. */
enum ByElement {
  FMLA = 0,
  FMLS = 1,
  FMUL = 2,
  FMULX = 6,
}

/** Exchanges neighbouring lanes. */
const swapPairs = (bytes: number): number[] => Array.from({ length: 16 }, (_, i) => i ^ bytes);
/** Copies lane 0 or 1 of each pair to both lanes. */
const duplicate = (bytes: number, odd: number): number[] =>
  Array.from({ length: 16 }, (_, i) => (i & ~bytes) | (odd ? bytes : 0));

/** The lanes of FCMLA's second factor whose signs change, by rotation in quarter turns. */
const FCMLA_SIGNS = [undefined, Lanes.Even, Lanes.All, Lanes.Odd] as const;

/** FCMLA: adds the product of one part of `n` with `m`, rotated, to `d`. */
function complexMultiplyAdd(b: A64, d: V, n: V, m: V, rot: number, sz: number, lanes: V): V {
  const bytes = sz ? 8 : 4;
  const part = b.shuffle(n, n, duplicate(bytes, rot & 1));
  const factor = rot & 1 ? b.shuffle(m, m, swapPairs(bytes)) : m;
  const turn = FCMLA_SIGNS[rot];
  const rotated = turn === undefined ? factor : b.simd('v128_xor', factor, signs(b, sz, turn));
  return b.call(vectorFloat('muladd', sz), d, part, rotated, lanes, b.fpStatus());
}

/**
 * Floating-point vector operations by element, and those on complex numbers (Arm ARM C7.2).
 *
 * @experimental
 */
export const fpVectorElementRows: readonly A64Row[] = withFpCheck([
  inst(
    'C7.2',
    'FMLA, FMLS, FMUL, FMULX (by element)',
    '0 Q:1 U:1! S:1 1111 1 sz:1! L:1 Rm:5 op:2! 01 H:1 0 Rn:5 Rd:5',
    {
      operands: { lanes: laneCount, offset: small(({ sz, L, H }) => (sz ? H * 8 : (H * 2 + L) * 4)) },
      valid: ({ U, op }) => ByElement[(U << 2) | op] !== undefined,
      allocated: (f) => arrangement(f) && !(f.sz && f.L),
    },
    (b, { U, sz, op, lanes, offset, Rm, Rn, Rd }) => {
      const m = splatElement(b, b.v(Rm), offset, sz ? 8 : 4);
      const n = b.v(Rn);
      switch (((U << 2) | op) as ByElement) {
        case ByElement.FMLA:
          return b.setV(Rd, b.call(vectorFloat('muladd', sz), b.v(Rd), n, m, lanes, b.fpStatus()));
        case ByElement.FMLS:
          return b.setV(Rd, b.call(vectorFloat('muladd', sz), b.v(Rd), negateVector(b, n, sz), m, lanes, b.fpStatus()));
        case ByElement.FMUL:
          return b.setV(Rd, b.call(vectorFloat('mul', sz), n, m, lanes, b.fpStatus()));
        case ByElement.FMULX:
          return b.setV(Rd, b.call(vectorFloat('mulx', sz), n, m, lanes, b.fpStatus()));
      }
    },
  ),

  inst(
    'C7.2',
    'FCADD',
    '0 Q:1 1 01110 1 sz:1! 0 Rm:5 111 rot:1! 01 Rn:5 Rd:5',
    { operands: { lanes: laneCount }, allocated: arrangement, feature: 'FEAT_FCMA' },
    (b, { sz, rot, lanes, Rm, Rn, Rd }) => {
      const swapped = b.shuffle(b.v(Rm), b.v(Rm), swapPairs(sz ? 8 : 4));
      const rotated = b.simd('v128_xor', swapped, signs(b, sz, rot ? Lanes.Odd : Lanes.Even));
      b.setV(Rd, b.call(vectorFloat('add', sz), b.v(Rn), rotated, lanes, b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FCMLA',
    '0 Q:1 1 01110 1 sz:1! 0 Rm:5 110 rot:2! 1 Rn:5 Rd:5',
    { operands: { lanes: laneCount }, allocated: arrangement, feature: 'FEAT_FCMA' },
    (b, { sz, rot, lanes, Rm, Rn, Rd }) => b.setV(Rd, complexMultiplyAdd(b, b.v(Rd), b.v(Rn), b.v(Rm), rot, sz, lanes)),
  ),

  inst(
    'C7.2',
    'FCMLA (by element)',
    '0 1 1 01111 10 0 Rm:5 0 rot:2! 1 H:1 0 Rn:5 Rd:5',
    { operands: { offset: small(({ H }) => H * 8) }, feature: 'FEAT_FCMA' },
    (b, { rot, offset, Rm, Rn, Rd }) => {
      const m = splatElement(b, b.v(Rm), offset, 8);
      b.setV(Rd, complexMultiplyAdd(b, b.v(Rd), b.v(Rn), m, rot, 0, b.imm(4)));
    },
  ),
]);
