import { derived, small } from '@qvm/jit';
import { scalarFloat, softfloat, vectorFloat } from '../builder/softfloat-helpers.js';
import {
  absoluteVector,
  arrangement,
  currentRounding,
  laneCount,
  negateVector,
  scalar,
  TIES_AWAY,
} from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';

/** Comparisons with zero, by `U << 2 | op`; for LE and LT, the operands are exchanged. */
const COMPARE_ZERO: Readonly<
  Record<number, { readonly op: 'cmpgt' | 'cmpge' | 'cmpeq'; readonly zeroFirst?: boolean }>
> = {
  0b000: { op: 'cmpgt' },
  0b001: { op: 'cmpeq' },
  0b010: { op: 'cmpgt', zeroFirst: true },
  0b100: { op: 'cmpge' },
  0b101: { op: 'cmpge', zeroFirst: true },
};

interface RoundingFields {
  readonly U: number;
  readonly o2: number;
  readonly o1: number;
}

/** Whether the rounding mode is that of FPCR: FRINTX and FRINTI. */
const isCurrent = ({ U, o1 }: RoundingFields): boolean => U === 1 && o1 === 1;

/** The rounding modes of FRINTN, FRINTP, FRINTM, FRINTZ in the order of FPCR.RMode, and FRINTA. */
const roundingOf = ({ U, o2, o1 }: RoundingFields): number => (U ? TIES_AWAY : (o1 << 1) | o2);

/**
 * Floating-point vector operations on two registers of the same arrangement, with their scalar forms (Arm ARM C7.2).
 *
 * @experimental
 */
export const fpVectorMiscRows: readonly A64Row[] = withFpCheck([
  inst(
    'C7.2',
    'FCMEQ, FCMGE, FCMGT, FCMLE, FCMLT (zero)',
    '0 Q:1 U:1! S:1 1110 1 sz:1! 10000 011 op:2! 10 Rn:5 Rd:5',
    {
      operands: { lanes: laneCount },
      valid: ({ U, op }) => COMPARE_ZERO[(U << 2) | op] !== undefined,
      allocated: arrangement,
    },
    (b, { U, op, sz, lanes, Rn, Rd }) => {
      const compare = COMPARE_ZERO[(U << 2) | op] as (typeof COMPARE_ZERO)[number];
      const operands = [b.v(Rn), b.vector(new Array<number>(16).fill(0))] as const;
      const [x, y] = compare.zeroFirst ? [operands[1], operands[0]] : operands;
      b.setV(Rd, b.call(vectorFloat(compare.op, sz), x, y, lanes, b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FABS, FNEG (vector)',
    '0 Q:1! U:1! 01110 1 sz:1! 10000 01111 10 Rn:5 Rd:5',
    { valid: arrangement },
    (b, { Q, U, sz, Rn, Rd }) => b.setVq(Rd, U ? negateVector(b, b.v(Rn), sz) : absoluteVector(b, b.v(Rn), sz), Q),
  ),

  inst(
    'C7.2',
    'FRINTN, FRINTP, FRINTM, FRINTZ, FRINTA, FRINTX, FRINTI (vector)',
    '0 Q:1 U:1 01110 o2:1 sz:1! 10000 1100 o1:1 10 Rn:5 Rd:5',
    {
      operands: {
        lanes: laneCount,
        fixed: small(roundingOf),
        exact: small((f: RoundingFields) => (isCurrent(f) && f.o2 === 0 ? 1 : 0)),
      },
      derived: { current: derived(2, (f: RoundingFields) => (isCurrent(f) ? 1 : 0)) },
      allocated: (f) => arrangement(f) && !(f.U === 1 && f.o2 === 1 && f.o1 === 0),
    },
    (b, { sz, lanes, fixed, exact, current, Rn, Rd }) => {
      const rounding = current ? currentRounding(b) : fixed;
      b.setV(Rd, b.call(vectorFloat('rint', sz), b.v(Rn), rounding, current ? exact : b.imm(0), lanes, b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FRECPE, FRSQRTE',
    '0 Q:1 U:1! S:1 1110 1 sz:1! 10000 11101 10 Rn:5 Rd:5',
    { operands: { lanes: laneCount }, allocated: arrangement },
    (b, { U, sz, lanes, Rn, Rd }) =>
      b.setV(Rd, b.call(vectorFloat(U ? 'rsqrte' : 'recpe', sz), b.v(Rn), lanes, b.fpStatus())),
  ),

  inst(
    'C7.2',
    'FSQRT (vector)',
    '0 Q:1 1 01110 1 sz:1! 10000 11111 10 Rn:5 Rd:5',
    { operands: { lanes: laneCount }, allocated: arrangement },
    (b, { sz, lanes, Rn, Rd }) => b.setV(Rd, b.call(vectorFloat('sqrt', sz), b.v(Rn), lanes, b.fpStatus())),
  ),

  inst('C7.2', 'FRECPX', '01 0 11110 1 sz:1! 10000 11111 10 Rn:5 Rd:5', {}, (b, { sz, Rn, Rd }) => {
    b.setD(Rd, b.call(scalarFloat('recpx', sz), scalar(b, Rn, sz), b.fpStatus()));
  }),

  inst(
    'C7.2',
    'URECPE, URSQRTE',
    '0 Q:1 U:1! 01110 1 0 10000 11100 10 Rn:5 Rd:5',
    { operands: { lanes: small(({ Q }: { Q: number }) => (Q ? 4 : 2)) } },
    (b, { U, lanes, Rn, Rd }) => b.setV(Rd, b.call(softfloat(U ? 'v_u32_rsqrte' : 'v_u32_recpe'), b.v(Rn), lanes)),
  ),
]);
