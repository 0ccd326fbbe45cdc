import { form } from '../form.js';
import type { FormTable, Operand } from '../form.js';
import { constant } from '../operands/immediates.js';
import { cross, lanesOf, numbered, SCALARS, signs, three, two, UNSCALAR, VECTORS } from '../operands/shapes.js';
import type { Selection, Shape } from '../operands/shapes.js';
import { arrangementOf, LETTERS, scalar, vector } from '../operands/vectors.js';
import type { Letter } from '../operands/vectors.js';

const BOTH = [...UNSCALAR, ...SCALARS];
const BYTES = [0, 1].map((Q) => lanesOf(0, Q, {}));

const LOGIC: readonly (readonly string[])[] = [['and', 'bic', 'orr', 'orn'], ['eor', 'bsl', 'bit', 'bif']];

/** SADDLP: lanes of twice the width. */
const pairwiseLong = ({ size, Q }: Shape): Operand[] => [vector(arrangementOf(size + 1, Q), 'Rd'), vector(arrangementOf(size, Q), 'Rn')];

/** Reductions: mnemonic, fields, and whether the result is wider. */
const ACROSS: readonly (readonly [string, number, number, number])[] = [
  ['saddlv', 0, 0b00011, 1], ['uaddlv', 1, 0b00011, 1], ['smaxv', 0, 0b01010, 0], ['umaxv', 1, 0b01010, 0], ['sminv', 0, 0b11010, 0], ['uminv', 1, 0b11010, 0],
  ['addv', 0, 0b11011, 0],
];

/** SQXTN and XTN: a narrower destination; with suffix 2, its upper half. */
const narrowing = (names: Readonly<Record<string, Readonly<Record<string, number>>>>, unscalar: Selection[string] = {}) =>
  Object.entries(names).flatMap(([name, fields]) => [0, 1, 2].flatMap((size) => ['', '2'].map((second, Q) =>
    form(`${name}${second}`, { ...fields, ...unscalar, Q, size }, [vector(arrangementOf(size, Q), 'Rd'), vector(arrangementOf(size + 1, 1), 'Rn')]))));

const NARROW: Selection = {
  sqxtun: { U: 1, keepSign: 0, toUnsigned: 1 },
  sqxtn: { U: 0, keepSign: 1, toUnsigned: 0 },
  uqxtn: { U: 1, keepSign: 1, toUnsigned: 0 },
};

/** Syntax of the rows of integer vector arithmetic. */
export const simdArithmeticForms: FormTable = {
  'AND, BIC, ORR, ORN (vector), EOR, BSL, BIT, BIF': [
    ...cross({ mov: { U: 0, size: 2 } }, BYTES, ({ r }) => [r('Rd'), r('Rn', 'Rm')]),
    ...LOGIC.flatMap((names, U) => cross(numbered(names, 'size', { U }), BYTES, three)),
  ],
  'ADD, SUB (vector)': cross(numbered(['add', 'sub'], 'U'), BOTH, three),
  'SHADD, UHADD, SRHADD, URHADD, SHSUB, UHSUB': cross(signs(numbered(['hadd', 'rhadd', 'hsub'], 'kind')), VECTORS, three),
  'MLA, MLS (vector)': cross(numbered(['mla', 'mls'], 'U'), VECTORS, three),
  'MUL (vector)': cross({ mul: {} }, VECTORS, three),
  PMUL: cross({ pmul: {} }, BYTES, three),
  'SABD, UABD, SABA, UABA': cross(signs(numbered(['abd', 'aba'], 'accumulate')), VECTORS, three),
  'CMGT, CMGE (register), CMHI, CMHS': cross(
    { cmgt: { U: 0, orEqual: 0 }, cmge: { U: 0, orEqual: 1 }, cmhi: { U: 1, orEqual: 0 }, cmhs: { U: 1, orEqual: 1 } },
    BOTH,
    three,
  ),
  'CMTST, CMEQ (register)': cross(numbered(['cmtst', 'cmeq'], 'U'), BOTH, three),
  'SMAX, UMAX, SMIN, UMIN': cross(signs(numbered(['max', 'min'], 'min')), VECTORS, three),
  'SMAXP, UMAXP, SMINP, UMINP': cross(signs(numbered(['maxp', 'minp'], 'min')), VECTORS, three),
  'ADDP (vector)': cross({ addp: {} }, VECTORS, three),
  'ADDP (scalar)': [form('addp', {}, [scalar('d', 'Rd'), vector('2d', 'Rn')])],
  'SQADD, UQADD, SQSUB, UQSUB': cross(signs(numbered(['qadd', 'qsub'], 'sub')), BOTH, three),
  'SSHL, USHL, SRSHL, URSHL': cross(signs(numbered(['shl', 'rshl'], 'round')), BOTH, three),
  'SQSHL, UQSHL (register), SQRSHL, UQRSHL': cross(signs(numbered(['qshl', 'qrshl'], 'round')), BOTH, three),
  'SQDMULH, SQRDMULH (vector)': cross(numbered(['sqdmulh', 'sqrdmulh'], 'round'), BOTH, three),
  'SQRDMLAH, SQRDMLSH (vector)': cross(numbered(['sqrdmlah', 'sqrdmlsh'], 'sub'), BOTH, three),
  'SDOT, UDOT (vector)': cross(signs({ dot: {} }), [0, 1].map((Q) => lanesOf(2, Q, {})), ({ r, Q }) => [r('Rd'), vector(arrangementOf(0, Q), 'Rn'), vector(arrangementOf(0, Q), 'Rm')]),

  'SADDLP, UADDLP, SADALP, UADALP': cross(signs(numbered(['addlp', 'adalp'], 'accumulate')), VECTORS.filter(({ size }) => size < 3), pairwiseLong),
  'CLS, CLZ (vector)': cross(numbered(['cls', 'clz'], 'U'), VECTORS, two),
  'CMGT, CMGE, CMEQ, CMLE, CMLT (zero)': cross(
    { cmgt: { U: 0, kind: 0 }, cmge: { U: 1, kind: 0 }, cmeq: { U: 0, kind: 1 }, cmle: { U: 1, kind: 1 }, cmlt: { U: 0, kind: 2 } },
    BOTH,
    ({ r }) => [r('Rd'), r('Rn'), constant(0)],
  ),
  'ABS, NEG (vector)': cross(numbered(['abs', 'neg'], 'U'), BOTH, two),
  'SUQADD, USQADD': cross(numbered(['suqadd', 'usqadd'], 'U'), BOTH, two),
  'SQABS, SQNEG': cross(numbered(['sqabs', 'sqneg'], 'U'), BOTH, two),
  'XTN, XTN2': narrowing({ xtn: {} }),
  'SHLL, SHLL2': [0, 1, 2].flatMap((size) => ['shll', 'shll2'].map((name, Q) =>
    form(name, { size, Q }, [vector(arrangementOf(size + 1, 1), 'Rd'), vector(arrangementOf(size, Q), 'Rn'), constant(8 << size)]))),
  'SQXTUN, SQXTN, UQXTN': [
    ...narrowing(NARROW, { scalar: 0 }),
    ...Object.entries(NARROW).flatMap(([name, fields]) => [0, 1, 2].map((size) =>
      form(name, { ...fields, scalar: 1, Q: 1, size }, [scalar(LETTERS[size] as Letter, 'Rd'), scalar(LETTERS[size + 1] as Letter, 'Rn')]))),
  ],
  'ADDV, SADDLV, UADDLV, SMAXV, UMAXV, SMINV, UMINV': ACROSS.flatMap(([name, U, opcode, wider]) => VECTORS.filter(({ size }) => size < 3).map(({ size, Q, r }) =>
    form(name, { U, opcode, size, Q }, [scalar(LETTERS[size + wider] as Letter, 'Rd'), r('Rn')]))),
};
