import { small, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { scalarFloat, softfloat } from '../builder/softfloat-helpers.js';
import { scalar, TIES_AWAY } from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';

const TOWARD_ZERO = 3;

/** Fraction bits of a fixed-point operand. */
const fractionBits = small(({ scale }: { scale: number }) => 64 - scale);

/** Whether the general register has enough bits for the fraction. */
const fits = ({ sf, scale }: { sf: number; scale: number }): boolean => sf === 1 || scale >= 32;

const TO_INTEGER = ['to_s32', 'to_u32', 'to_s64', 'to_u64'] as const;

/** FPToFixed to a general register of 32 or 64 bits. */
function toFixed(b: A64, x: V, fbits: V, rounding: V, { sf, D, U }: { sf: number; D: number; U: number }): V {
  return b.call(
    scalarFloat(TO_INTEGER[sf * 2 + U] as (typeof TO_INTEGER)[number], D),
    x,
    fbits,
    rounding,
    b.fpStatus(),
  );
}

/** FixedToFP; a 32-bit integer is extended to 64 bits first. */
function fromFixed(b: A64, x: V, fbits: V, { sf, D, U }: { sf: number; D: number; U: number }): V {
  const wide = sf ? x : U ? b.as(x, Ty.i64) : b.widenSigned(x);
  return b.call(scalarFloat(U ? 'from_u64' : 'from_s64', D), wide, fbits, b.fpStatus());
}

/**
 * Conversions and moves between scalar floating-point and general registers (Arm ARM C7.2).
 *
 * @experimental
 */
export const fpScalarConvertRows: readonly A64Row[] = withFpCheck([
  inst(
    'C7.2',
    'FCVTNS, FCVTPS, FCVTMS, FCVTZS, FCVTAS, FCVTNU, FCVTPU, FCVTMU, FCVTZU, FCVTAU (scalar, integer)',
    'sf:1! 0011110 0 D:1! 1 rmode:2 away:1 0 U:1! 000000 Rn:5 Rd:5',
    {
      operands: { rounding: small(({ rmode, away }) => (away ? TIES_AWAY : rmode)) },
      allocated: ({ rmode, away }) => !away || rmode === 0,
    },
    (b, { sf, D, U, rounding, Rn, Rd }) => b.setX(Rd, toFixed(b, scalar(b, Rn, D), b.imm(0), rounding, { sf, D, U })),
  ),

  inst(
    'C7.2',
    'FCVTZS, FCVTZU (scalar, fixed-point)',
    'sf:1! 0011110 0 D:1! 0 11 00 U:1! scale:6 Rn:5 Rd:5',
    { operands: { fbits: fractionBits }, allocated: fits },
    (b, { sf, D, U, fbits, Rn, Rd }) =>
      b.setX(Rd, toFixed(b, scalar(b, Rn, D), fbits, b.imm(TOWARD_ZERO), { sf, D, U })),
  ),

  inst(
    'C7.2',
    'SCVTF, UCVTF (scalar, integer)',
    'sf:1! 0011110 0 D:1! 1 00 01 U:1! 000000 Rn:5 Rd:5',
    {},
    (b, { sf, D, U, Rn, Rd }) => {
      b.setD(Rd, fromFixed(b, b.x(Rn, sf), b.imm(0), { sf, D, U }));
    },
  ),

  inst(
    'C7.2',
    'SCVTF, UCVTF (scalar, fixed-point)',
    'sf:1! 0011110 0 D:1! 0 00 01 U:1! scale:6 Rn:5 Rd:5',
    { operands: { fbits: fractionBits }, allocated: fits },
    (b, { sf, D, U, fbits, Rn, Rd }) => b.setD(Rd, fromFixed(b, b.x(Rn, sf), fbits, { sf, D, U })),
  ),

  inst(
    'C7.2',
    'FMOV (general)',
    'sf:1! 0011110 0 D:1! 1 00 11 toVector:1! 000000 Rn:5 Rd:5',
    { valid: ({ sf, D }) => sf === D },
    (b, { D, toVector, Rn, Rd }) => {
      if (toVector) b.setD(Rd, b.x(Rn, D));
      else b.setX(Rd, scalar(b, Rn, D));
    },
  ),

  inst(
    'C7.2',
    'FMOV (general, top half)',
    '1 0011110 10 1 01 11 toVector:1! 000000 Rn:5 Rd:5',
    {},
    (b, { toVector, Rn, Rd }) => {
      if (toVector) b.setV(Rd, b.replaceLane('i64x2_replace_lane', b.v(Rd), 1, b.x(Rn, 1)));
      else b.setX(Rd, b.extractLane('i64x2_extract_lane', b.v(Rn), 1));
    },
  ),

  inst('C7.2', 'FJCVTZS', '0 0011110 01 1 11 110 000000 Rn:5 Rd:5', { feature: 'FEAT_JSCVT' }, (b, { Rn, Rd }) => {
    // Bit 32 tells whether the conversion was exact: PSTATE.Z.
    const result = b.call(softfloat('f64_jcvt'), b.d(Rn), b.fpStatus());
    b.setX(Rd, b.as(result, Ty.i32));
    b.setNzcv(b.as(b.shl(b.shr(result, b.imm(32)), b.imm(2)), Ty.i32));
  }),
]);
