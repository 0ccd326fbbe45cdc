import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { scalarFloat, vectorFloat } from '../builder/softfloat-helpers.js';
import type { ScalarOperation, VectorOperation } from '../builder/softfloat-helpers.js';
import { absoluteVector, arrangement, laneCount, negateVector } from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';

interface ThreeSame {
  readonly op: VectorOperation;
  /** Whether there is a scalar form, too. */
  readonly scalar?: boolean;
  /** Whether FPAbs is applied to the operands first. */
  readonly absolute?: boolean;
}

/** By U, bit 23 and the lower three bits of the opcode: `U << 4 | a << 3 | op`. */
const THREE_SAME: Readonly<Record<number, ThreeSame>> = {
  0b0_0_000: { op: 'maxnum' },
  0b0_1_000: { op: 'minnum' },
  0b0_0_010: { op: 'add' },
  0b0_1_010: { op: 'sub' },
  0b1_1_010: { op: 'abd', scalar: true },
  0b0_0_011: { op: 'mulx', scalar: true },
  0b1_0_011: { op: 'mul' },
  0b0_0_100: { op: 'cmpeq', scalar: true },
  0b1_0_100: { op: 'cmpge', scalar: true },
  0b1_1_100: { op: 'cmpgt', scalar: true },
  0b1_0_101: { op: 'cmpge', scalar: true, absolute: true },
  0b1_1_101: { op: 'cmpgt', scalar: true, absolute: true },
  0b0_0_110: { op: 'max' },
  0b0_1_110: { op: 'min' },
  0b0_0_111: { op: 'recps', scalar: true },
  0b0_1_111: { op: 'rsqrts', scalar: true },
  0b1_0_111: { op: 'div' },
};

const threeSame = ({ U, a, op }: { U: number; a: number; op: number }): ThreeSame | undefined =>
  THREE_SAME[(U << 4) | (a << 3) | op];

/** Pairwise operations by `a << 3 | op`; all except FADDP also exist across lanes. */
const PAIRWISE: Readonly<Record<number, VectorOperation & ScalarOperation>> = {
  0b0_000: 'maxnum',
  0b1_000: 'minnum',
  0b0_010: 'add',
  0b0_110: 'max',
  0b1_110: 'min',
};

const pairwise = ({ a, op }: { a: number; op: number }) => PAIRWISE[(a << 3) | op];

const ADDP = 5;

/** Scalar pairwise and reducing encodings: opcode 01100 for NM, 01101 for FADDP, 01111 without NM. */
function scalarPairwise(a: number, op: number): (VectorOperation & ScalarOperation) | undefined {
  if (op === 4) return a ? 'minnum' : 'maxnum';
  if (op === ADDP && !a) return 'add';
  return op === 7 ? (a ? 'min' : 'max') : undefined;
}

/**
 * Every second element of Vm:Vn, starting with element `first`; without `Q`, only of the lower halves of the registers.
 */
function deinterleave(b: A64, n: V, m: V, first: number, bytes: number, Q: number): V {
  const half = Q ? 16 : 8;
  const lanes = Array.from({ length: 16 }, (_, i) => {
    const byte = (Math.floor(i / bytes) * 2 + first) * bytes + (i % bytes);
    return byte < half ? byte : ((byte - half) % half) + 16;
  });
  return b.shuffle(n, m, lanes);
}

/**
 * Floating-point vector operations on three registers of the same arrangement, with their scalar forms, pairwise forms and
 * reductions (Arm ARM C7.2).
 *
 * @experimental
 */
export const fpVectorThreeSameRows: readonly A64Row[] = withFpCheck([
  inst(
    'C7.2',
    'FADD, FSUB, FMUL, FDIV, FABD, FMULX, FMAX, FMIN, FMAXNM, FMINNM, FCMxx, FACxx, FRECPS, FRSQRTS (vector; scalar where there is one)',
    '0 Q:1 U:1! S:1 1110 a:1! sz:1! 1 Rm:5 11 op:3! 1 Rn:5 Rd:5',
    {
      operands: { lanes: laneCount },
      valid: (f) => threeSame(f) !== undefined,
      allocated: (f) => arrangement(f) && (!f.S || threeSame(f)?.scalar === true),
    },
    (b, { U, a, op, sz, lanes, Rm, Rn, Rd }) => {
      const row = threeSame({ U, a, op }) as ThreeSame;
      const operand = (v: V): V => (row.absolute ? absoluteVector(b, v, sz) : v);
      b.setV(Rd, b.call(vectorFloat(row.op, sz), operand(b.v(Rn)), operand(b.v(Rm)), lanes, b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FMLA, FMLS (vector)',
    '0 Q:1 0 01110 sub:1! sz:1! 1 Rm:5 11001 1 Rn:5 Rd:5',
    { operands: { lanes: laneCount }, allocated: arrangement },
    (b, { sub, sz, lanes, Rm, Rn, Rd }) => {
      const n = sub ? negateVector(b, b.v(Rn), sz) : b.v(Rn);
      b.setV(Rd, b.call(vectorFloat('muladd', sz), b.v(Rd), n, b.v(Rm), lanes, b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FADDP, FMAXP, FMINP, FMAXNMP, FMINNMP (vector)',
    '0 Q:1! 1 01110 a:1! sz:1! 1 Rm:5 11 op:3! 1 Rn:5 Rd:5',
    { operands: { lanes: laneCount }, valid: (f) => pairwise(f) !== undefined && arrangement(f) },
    (b, { Q, a, sz, op, lanes, Rm, Rn, Rd }) => {
      const every = (first: number): V => deinterleave(b, b.v(Rn), b.v(Rm), first, sz ? 8 : 4, Q);
      const helper = vectorFloat(pairwise({ a, op }) as VectorOperation, sz);
      b.setV(Rd, b.call(helper, every(0), every(1), lanes, b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FADDP, FMAXP, FMINP, FMAXNMP, FMINNMP (scalar)',
    '01 1 11110 a:1! sz:1! 11000 01 op:3! 10 Rn:5 Rd:5',
    { valid: ({ a, op }) => scalarPairwise(a, op) !== undefined },
    (b, { a, sz, op, Rn, Rd }) => {
      const [lane, other] = [0, 1].map((i) =>
        b.extractLane(sz ? 'i64x2_extract_lane' : 'i32x4_extract_lane', b.v(Rn), i),
      ) as [V, V];
      b.setD(Rd, b.call(scalarFloat(scalarPairwise(a, op) as ScalarOperation, sz), lane, other, b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FMAXV, FMINV, FMAXNMV, FMINNMV',
    '0 1 1 01110 a:1! 0 11000 01 op:3! 10 Rn:5 Rd:5',
    { valid: ({ a, op }) => op !== ADDP && scalarPairwise(a, op) !== undefined },
    (b, { a, op, Rn, Rd }) => {
      const name = scalarPairwise(a, op) as VectorOperation & ScalarOperation;
      const every = (first: number): V => deinterleave(b, b.v(Rn), b.v(Rn), first, 4, 1);
      const halves = b.call(vectorFloat(name, 0), every(0), every(1), b.imm(2), b.fpStatus());
      const lane = (i: number): V => b.extractLane('i32x4_extract_lane', halves, i);
      b.setD(Rd, b.call(scalarFloat(name, 0), lane(0), lane(1), b.fpStatus()));
    },
  ),
]);
