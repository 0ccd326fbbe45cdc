import { form } from '../form.js';
import type { Form, FormTable, Operand } from '../form.js';
import { cross, lanesOf, numbered, scalarOf, signs } from '../operands/shapes.js';
import type { Selection, Shape } from '../operands/shapes.js';
import { shiftLeftBy, shiftRightBy } from '../operands/vector-immediates.js';
import { arrangementOf, LETTERS, scalar, vector } from '../operands/vectors.js';
import type { Letter } from '../operands/vectors.js';

/** Vectors and scalars whose size is in immh. */
const BOTH: readonly Shape[] = [
  ...[0, 1, 2, 3].flatMap((size) => [0, 1].map((Q) => lanesOf(size, Q, { scalar: 0 }))),
  ...[0, 1, 2, 3].map((size) => scalarOf(size, { Q: 1, scalar: 1 })),
];

const shifted = (selection: Selection, amount: (size: number) => Operand): Form[] => cross(selection, BOTH, ({ r, size }) => [r('Rd'), r('Rn'), amount(size)]);

const HALVES = ['', '2'] as const;

const narrow = (selection: Selection): Form[] => Object.entries(selection).flatMap(([name, fields]) => [0, 1, 2].flatMap((size) => HALVES.map((second, Q) =>
  form(`${name}${second}`, { ...fields, Q }, [vector(arrangementOf(size, Q), 'Rd'), vector(arrangementOf(size + 1, 1), 'Rn'), shiftRightBy(size)]))));

const SATURATING_NARROW: Selection = {
  sqshrun: { U: 1, same: 0, round: 0 }, sqrshrun: { U: 1, same: 0, round: 1 }, sqshrn: { U: 0, same: 1, round: 0 },
  uqshrn: { U: 1, same: 1, round: 0 }, sqrshrn: { U: 0, same: 1, round: 1 }, uqrshrn: { U: 1, same: 1, round: 1 },
};

/** SSHLL; a shift by 0 is SXTL. */
function lengthening(): Form[] {
  return ['s', 'u'].flatMap((sign, U) => [0, 1, 2].flatMap((size) => HALVES.flatMap((second, Q) => {
    const registers = [vector(arrangementOf(size + 1, 1), 'Rd'), vector(arrangementOf(size, Q), 'Rn')];
    return [
      form(`${sign}xtl${second}`, { U, Q, immh: 1 << size, immb: 0 }, registers),
      form(`${sign}shll${second}`, { U, Q }, [...registers, shiftLeftBy(size)]),
    ];
  })));
}

/** Syntax of the rows of vector shifts by an immediate. */
export const simdShiftForms: FormTable = {
  'SSHR, USHR': shifted(signs({ shr: {} }), shiftRightBy),
  'SSRA, USRA, SRSRA, URSRA': shifted(signs(numbered(['sra', 'rsra'], 'round')), shiftRightBy),
  'SRSHR, URSHR': shifted(signs({ rshr: {} }), shiftRightBy),
  SRI: shifted({ sri: {} }, shiftRightBy),
  'SHL, SLI': shifted(numbered(['shl', 'sli'], 'insert'), shiftLeftBy),
  'SHRN, RSHRN': narrow(numbered(['shrn', 'rshrn'], 'round')),
  'SSHLL, USHLL': lengthening(),
  'SQSHLU, SQSHL, UQSHL (immediate)': shifted({ sqshlu: { U: 1, same: 0 }, sqshl: { U: 0, same: 1 }, uqshl: { U: 1, same: 1 } }, shiftLeftBy),
  'SQSHRUN, SQRSHRUN, SQSHRN, UQSHRN, SQRSHRN, UQRSHRN': [
    ...narrow(Object.fromEntries(Object.entries(SATURATING_NARROW).map(([name, fields]) => [name, { ...fields, scalar: 0 }]))),
    ...Object.entries(SATURATING_NARROW).flatMap(([name, fields]) => [0, 1, 2].map((size) =>
      form(name, { ...fields, scalar: 1, Q: 1 }, [scalar(LETTERS[size] as Letter, 'Rd'), scalar(LETTERS[size + 1] as Letter, 'Rn'), shiftRightBy(size)]))),
  ],
};
