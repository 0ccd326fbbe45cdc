import { small, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { vectorHelper } from '../builder/vector-helpers.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import {
  Selector,
  absoluteDifference,
  chosenHalf,
  extend,
  keep,
  lanes,
  multiplyLong,
  selector,
  selectorOf,
} from './simd-common.js';

const below3 = ({ size }: { size: number }): boolean => size < 3;

/** d + x, d − x or x, for `op` 0, 1, 2 as in the encodings of MLAL, MLSL and MULL. @experimental */
export function accumulate(b: A64, op: number, size: number, d: V, x: V): V {
  return op === 2 ? x : lanes(b, op ? 'sub' : 'add', size, d, x);
}

/** Operation of the helper `sat_long` for SQDMLAL, SQDMLSL, SQDMULL (0, 1, 2), as in assembly/long.ts. @experimental */
export const saturatingLongOperation = (op: number): number => (op + 1) % 3;

const plain = [
  inst(
    'C7.2',
    'SADDL, UADDL, SADDW, UADDW, SSUBL, USUBL, SSUBW, USUBW',
    '0 Q:1 U:1! 01110 size:2! 1 Rm:5 00 sub:1! wide:1 00 Rn:5 Rd:5',
    { operands: { upper: keep }, valid: below3 },
    (b, { U, size, sub, wide, upper, Rm, Rn, Rd }) => {
      const extended = (v: V): V => extend(b, size, U, 0, chosenHalf(b, v, upper));
      b.setV(
        Rd,
        lanes(
          b,
          sub ? 'sub' : 'add',
          size + 1,
          b.select(b.as(wide, Ty.i32), b.v(Rn), extended(b.v(Rn))),
          extended(b.v(Rm)),
        ),
      );
    },
  ),
  inst(
    'C7.2',
    'SABAL, UABAL, SABDL, UABDL',
    '0 Q:1 U:1! 01110 size:2! 1 Rm:5 01 only:1! 1 00 Rn:5 Rd:5',
    { operands: { upper: keep }, valid: below3 },
    (b, { U, size, only, upper, Rm, Rn, Rd }) => {
      const difference = chosenHalf(b, absoluteDifference(b, U, size, b.v(Rn), b.v(Rm)), upper);
      b.setV(Rd, accumulate(b, only * 2, size + 1, b.v(Rd), extend(b, size, 1, 0, difference)));
    },
  ),
  inst(
    'C7.2',
    'SMLAL, UMLAL, SMLSL, UMLSL, SMULL, UMULL (vector)',
    '0 Q:1 U:1! 01110 size:2! 1 Rm:5 1 op:2! 000 Rn:5 Rd:5',
    { operands: { upper: keep }, valid: ({ size, op }) => size < 3 && op < 3 },
    (b, { U, size, op, upper, Rm, Rn, Rd }) => {
      const product = multiplyLong(b, size, U, chosenHalf(b, b.v(Rn), upper), chosenHalf(b, b.v(Rm), upper));
      b.setV(Rd, accumulate(b, op, size + 1, b.v(Rd), product));
    },
  ),
];

const helped = [
  inst(
    'C7.2',
    'ADDHN, RADDHN, SUBHN, RSUBHN',
    '0 Q:1 round:1 01110 size:2 1 Rm:5 01 sub:1 000 Rn:5 Rd:5',
    {
      operands: { sel: small((f) => selectorOf(f) | (f.round ? Selector.round : 0) | (f.sub ? Selector.subtract : 0)) },
      allocated: below3,
    },
    (b, { sel, Rm, Rn, Rd }) => b.setV(Rd, b.call(vectorHelper('add_narrow'), sel, b.v(Rn), b.v(Rm), b.v(Rd))),
  ),
  inst(
    'C7.2',
    'SQDMLAL, SQDMLSL, SQDMULL (vector)',
    '0 Q:1 0 scalar:1 1110 size:2 1 Rm:5 1 op:2 100 Rn:5 Rd:5',
    {
      operands: { sel: selector, operation: small(({ op }) => saturatingLongOperation(op)) },
      allocated: ({ size, op, scalar, Q }) => (size === 1 || size === 2) && op < 3 && (!scalar || Q === 1),
    },
    (b, { sel, operation, Rm, Rn, Rd }) => {
      b.setV(
        Rd,
        b.call(vectorHelper('sat_long'), b.as(operation, Ty.i32), sel, b.v(Rn), b.v(Rm), b.v(Rd), b.fpStatus()),
      );
    },
  ),
  inst(
    'C7.2',
    'PMULL (8-bit elements)',
    '0 Q:1 001110 00 1 Rm:5 111000 Rn:5 Rd:5',
    { operands: { sel: small(({ Q }) => selectorOf({ Q, size: 0 })) } },
    (b, { sel, Rm, Rn, Rd }) => b.setV(Rd, b.call(vectorHelper('polynomial_long'), sel, b.v(Rn), b.v(Rm))),
  ),
];

/** Advanced SIMD three different; the scalar forms share the handlers of the vector forms. @experimental */
export const simdThreeDifferentRows: readonly A64Row[] = withFpCheck([...plain, ...helped]);
