import { derived, small } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { softfloat } from '../builder/softfloat-helpers.js';
import { arrangement, laneCount, TIES_AWAY } from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';

const TOWARD_ZERO = 3;

const TO_INTEGER = ['v_f32_to_s32', 'v_f32_to_u32', 'v_f64_to_s64', 'v_f64_to_u64'] as const;
const FROM_INTEGER = ['v_f32_from_s32', 'v_f32_from_u32', 'v_f64_from_s64', 'v_f64_from_u64'] as const;

function toFixed(b: A64, n: V, fbits: V, rounding: V, lanes: V, { U, double }: { U: number; double: number }): V {
  return b.call(
    softfloat(TO_INTEGER[double * 2 + U] as (typeof TO_INTEGER)[number]),
    n,
    fbits,
    rounding,
    lanes,
    b.fpStatus(),
  );
}

function fromFixed(b: A64, n: V, fbits: V, lanes: V, { U, double }: { U: number; double: number }): V {
  return b.call(
    softfloat(FROM_INTEGER[double * 2 + U] as (typeof FROM_INTEGER)[number]),
    n,
    fbits,
    lanes,
    b.fpStatus(),
  );
}

interface ShiftFields {
  readonly Q: number;
  readonly S: number;
  readonly immh: number;
  readonly immb: number;
}

/** immh selects the size of lanes as in shifts by immediate: 1xxx doubles, 01xx singles. */
const isDouble = ({ immh }: { readonly immh: number }): boolean => immh >= 8;
const fixedPoint = {
  operands: {
    lanes: small(({ Q, S, immh }: ShiftFields) => (S ? 1 : isDouble({ immh }) || !Q ? 2 : 4)),
    fbits: small((f: ShiftFields) => (isDouble(f) ? 128 : 64) - ((f.immh << 3) | f.immb)),
  },
  derived: { double: derived(2, (f: ShiftFields) => (isDouble(f) ? 1 : 0)) },
  allocated: (f: ShiftFields) => f.immh >= 4 && arrangement({ ...f, sz: isDouble(f) ? 1 : 0 }),
};

/**
 * Opcodes of FCVT to integers: 11010 for N and P, 11011 for M and Z, 11100 for A; bit 23 is the lower bit of the mode.
 */
const AWAY = 4;

/** Writes a narrower result: to the lower half with zeros above, or to the upper half while the lower half stays. */
function setNarrow(b: A64, Rd: Parameters<A64['setV']>[0], result: V, Q: number): void {
  const low = b.extractLane('i64x2_extract_lane', result, 0);
  b.setV(Rd, Q ? b.replaceLane('i64x2_replace_lane', b.v(Rd), 1, low) : result);
}

const UPPER_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];

/**
 * Conversions of floating-point vectors to and from integers and other precisions, with their scalar forms (Arm ARM C7.2).
 *
 * @experimental
 */
export const fpVectorConvertRows: readonly A64Row[] = withFpCheck([
  inst(
    'C7.2',
    'FCVTNS, FCVTPS, FCVTMS, FCVTZS, FCVTAS, FCVTNU, FCVTPU, FCVTMU, FCVTZU, FCVTAU (vector and scalar)',
    '0 Q:1 U:1! S:1 1110 o2:1 sz:1! 10000 11 op:3 10 Rn:5 Rd:5',
    {
      operands: { lanes: laneCount, rounding: small(({ op, o2 }) => (op === AWAY ? TIES_AWAY : ((op & 1) << 1) | o2)) },
      allocated: (f) => arrangement(f) && (f.op === 2 || f.op === 3 || (f.op === AWAY && f.o2 === 0)),
    },
    (b, { U, sz, lanes, rounding, Rn, Rd }) =>
      b.setV(Rd, toFixed(b, b.v(Rn), b.imm(0), rounding, lanes, { U, double: sz })),
  ),

  inst(
    'C7.2',
    'FCVTZS, FCVTZU (vector and scalar, fixed-point)',
    '0 Q:1 U:1! S:1 11110 immh:4 immb:3 11111 1 Rn:5 Rd:5',
    fixedPoint,
    (b, { U, double, lanes, fbits, Rn, Rd }) =>
      b.setV(Rd, toFixed(b, b.v(Rn), fbits, b.imm(TOWARD_ZERO), lanes, { U, double })),
  ),

  inst(
    'C7.2',
    'SCVTF, UCVTF (vector and scalar, integer)',
    '0 Q:1 U:1! S:1 1110 0 sz:1! 10000 11101 10 Rn:5 Rd:5',
    { operands: { lanes: laneCount }, allocated: arrangement },
    (b, { U, sz, lanes, Rn, Rd }) => b.setV(Rd, fromFixed(b, b.v(Rn), b.imm(0), lanes, { U, double: sz })),
  ),

  inst(
    'C7.2',
    'SCVTF, UCVTF (vector and scalar, fixed-point)',
    '0 Q:1 U:1! S:1 11110 immh:4 immb:3 11100 1 Rn:5 Rd:5',
    fixedPoint,
    (b, { U, double, lanes, fbits, Rn, Rd }) => b.setV(Rd, fromFixed(b, b.v(Rn), fbits, lanes, { U, double })),
  ),

  inst('C7.2', 'FCVTL, FCVTL2', '0 Q:1! 0 01110 0 sz:1! 10000 10111 10 Rn:5 Rd:5', {}, (b, { Q, sz, Rn, Rd }) => {
    const n = Q ? b.shuffle(b.v(Rn), b.v(Rn), UPPER_HALF) : b.v(Rn);
    b.setV(Rd, b.call(softfloat(sz ? 'v_f32_to_f64' : 'v_f16_to_f32'), n, b.imm(sz ? 2 : 4), b.fpStatus()));
  }),

  inst('C7.2', 'FCVTN, FCVTN2', '0 Q:1! 0 01110 0 sz:1! 10000 10110 10 Rn:5 Rd:5', {}, (b, { Q, sz, Rn, Rd }) => {
    setNarrow(
      b,
      Rd,
      b.call(softfloat(sz ? 'v_f64_to_f32' : 'v_f32_to_f16'), b.v(Rn), b.imm(sz ? 2 : 4), b.fpStatus()),
      Q,
    );
  }),

  inst('C7.2', 'FCVTXN, FCVTXN2 (vector)', '0 Q:1! 1 01110 0 1 10000 10110 10 Rn:5 Rd:5', {}, (b, { Q, Rn, Rd }) => {
    setNarrow(b, Rd, b.call(softfloat('v_f64_to_f32_odd'), b.v(Rn), b.imm(2), b.fpStatus()), Q);
  }),

  inst('C7.2', 'FCVTXN (scalar)', '01 1 11110 0 1 10000 10110 10 Rn:5 Rd:5', {}, (b, { Rn, Rd }) => {
    b.setD(Rd, b.call(softfloat('f64_to_f32_odd'), b.d(Rn), b.fpStatus()));
  }),
]);
