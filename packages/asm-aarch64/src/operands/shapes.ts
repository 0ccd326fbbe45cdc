import { form } from '../form.js';
import type { Form, Operand } from '../form.js';
import { arrangementOf, LETTERS, scalar, vector } from './vectors.js';
import type { Letter } from './vectors.js';

type Fields = Readonly<Record<string, number>>;

/** Mnemonics of a row with the fields that select them. */
export type Selection = Readonly<Record<string, Fields>>;

/** A choice of lanes: the fields that select it, and the operand of a register with it. */
export interface Shape {
  readonly fields: Fields;
  readonly r: (...fields: string[]) => Operand;
  /** log2 of the size of a lane in bytes. */
  readonly size: number;
  readonly Q: number;
  readonly isScalar: boolean;
}

/** A vector shape. */
export function lanesOf(size: number, Q: number, fields: Fields): Shape {
  return {
    fields: { Q, ...fields },
    r: (...names) => vector(arrangementOf(size, Q), ...names),
    size,
    Q,
    isScalar: false,
  };
}

/** A scalar shape; its encodings have bit 30 set. */
export function scalarOf(size: number, fields: Fields): Shape {
  return { fields, r: (...names) => scalar(LETTERS[size] as Letter, ...names), size, Q: 1, isScalar: true };
}

/** Integer vectors of 8, 16, 32 and 64 bits (without 1D), by field `size`. */
export const VECTORS: readonly Shape[] = [0, 1, 2, 3].flatMap((size) =>
  [0, 1].flatMap((Q) => (size === 3 && !Q ? [] : [lanesOf(size, Q, { size })])),
);
/** The same, with field `scalar` clear. */
export const UNSCALAR: readonly Shape[] = VECTORS.map((s) => ({ ...s, fields: { ...s.fields, scalar: 0 } }));
/** Scalars of 8 to 64 bits, by fields `size` and `scalar`. */
export const SCALARS: readonly Shape[] = [0, 1, 2, 3].map((size) => scalarOf(size, { Q: 1, scalar: 1, size }));
/** Floating-point vectors: 2S, 4S, 2D, by field `sz`. */
export const FLOATS: readonly Shape[] = [
  [0, 0],
  [0, 1],
  [1, 1],
].map(([sz = 0, Q = 0]) => lanesOf(sz + 2, Q, { sz }));
/** The same, with field `S` clear. */
export const UNSCALAR_FLOATS: readonly Shape[] = FLOATS.map((s) => ({ ...s, fields: { ...s.fields, S: 0 } }));
/** Single and double precision scalars, by fields `sz` and `S`. */
export const SCALAR_FLOATS: readonly Shape[] = [0, 1].map((sz) => scalarOf(sz + 2, { Q: 1, S: 1, sz }));
/** Single and double precision, by field `D`. */
export const PRECISIONS: readonly Shape[] = [0, 1].map((D) => scalarOf(D + 2, { D }));

/** A form for each mnemonic and shape. */
export function cross(
  selection: Selection,
  shapes: readonly Shape[],
  operands: (shape: Shape) => readonly Operand[],
): Form[] {
  return Object.entries(selection).flatMap(([mnemonic, fields]) =>
    shapes.map((shape) => form(mnemonic, { ...fields, ...shape.fields }, operands(shape))),
  );
}

/** Rd, Rn. */
export const two = ({ r }: Shape): Operand[] => [r('Rd'), r('Rn')];
/** Rd, Rn, Rm. */
export const three = ({ r }: Shape): Operand[] => [r('Rd'), r('Rn'), r('Rm')];

/** Mnemonics in the order of a field's values; `undefined` for values without one. */
export function numbered(names: readonly (string | undefined)[], field: string, fixed: Fields = {}): Selection {
  return Object.fromEntries(names.flatMap((name, i) => (name === undefined ? [] : [[name, { ...fixed, [field]: i }]])));
}

/** `s…` and `u…` of each mnemonic, by field U. */
export function signs(selection: Selection): Selection {
  return Object.fromEntries(
    Object.entries(selection).flatMap(([name, fields]) => [
      [`s${name}`, { ...fields, U: 0 }],
      [`u${name}`, { ...fields, U: 1 }],
    ]),
  );
}
