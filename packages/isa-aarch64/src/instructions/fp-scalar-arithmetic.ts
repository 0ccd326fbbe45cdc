import { derived, small, Ty, wide } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { SoftfloatName } from '@qvm/softfloat';
import { scalarFloat, softfloat } from '../builder/softfloat-helpers.js';
import type { ScalarOperation } from '../builder/softfloat-helpers.js';
import { absolute, currentRounding, negate, scalar, scalarOperation } from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';

enum OneSource {
  FMOV,
  FABS,
  FNEG,
  FSQRT,
}

const FNMUL = 8;
const TWO_SOURCE: readonly ScalarOperation[] = ['mul', 'div', 'add', 'sub', 'max', 'min', 'maxnum', 'minnum', 'mul'];

/** Conversions by source and result, as ftype and opc encode them. */
const CONVERT: Readonly<Record<number, Readonly<Record<number, SoftfloatName>>>> = {
  0: { 1: 'f32_to_f64', 3: 'f32_to_f16' },
  1: { 0: 'f64_to_f32', 3: 'f64_to_f16' },
  3: { 0: 'f16_to_f32', 1: 'f16_to_f64' },
};
const conversion = ({ ftype, opc }: { ftype: number; opc: number }): SoftfloatName | undefined => CONVERT[ftype]?.[opc];

const FRINTX = 6;
const FRINTI = 7;

/** VFPExpandImm for single (`double` = 0) or double precision, as bits. */
function expandImmediate(imm8: number, double: number): bigint {
  const exponentBits = double ? 11 : 8;
  const fractionBits = double ? 52 : 23;
  const b = (imm8 >> 6) & 1;
  const repeated = b ? (1 << (exponentBits - 3)) - 1 : 0;
  const exponent = ((b ^ 1) << (exponentBits - 1)) | (repeated << 2) | ((imm8 >> 4) & 3);
  const head = BigInt(((imm8 >> 7) << exponentBits) | exponent) << BigInt(fractionBits);
  return head | (BigInt(imm8 & 15) << BigInt(fractionBits - 4));
}

/**
 * Scalar floating-point data processing with one, two and three sources (Arm ARM C7.2).
 *
 * @experimental
 */
export const fpScalarArithmeticRows: readonly A64Row[] = withFpCheck([
  inst(
    'C7.2',
    'FMOV (register), FABS, FNEG, FSQRT (scalar)',
    '00011110 0 D:1! 1 0000 op:2! 10000 Rn:5 Rd:5',
    {},
    (b, { D, op, Rn, Rd }) => {
      const bits = (): V => scalar(b, Rn, D);
      switch (op as OneSource) {
        case OneSource.FMOV:
          return b.setD(Rd, bits());
        case OneSource.FABS:
          return b.setD(Rd, absolute(b, bits(), D));
        case OneSource.FNEG:
          return b.setD(Rd, negate(b, bits(), D));
        case OneSource.FSQRT:
          return b.setD(Rd, scalarOperation(b, 'sqrt', D, Rn));
      }
    },
  ),

  inst(
    'C7.2',
    'FCVT',
    '00011110 ftype:2! 1 0001 opc:2! 10000 Rn:5 Rd:5',
    { valid: (f) => conversion(f) !== undefined },
    (b, { ftype, opc, Rn, Rd }) => {
      const helper = softfloat(conversion({ ftype, opc }) as SoftfloatName);
      b.setD(Rd, b.call(helper, scalar(b, Rn, ftype === 1 ? 1 : 0), b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FRINTN, FRINTP, FRINTM, FRINTZ, FRINTA, FRINTX, FRINTI (scalar)',
    '00011110 0 D:1! 1 001 mode:3 10000 Rn:5 Rd:5',
    {
      operands: { exact: small(({ mode }) => (mode === FRINTX ? 1 : 0)) },
      derived: { current: derived(2, ({ mode }) => (mode === FRINTX || mode === FRINTI ? 1 : 0)) },
      allocated: ({ mode }) => mode !== 5,
    },
    (b, { D, mode, exact, current, Rn, Rd }) => {
      const rounding = current ? currentRounding(b) : mode;
      b.setD(Rd, b.call(scalarFloat('rint', D), scalar(b, Rn, D), rounding, current ? exact : b.imm(0), b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FMUL, FDIV, FADD, FSUB, FMAX, FMIN, FMAXNM, FMINNM, FNMUL (scalar)',
    '00011110 0 D:1! 1 Rm:5 op:4! 10 Rn:5 Rd:5',
    { valid: ({ op }) => op < TWO_SOURCE.length },
    (b, { D, op, Rm, Rn, Rd }) => {
      const result = scalarOperation(b, TWO_SOURCE[op] as ScalarOperation, D, Rn, Rm);
      b.setD(Rd, op === FNMUL ? negate(b, result, D) : result);
    },
  ),

  // FMADD, FMSUB, FNMADD, FNMSUB: the operands are negated, not the result.
  inst(
    'C7.2',
    'FMADD, FMSUB, FNMADD, FNMSUB',
    '00011111 0 D:1! o1:1! Rm:5 o0:1! Ra:5 Rn:5 Rd:5',
    {},
    (b, { D, o1, o0, Rm, Ra, Rn, Rd }) => {
      const a = scalar(b, Ra, D);
      const n = scalar(b, Rn, D);
      const addend = o1 ? negate(b, a, D) : a;
      const factor = o0 !== o1 ? negate(b, n, D) : n;
      b.setD(Rd, b.call(scalarFloat('muladd', D), addend, factor, scalar(b, Rm, D), b.fpStatus()));
    },
  ),

  inst(
    'C7.2',
    'FMOV (scalar, immediate)',
    '00011110 0 D:1 1 imm8:8 100 00000 Rd:5',
    { operands: { bits: wide(({ imm8, D }) => expandImmediate(imm8, D)) } },
    (b, { bits, Rd }) => b.setD(Rd, b.as(bits, Ty.i64)),
  ),
]);
