import type { RawFields } from '../describe/pattern.js';
import type { OperandKind, Row } from '../describe/row.js';
import type { Reg } from '../describe/value.js';

/** Register tokens from here on stand for a register number instead of a field. @internal */
export const FIXED_REGISTER = 0x1000;

/**
 * A register that an instruction uses implicitly.
 *
 * @experimental
 */
export const fixedRegister = (n: number): Reg => (FIXED_REGISTER + n) as unknown as Reg;

/**
 * A dynamic operand of a row: a field or a decode-time value.
 *
 * @experimental
 */
export interface OperandInfo {
  /** Name of the operand, as `semantics` uses it. */
  readonly name: string;
  /** How the value is used, and thus how a record holds it. */
  readonly kind: OperandKind;
  /** Computes the value from the fields of an encoding. */
  readonly of: (fields: RawFields) => number | bigint;
  /** Of kind `place`: whether the value counts from the instruction. */
  readonly relative?: ((fields: RawFields) => boolean) | undefined;
}

/**
 * A static choice of a row: a field or a derived one.
 *
 * @experimental
 */
export interface StaticInfo {
  /** Name of the choice, as `semantics` uses it. */
  readonly name: string;
  /** Number of values; they are 0 … count − 1. */
  readonly count: number;
  /** Computes the value from the fields of an encoding. */
  readonly of: (fields: RawFields) => number;
  /** Whether the row's `valid` uses it. */
  readonly field: boolean;
}

/** The dynamic operands of a row; their index is the operand number. @internal */
export function operandsOf<B>(row: Row<B>): OperandInfo[] {
  const fields = row.fields
    .filter((f) => f.role !== 'static')
    .map((f): OperandInfo => ({
      name: f.name,
      kind: f.role === 'register' ? 'register' : f.width <= 16 ? 'small' : 'int',
      of: (raw) => raw[f.name] as number,
    }));
  const values = Object.entries(row.operands).map(([name, { kind, of, relative }]): OperandInfo => ({
    name,
    kind,
    of,
    relative,
  }));
  return [...fields, ...values];
}

/** The static choices of a row. @internal */
export function staticsOf<B>(row: Row<B>): StaticInfo[] {
  const fields = row.fields
    .filter((f) => f.role === 'static')
    .map((f): StaticInfo => ({ name: f.name, count: 1 << f.width, of: (raw) => raw[f.name] as number, field: true }));
  const values = Object.entries(row.derived).map(([name, { count, of }]): StaticInfo => ({
    name,
    count,
    of,
    field: false,
  }));
  return [...fields, ...values];
}

/** Encodes a combination of static choices as one number. @internal */
export function staticIndex(statics: readonly StaticInfo[], raw: RawFields): number {
  let index = 0;
  for (const { count, of } of statics) index = index * count + of(raw);
  return index;
}

/** Calls `visit` with each combination of static choices. @internal */
export function forEachStatic(
  statics: readonly StaticInfo[],
  visit: (values: Record<string, number>, index: number) => void,
): void {
  const total = statics.reduce((product, s) => product * s.count, 1);
  for (let index = 0; index < total; index++) {
    const values: Record<string, number> = {};
    let rest = index;
    for (let i = statics.length - 1; i >= 0; i--) {
      const { name, count } = statics[i] as StaticInfo;
      values[name] = rest % count;
      rest = Math.floor(rest / count);
    }
    visit(values, index);
  }
}
