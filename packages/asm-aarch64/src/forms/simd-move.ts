import { form } from '../form.js';
import type { Form, FormTable, Operand } from '../form.js';
import { unsigned } from '../operands/immediates.js';
import { w, x } from '../operands/registers.js';
import { cross, lanesOf, numbered, two, VECTORS } from '../operands/shapes.js';
import { byteMask, floatImmediate, modifiedByte, modifiedShifted } from '../operands/vector-immediates.js';
import { arrangementOf, element, imm5Index, LETTERS, registerList, scalar, vector } from '../operands/vectors.js';
import type { IndexCodec, Letter } from '../operands/vectors.js';

const float = floatImmediate((f) => ((f.abc as number) << 5) | (f.defgh as number), (imm8, draft) => {
  draft.abc = imm8 >> 5;
  draft.defgh = imm8 & 31;
});

/** The modified immediates with a shift: mnemonics by op, and the cmode for shift 0. */
const SHIFTED = [
  { names: ['movi', 'mvni'], size: 2, cmodes: [0, 2, 4, 6] },
  { names: ['orr', 'bic'], size: 2, cmodes: [1, 3, 5, 7] },
  { names: ['movi', 'mvni'], size: 1, cmodes: [8, 10] },
  { names: ['orr', 'bic'], size: 1, cmodes: [9, 11] },
] as const;

function modifiedImmediates(): Form[] {
  return [0, 1].flatMap((Q) => [
    ...SHIFTED.flatMap(({ names, size, cmodes }) =>
      names.map((name, op) => form(name, { Q, op }, [vector(arrangementOf(size, Q), 'Rd'), modifiedShifted('lsl', cmodes.map((_, i) => 8 * i), cmodes)]))),
    ...['movi', 'mvni'].map((name, op) => form(name, { Q, op }, [vector(arrangementOf(2, Q), 'Rd'), modifiedShifted('msl', [8, 16], [12, 13])])),
    form('movi', { Q, op: 0, cmode: 14 }, [vector(arrangementOf(0, Q), 'Rd'), modifiedByte]),
    form('movi', { Q, op: 1, cmode: 14 }, [Q ? vector('2d', 'Rd') : scalar('d', 'Rd'), byteMask]),
    form('fmov', { Q, op: 0, cmode: 15 }, [vector(arrangementOf(2, Q), 'Rd'), float]),
    ...(Q ? [form('fmov', { Q, op: 1, cmode: 15 }, [vector('2d', 'Rd'), float])] : []),
  ]);
}

const letter = (size: number): Letter => LETTERS[size] as Letter;
const general = (size: number, field: string): Operand => (size === 3 ? x(field) : w(field));
const SIZES = [0, 1, 2, 3] as const;
const elementOf = (size: number, field: string): Operand => element(letter(size), field, imm5Index(size));

/** The other element of INS, in imm4. */
const imm4Index = (size: number): IndexCodec => ({
  of: ({ imm4 = 0 }) => imm4 >> size,
  limit: 16 >> size,
  set(index, draft) {
    draft.imm4 = index << size;
  },
});

/** imm5 with the size alone. */
const sized = (operand: Operand, size: number): Operand => ({
  format: (f, site) => (((f.imm5 as number) & (2 ** (size + 1) - 1)) === 1 << size ? operand.format(f, site) : undefined),
  parse(cursor, draft) {
    operand.parse(cursor, draft);
    draft.imm5 = 1 << size;
  },
});

const REVERSALS = { rev64: { U: 0, half: 0 }, rev32: { U: 1, half: 0 }, rev16: { U: 0, half: 1 } } as const;

/** Syntax of the rows that move vectors and their elements. */
export const simdMoveForms: FormTable = {
  'MOVI, MVNI, ORR, BIC (vector, immediate), FMOV (vector, immediate)': modifiedImmediates(),
  'DUP (element, vector)': SIZES.flatMap((size) => [0, 1].map((Q) => form('dup', { Q }, [vector(arrangementOf(size, Q), 'Rd'), elementOf(size, 'Rn')]))),
  'DUP (element, scalar)': ['mov', 'dup'].flatMap((name) => SIZES.map((size) => form(name, {}, [scalar(letter(size), 'Rd'), elementOf(size, 'Rn')]))),
  'DUP (general)': SIZES.flatMap((size) => [0, 1].map((Q) => form('dup', { Q }, [vector(arrangementOf(size, Q), 'Rd'), sized(general(size, 'Rn'), size)]))),
  SMOV: SIZES.slice(0, 3).flatMap((size) => [0, 1].map((Q) => form('smov', { Q }, [Q ? x('Rd') : w('Rd'), elementOf(size, 'Rn')]))),
  UMOV: ['mov', 'umov'].flatMap((name) => SIZES.slice(name === 'mov' ? 2 : 0).map((size) => form(name, { Q: size === 3 ? 1 : 0 }, [general(size, 'Rd'), elementOf(size, 'Rn')]))),
  'INS (general)': ['mov', 'ins'].flatMap((name) => SIZES.map((size) => form(name, {}, [elementOf(size, 'Rd'), general(size, 'Rn')]))),
  'INS (element)': ['mov', 'ins'].flatMap((name) => SIZES.map((size) => form(name, {}, [elementOf(size, 'Rd'), element(letter(size), 'Rn', imm4Index(size))]))),

  'UZP1, UZP2, TRN1, TRN2, ZIP1, ZIP2': ['uzp', 'trn', 'zip'].flatMap((name, i) =>
    [0, 1].flatMap((part) => cross({ [`${name}${part + 1}`]: { part, kind: i + 1 } }, VECTORS, ({ r }) => [r('Rd'), r('Rn'), r('Rm')]))),
  EXT: cross({ ext: {} }, [0, 1].map((Q) => lanesOf(0, Q, {})), ({ r, Q }) => [r('Rd'), r('Rn'), r('Rm'), unsigned('imm4', 3 + Q, { decimal: true })]),
  'TBL, TBX': ['tbl', 'tbx'].flatMap((name, extend) => [0, 1].flatMap((Q) => [0, 1, 2, 3].map((len) =>
    form(name, { extend, Q, len }, [vector(arrangementOf(0, Q), 'Rd'), registerList('16b', 'Rn', len + 1), vector(arrangementOf(0, Q), 'Rm')])))),
  'REV64, REV32, REV16': cross(REVERSALS, VECTORS, two),
  'RBIT (vector)': cross({ rbit: {} }, [0, 1].map((Q) => lanesOf(0, Q, {})), two),
  ...numberedBytes({ 'CNT (vector)': ['cnt'], NOT: ['mvn', 'not'] }),
};

/** Rows of byte vectors without selecting fields. */
function numberedBytes(rows: Readonly<Record<string, readonly string[]>>): FormTable {
  return Object.fromEntries(Object.entries(rows).map(([row, names]) => [row, names.flatMap((name) => cross(numbered([name], 'Q', {}), [lanesOf(0, 0, {}), lanesOf(0, 1, {})], two))]));
}
