import { form } from '../form.js';
import type { Form, FormTable, Operand } from '../form.js';
import { immediate } from '../operands/immediates.js';
import { cross, FLOATS, lanesOf, numbered, SCALAR_FLOATS, scalarOf, three, two, UNSCALAR_FLOATS } from '../operands/shapes.js';
import type { Selection, Shape } from '../operands/shapes.js';
import { floatZero, shiftRightBy } from '../operands/vector-immediates.js';
import { arrangementOf, element, LETTERS, scalar, vector } from '../operands/vectors.js';
import type { IndexCodec, Letter } from '../operands/vectors.js';

const BOTH = [...UNSCALAR_FLOATS, ...SCALAR_FLOATS];

const THREE_SAME: Selection = {
  fmaxnm: { U: 0, a: 0, op: 0 }, fminnm: { U: 0, a: 1, op: 0 }, fadd: { U: 0, a: 0, op: 2 }, fsub: { U: 0, a: 1, op: 2 }, fabd: { U: 1, a: 1, op: 2 },
  fmulx: { U: 0, a: 0, op: 3 }, fmul: { U: 1, a: 0, op: 3 }, fcmeq: { U: 0, a: 0, op: 4 }, fcmge: { U: 1, a: 0, op: 4 }, fcmgt: { U: 1, a: 1, op: 4 },
  facge: { U: 1, a: 0, op: 5 }, facgt: { U: 1, a: 1, op: 5 }, fmax: { U: 0, a: 0, op: 6 }, fmin: { U: 0, a: 1, op: 6 },
  frecps: { U: 0, a: 0, op: 7 }, frsqrts: { U: 0, a: 1, op: 7 }, fdiv: { U: 1, a: 0, op: 7 },
};

/** FCVT to integers: the rounding by op and o2. */
const ROUNDED: Selection = { n: { op: 2, o2: 0 }, p: { op: 2, o2: 1 }, m: { op: 3, o2: 0 }, z: { op: 3, o2: 1 }, a: { op: 4, o2: 0 } };

const toIntegers: Selection = {
  ...Object.fromEntries(Object.entries(ROUNDED).flatMap(([name, fields]) => [[`fcvt${name}s`, { ...fields, U: 0 }], [`fcvt${name}u`, { ...fields, U: 1 }]])),
};

/** Shapes of the fixed-point conversions: the size is in immh. */
const FIXED: readonly Shape[] = [
  ...[[2, 0], [2, 1], [3, 1]].map(([size = 0, Q = 0]) => lanesOf(size, Q, { S: 0 })),
  ...[2, 3].map((size) => scalarOf(size, { Q: 1, S: 1 })),
];
const fixedPoint = (selection: Selection): Form[] => cross(selection, FIXED, ({ r, size }) => [r('Rd'), r('Rn'), shiftRightBy(size)]);

/** A rotation: field `rot` times `step` degrees, plus `first`. */
const rotation = (first: number, step: number, count: number): Operand => immediate({
  expected: Array.from({ length: count }, (_, i) => `#${first + i * step}`).join(', '),
  decimal: true,
  of: (f) => first + (f.rot as number) * step,
  set(value, draft) {
    const rot = (Number(value) - first) / step;
    draft.rot = rot;
    return Number.isInteger(rot) && rot >= 0 && rot < count;
  },
});

/** Element numbers H:L of single, H of double precision. */
const elementIndex = (size: number): IndexCodec => ({
  of: ({ H = 0, L = 0 }) => (size === 3 ? (L ? undefined : H) : (H << 1) | L),
  limit: size === 3 ? 2 : 4,
  set(index, draft) {
    draft.H = size === 3 ? index : index >> 1;
    draft.L = size === 3 ? 0 : index & 1;
  },
});

const high: IndexCodec = {
  of: (f) => f.H,
  limit: 2,
  set(index, draft) {
    draft.H = index;
  },
};

/** FCVTL and similar instructions: suffix 2 stands for the upper half of the narrow vector. */
const widths = (make: (second: string, Q: number) => readonly Form[]): Form[] => [...make('', 0), ...make('2', 1)];

/** Syntax of the rows of floating-point vectors. */
export const fpVectorForms: FormTable = {
  'FADD, FSUB, FMUL, FDIV, FABD, FMULX, FMAX, FMIN, FMAXNM, FMINNM, FCMxx, FACxx, FRECPS, FRSQRTS (vector; scalar where there is one)': cross(THREE_SAME, BOTH, three),
  'FMLA, FMLS (vector)': cross(numbered(['fmla', 'fmls'], 'sub'), FLOATS, three),
  'FADDP, FMAXP, FMINP, FMAXNMP, FMINNMP (vector)': cross(
    { fmaxnmp: { a: 0, op: 0 }, fminnmp: { a: 1, op: 0 }, faddp: { a: 0, op: 2 }, fmaxp: { a: 0, op: 6 }, fminp: { a: 1, op: 6 } },
    FLOATS,
    three,
  ),
  'FADDP, FMAXP, FMINP, FMAXNMP, FMINNMP (scalar)': Object.entries({
    fmaxnmp: { a: 0, op: 4 }, fminnmp: { a: 1, op: 4 }, faddp: { a: 0, op: 5 }, fmaxp: { a: 0, op: 7 }, fminp: { a: 1, op: 7 },
  }).flatMap(([name, fields]) => [0, 1].map((sz) => form(name, { ...fields, sz }, [scalar(LETTERS[sz + 2] as Letter, 'Rd'), vector(arrangementOf(sz + 2, sz), 'Rn')]))),
  'FMAXV, FMINV, FMAXNMV, FMINNMV': Object.entries({ fmaxnmv: { a: 0, op: 4 }, fminnmv: { a: 1, op: 4 }, fmaxv: { a: 0, op: 7 }, fminv: { a: 1, op: 7 } })
    .map(([name, fields]) => form(name, fields, [scalar('s', 'Rd'), vector('4s', 'Rn')])),

  'FCMEQ, FCMGE, FCMGT, FCMLE, FCMLT (zero)': cross(
    { fcmgt: { U: 0, op: 0 }, fcmeq: { U: 0, op: 1 }, fcmlt: { U: 0, op: 2 }, fcmge: { U: 1, op: 0 }, fcmle: { U: 1, op: 1 } },
    BOTH,
    ({ r }) => [r('Rd'), r('Rn'), floatZero],
  ),
  'FABS, FNEG (vector)': cross(numbered(['fabs', 'fneg'], 'U'), FLOATS, two),
  'FRINTN, FRINTP, FRINTM, FRINTZ, FRINTA, FRINTX, FRINTI (vector)': cross(
    {
      frintn: { U: 0, o2: 0, o1: 0 }, frintp: { U: 0, o2: 1, o1: 0 }, frintm: { U: 0, o2: 0, o1: 1 }, frintz: { U: 0, o2: 1, o1: 1 },
      frinta: { U: 1, o2: 0, o1: 0 }, frintx: { U: 1, o2: 0, o1: 1 }, frinti: { U: 1, o2: 1, o1: 1 },
    },
    FLOATS,
    two,
  ),
  'FRECPE, FRSQRTE': cross(numbered(['frecpe', 'frsqrte'], 'U'), BOTH, two),
  'FSQRT (vector)': cross({ fsqrt: {} }, FLOATS, two),
  FRECPX: cross({ frecpx: {} }, [0, 1].map((sz) => scalarOf(sz + 2, { sz })), two),
  'URECPE, URSQRTE': cross(numbered(['urecpe', 'ursqrte'], 'U'), [0, 1].map((Q) => lanesOf(2, Q, {})), two),

  'FCVTNS, FCVTPS, FCVTMS, FCVTZS, FCVTAS, FCVTNU, FCVTPU, FCVTMU, FCVTZU, FCVTAU (vector and scalar)': cross(toIntegers, BOTH, two),
  'FCVTZS, FCVTZU (vector and scalar, fixed-point)': fixedPoint(numbered(['fcvtzs', 'fcvtzu'], 'U')),
  'SCVTF, UCVTF (vector and scalar, integer)': cross(numbered(['scvtf', 'ucvtf'], 'U'), BOTH, two),
  'SCVTF, UCVTF (vector and scalar, fixed-point)': fixedPoint(numbered(['scvtf', 'ucvtf'], 'U')),
  'FCVTL, FCVTL2': widths((second, Q) => [0, 1].map((sz) => form(`fcvtl${second}`, { Q, sz }, [vector(arrangementOf(sz + 2, 1), 'Rd'), vector(arrangementOf(sz + 1, Q), 'Rn')]))),
  'FCVTN, FCVTN2': widths((second, Q) => [0, 1].map((sz) => form(`fcvtn${second}`, { Q, sz }, [vector(arrangementOf(sz + 1, Q), 'Rd'), vector(arrangementOf(sz + 2, 1), 'Rn')]))),
  'FCVTXN, FCVTXN2 (vector)': widths((second, Q) => [form(`fcvtxn${second}`, { Q }, [vector(arrangementOf(2, Q), 'Rd'), vector('2d', 'Rn')])]),
  'FCVTXN (scalar)': [form('fcvtxn', {}, [scalar('s', 'Rd'), scalar('d', 'Rn')])],

  'FMLA, FMLS, FMUL, FMULX (by element)': cross(
    { fmla: { U: 0, op: 0 }, fmls: { U: 0, op: 1 }, fmul: { U: 0, op: 2 }, fmulx: { U: 1, op: 2 } },
    BOTH,
    ({ r, size }) => [r('Rd'), r('Rn'), element(LETTERS[size] as Letter, 'Rm', elementIndex(size))],
  ),
  FCADD: cross({ fcadd: {} }, FLOATS, (shape) => [...three(shape), rotation(90, 180, 2)]),
  FCMLA: cross({ fcmla: {} }, FLOATS, (shape) => [...three(shape), rotation(0, 90, 4)]),
  'FCMLA (by element)': [form('fcmla', {}, [vector('4s', 'Rd'), vector('4s', 'Rn'), element('s', 'Rm', high), rotation(0, 90, 4)])],
};
