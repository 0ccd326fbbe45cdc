import { form } from '../form.js';
import type { Form, FormTable } from '../form.js';
import { immediate, unsigned } from '../operands/immediates.js';
import { w, widths, x } from '../operands/registers.js';
import { cross, numbered, PRECISIONS, three, two } from '../operands/shapes.js';
import { condition } from '../operands/text.js';
import { floatImmediate, floatZero } from '../operands/vector-immediates.js';
import { element, fixedIndex, LETTERS, scalar } from '../operands/vectors.js';

/** The precisions by `ftype`: S, D, H. */
const PRECISION_LETTERS = { 0: 's', 1: 'd', 3: 'h' } as const;
const ROUNDINGS = ['n', 'p', 'm', 'z'] as const;

const float = floatImmediate((f) => f.imm8 as number, (imm8, draft) => {
  draft.imm8 = imm8;
});

/** Number of fraction bits, encoded as 64 minus the number. */
const fractionBits = (sf: 0 | 1) => immediate({
  expected: `1 to ${sf ? 64 : 32}`,
  decimal: true,
  of: (f) => 64 - (f.scale as number),
  set(value, draft) {
    draft.scale = 64 - Number(value);
    return value >= 1n && value <= (sf ? 64n : 32n);
  },
});

const D = (n: number) => LETTERS[n + 2] as 's' | 'd';
const signed = (U: number): string => (U ? 'u' : 's');
/** A form for each width, precision and signedness. */
const conversions = (make: (sf: 0 | 1, r: typeof x, d: number, U: number) => readonly Form[]): Form[] =>
  widths((sf, r) => [0, 1].flatMap((d) => [0, 1].flatMap((U) => make(sf, r, d, U))));

/** Syntax of the rows of scalar floating point. */
export const fpScalarForms: FormTable = {
  'FMOV (register), FABS, FNEG, FSQRT (scalar)': cross(numbered(['fmov', 'fabs', 'fneg', 'fsqrt'], 'op'), PRECISIONS, two),
  FCVT: Object.entries(PRECISION_LETTERS).flatMap(([ftype, from]) =>
    Object.entries(PRECISION_LETTERS).map(([opc, to]) => form('fcvt', { ftype: Number(ftype), opc: Number(opc) }, [scalar(to, 'Rd'), scalar(from, 'Rn')]))),
  'FRINTN, FRINTP, FRINTM, FRINTZ, FRINTA, FRINTX, FRINTI (scalar)':
    cross(numbered(['frintn', 'frintp', 'frintm', 'frintz', 'frinta', undefined, 'frintx', 'frinti'], 'mode'), PRECISIONS, two),
  'FMUL, FDIV, FADD, FSUB, FMAX, FMIN, FMAXNM, FMINNM, FNMUL (scalar)':
    cross(numbered(['fmul', 'fdiv', 'fadd', 'fsub', 'fmax', 'fmin', 'fmaxnm', 'fminnm', 'fnmul'], 'op'), PRECISIONS, three),
  'FMADD, FMSUB, FNMADD, FNMSUB': cross(
    { fmadd: { o1: 0, o0: 0 }, fmsub: { o1: 0, o0: 1 }, fnmadd: { o1: 1, o0: 0 }, fnmsub: { o1: 1, o0: 1 } },
    PRECISIONS,
    ({ r }) => [r('Rd'), r('Rn'), r('Rm'), r('Ra')],
  ),
  'FMOV (scalar, immediate)': cross({ fmov: {} }, PRECISIONS, ({ r }) => [r('Rd'), float]),

  'FCMP, FCMPE (register)': cross(numbered(['fcmp', 'fcmpe'], 'E'), PRECISIONS, ({ r }) => [r('Rn'), r('Rm')]),
  'FCMP, FCMPE (zero)': cross(numbered(['fcmp', 'fcmpe'], 'E'), PRECISIONS, ({ r }) => [r('Rn'), floatZero]).map((f) => ({ ...f, ignored: 0 })),
  'FCCMP, FCCMPE': cross(numbered(['fccmp', 'fccmpe'], 'E'), PRECISIONS, ({ r }) => [r('Rn'), r('Rm'), unsigned('nzcv', 4), condition('cond')]),
  FCSEL: cross({ fcsel: {} }, PRECISIONS, ({ r }) => [r('Rd'), r('Rn'), r('Rm'), condition('cond')]),

  'FCVTNS, FCVTPS, FCVTMS, FCVTZS, FCVTAS, FCVTNU, FCVTPU, FCVTMU, FCVTZU, FCVTAU (scalar, integer)': conversions((sf, r, d, U) => [
    ...ROUNDINGS.map((name, rmode) => form(`fcvt${name}${signed(U)}`, { sf, D: d, U, rmode, away: 0 }, [r('Rd'), scalar(D(d), 'Rn')])),
    form(`fcvta${signed(U)}`, { sf, D: d, U, rmode: 0, away: 1 }, [r('Rd'), scalar(D(d), 'Rn')]),
  ]),
  'FCVTZS, FCVTZU (scalar, fixed-point)': conversions((sf, r, d, U) => [form(`fcvtz${signed(U)}`, { sf, D: d, U }, [r('Rd'), scalar(D(d), 'Rn'), fractionBits(sf)])]),
  'SCVTF, UCVTF (scalar, integer)': conversions((sf, r, d, U) => [form(`${signed(U)}cvtf`, { sf, D: d, U }, [scalar(D(d), 'Rd'), r('Rn')])]),
  'SCVTF, UCVTF (scalar, fixed-point)': conversions((sf, r, d, U) => [form(`${signed(U)}cvtf`, { sf, D: d, U }, [scalar(D(d), 'Rd'), r('Rn'), fractionBits(sf)])]),
  'FMOV (general)': widths((sf, r) => [
    form('fmov', { sf, D: sf, toVector: 0 }, [r('Rd'), scalar(D(sf), 'Rn')]),
    form('fmov', { sf, D: sf, toVector: 1 }, [scalar(D(sf), 'Rd'), r('Rn')]),
  ]),
  'FMOV (general, top half)': [
    form('fmov', { toVector: 0 }, [x('Rd'), element('d', 'Rn', fixedIndex(1))]),
    form('fmov', { toVector: 1 }, [element('d', 'Rd', fixedIndex(1)), x('Rn')]),
  ],
  FJCVTZS: [form('fjcvtzs', {}, [w('Rd'), scalar('d', 'Rn')])],
};
