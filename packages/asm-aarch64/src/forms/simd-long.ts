import type { RawFields } from '@qvm/jit';
import { assign, form } from '../form.js';
import type { Form, FormTable, Operand } from '../form.js';
import { cross, lanesOf, numbered, scalarOf, signs } from '../operands/shapes.js';
import type { Selection, Shape } from '../operands/shapes.js';
import { arrangementOf, element, LETTERS, scalar, vector } from '../operands/vectors.js';
import type { IndexCodec, Letter } from '../operands/vectors.js';

const HALVES = ['', '2'] as const;
const letter = (size: number): Letter => LETTERS[size] as Letter;

/** Operands of a row whose registers have different arrangements: narrow (`n`), or wide (`w`) in 128 bits. */
function different(selection: Selection, order: readonly ['n' | 'w', 'n' | 'w', 'n' | 'w'], sizes: readonly number[] = [0, 1, 2]): Form[] {
  const names = ['Rd', 'Rn', 'Rm'] as const;
  return Object.entries(selection).flatMap(([name, fields]) => sizes.flatMap((size) => HALVES.map((second, Q) => {
    const operands = order.map((width, i) => vector(width === 'w' ? arrangementOf(size + 1, 1) : arrangementOf(size, Q), names[i] as string));
    return form(`${name}${second}`, { ...fields, size, Q }, operands);
  })));
}

/** The element factor of the indexed rows: 16-bit elements are in V0–V15, and M is part of their index. */
function indexed(size: number): Operand {
  const number: IndexCodec = {
    of: ({ H = 0, L = 0, M = 0 }) => (size === 1 ? (H << 2) | (L << 1) | M : (H << 1) | L),
    limit: 16 >> size,
    set(index, draft) {
      if (size === 1) Object.assign(draft, { H: index >> 2, L: (index >> 1) & 1, M: index & 1 });
      else Object.assign(draft, { H: index >> 1, L: index & 1 });
    },
  };
  const whole = element(letter(size), 'Rm', number);
  return {
    format: (f, site) => whole.format({ ...f, Rm: size === 1 ? (f.m as number) : ((f.M as number) << 4) | (f.m as number) }, site),
    parse(cursor, draft) {
      const at = cursor.next;
      const parts: Record<string, number> = {};
      whole.parse(cursor, parts);
      const Rm = parts.Rm as number;
      if (size === 1 && Rm > 15) cursor.fail('v0 to v15', at);
      for (const [name, value] of Object.entries({ M: Rm >> 4, ...pick(parts, ['H', 'L', 'M']), m: Rm & 15 })) assign(cursor, draft, name, value, at);
    },
  };
}

function pick(fields: RawFields, names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
}

/** Vectors of 16 and 32 bits. */
const HALF_WORDS: readonly Shape[] = [1, 2].flatMap((size) => [0, 1].map((Q) => lanesOf(size, Q, { size })));
const SCOPED: readonly Shape[] = [
  ...HALF_WORDS.map((s) => ({ ...s, fields: { ...s.fields, scalar: 0 } })),
  ...[1, 2].map((size) => scalarOf(size, { Q: 1, scalar: 1, size })),
];
const byElement = ({ r, size }: Shape): Operand[] => [r('Rd'), r('Rn'), indexed(size)];

function longByElement(selection: Selection, unscalar: Readonly<Record<string, number>>): Form[] {
  return Object.entries(selection).flatMap(([name, fields]) => [1, 2].flatMap((size) => HALVES.map((second, Q) =>
    form(`${name}${second}`, { ...fields, ...unscalar, size, Q }, [vector(arrangementOf(size + 1, 1), 'Rd'), vector(arrangementOf(size, Q), 'Rn'), indexed(size)]))));
}

const SATURATING: Selection = numbered(['sqdmlal', 'sqdmlsl', 'sqdmull'], 'op');
const saturatingScalar = (last: (size: number) => Operand): Form[] => Object.entries(SATURATING).flatMap(([name, fields]) => [1, 2].map((size) =>
  form(name, { ...fields, scalar: 1, Q: 1, size }, [scalar(letter(size + 1), 'Rd'), scalar(letter(size), 'Rn'), last(size)])));
const vectorsOnly = (selection: Selection): Selection => Object.fromEntries(Object.entries(selection).map(([name, fields]) => [name, { ...fields, scalar: 0 }]));

const dotIndex: IndexCodec = {
  of: ({ H = 0, L = 0 }) => (H << 1) | L,
  limit: 4,
  set(index, draft) {
    Object.assign(draft, { H: index >> 1, L: index & 1 });
  },
};

/** Syntax of the rows with wider and narrower results, and of those that multiply by an element. */
export const simdLongForms: FormTable = {
  'SADDL, UADDL, SADDW, UADDW, SSUBL, USUBL, SSUBW, USUBW': [
    ...different(signs(numbered(['addl', 'subl'], 'sub', { wide: 0 })), ['w', 'n', 'n']),
    ...different(signs(numbered(['addw', 'subw'], 'sub', { wide: 1 })), ['w', 'w', 'n']),
  ],
  'SABAL, UABAL, SABDL, UABDL': different(signs(numbered(['abal', 'abdl'], 'only')), ['w', 'n', 'n']),
  'SMLAL, UMLAL, SMLSL, UMLSL, SMULL, UMULL (vector)': different(signs(numbered(['mlal', 'mlsl', 'mull'], 'op')), ['w', 'n', 'n']),
  'ADDHN, RADDHN, SUBHN, RSUBHN': different(
    { addhn: { round: 0, sub: 0 }, raddhn: { round: 1, sub: 0 }, subhn: { round: 0, sub: 1 }, rsubhn: { round: 1, sub: 1 } },
    ['n', 'w', 'w'],
  ),
  'SQDMLAL, SQDMLSL, SQDMULL (vector)': [
    ...different(vectorsOnly(SATURATING), ['w', 'n', 'n'], [1, 2]),
    ...saturatingScalar((size) => scalar(letter(size), 'Rm')),
  ],
  'PMULL (8-bit elements)': HALVES.map((second, Q) => form(`pmull${second}`, { Q }, [vector('8h', 'Rd'), vector(arrangementOf(0, Q), 'Rn'), vector(arrangementOf(0, Q), 'Rm')])),
  'PMULL, PMULL2 (64-bit elements)': HALVES.map((second, Q) => form(`pmull${second}`, { Q }, [vector('1q', 'Rd'), vector(arrangementOf(3, Q), 'Rn'), vector(arrangementOf(3, Q), 'Rm')])),

  'MLA, MLS (by element)': cross(numbered(['mla', 'mls'], 'sub'), HALF_WORDS, byElement),
  'MUL (by element)': cross({ mul: {} }, HALF_WORDS, byElement),
  'SMLAL, UMLAL, SMLSL, UMLSL, SMULL, UMULL (by element)': longByElement(signs(numbered(['mlal', 'mlsl', 'mull'], 'op')), {}),
  'SQDMLAL, SQDMLSL, SQDMULL (by element)': [...longByElement(SATURATING, { scalar: 0 }), ...saturatingScalar(indexed)],
  'SQDMULH, SQRDMULH (by element)': cross(numbered(['sqdmulh', 'sqrdmulh'], 'round'), SCOPED, byElement),
  'SQRDMLAH, SQRDMLSH (by element)': cross(numbered(['sqrdmlah', 'sqrdmlsh'], 'sub'), SCOPED, byElement),
  'SDOT, UDOT (by element)': cross(signs({ dot: {} }), [0, 1].map((Q) => lanesOf(2, Q, {})), ({ r, Q }) =>
    [r('Rd'), vector(arrangementOf(0, Q), 'Rn'), element('4b', 'Rm', dotIndex)]),
};
