import { parsePattern } from './pattern.js';
import type { FieldArguments, FieldNames, Pattern, RawFields, StaticNames } from './pattern.js';
import type { V } from './value.js';

/**
 * A value that is computed once, when an instruction is decoded.
 *
 * @experimental
 */
export interface Operand {
  /** `small`: 0–65535. `int`: a 32-bit signed number, extended where it is used. `wide`: 64 bits. `target`: a branch distance in bytes. */
  readonly kind: 'small' | 'int' | 'wide' | 'target';
  readonly of: (fields: RawFields) => number | bigint;
}

/**
 * A static field that is computed from the others, so that common special cases get a handler of their own.
 *
 * @experimental
 */
export interface Derived {
  /** Values are 0 … count − 1. */
  readonly count: number;
  readonly of: (fields: RawFields) => number;
}

/** An operand of 16 unsigned bits. @experimental */
export const small = (of: (fields: RawFields) => number): Operand => ({ kind: 'small', of });
/** An operand of 32 signed bits. @experimental */
export const int = (of: (fields: RawFields) => number): Operand => ({ kind: 'int', of });
/** An operand of 64 bits. @experimental */
export const wide = (of: (fields: RawFields) => bigint): Operand => ({ kind: 'wide', of });
/** A branch distance in bytes, relative to the instruction. @experimental */
export const target = (of: (fields: RawFields) => number): Operand => ({ kind: 'target', of });
/** A derived static field. @experimental */
export const derived = (count: number, of: (fields: RawFields) => number): Derived => ({ count, of });

/**
 * One row of an instruction table: an encoding, what decoding computes, and what the instruction does.
 *
 * @experimental
 */
export interface Row<B> {
  /** Section of the manual. */
  readonly section: string;
  /** The manual's heading; unique in its table. */
  readonly name: string;
  readonly pattern: Pattern;
  /** Architectural feature that must be present (`FEAT_LSE`), or `undefined` for the base. */
  readonly feature: string | undefined;
  readonly operands: Readonly<Record<string, Operand>>;
  readonly derived: Readonly<Record<string, Derived>>;
  /** Whether these static fields are allocated. */
  readonly valid: (statics: RawFields) => boolean;
  /** Whether an encoding is allocated, by all raw fields. */
  readonly allocated: (raw: RawFields) => boolean;
  readonly semantics: (b: B, args: never) => void;
}

type OperandArguments<O, D> = { readonly [K in keyof O]: V } & { readonly [K in keyof D]: number };

/**
 * Optional parts of a row.
 *
 * @experimental
 */
export interface RowOptions<P extends string, O extends Record<string, Operand>, D extends Record<string, Derived>> {
  readonly operands?: O;
  readonly derived?: D;
  readonly feature?: string;
  readonly valid?: (statics: Readonly<Record<StaticNames<P>, number>>) => boolean;
  readonly allocated?: (raw: Readonly<Record<FieldNames<P>, number>>) => boolean;
}

/**
 * Makes the row constructor of an instruction table whose semantic functions use the builder `B`.
 *
 * @experimental
 */
export function rowMaker<B>() {
  return function inst<
    const P extends string,
    O extends Record<string, Operand> = Record<never, Operand>,
    D extends Record<string, Derived> = Record<never, Derived>,
  >(
    section: string,
    name: string,
    pattern: P,
    options: RowOptions<P, O, D>,
    semantics: (b: B, args: Omit<FieldArguments<P>, keyof O | keyof D> & OperandArguments<O, D>) => void,
  ): Row<B> {
    const always = (): boolean => true;
    return {
      section,
      name,
      pattern: parsePattern(pattern),
      feature: options.feature,
      operands: options.operands ?? {},
      derived: options.derived ?? {},
      valid: (options.valid as ((s: RawFields) => boolean) | undefined) ?? always,
      allocated: (options.allocated as ((s: RawFields) => boolean) | undefined) ?? always,
      semantics: semantics as Row<B>['semantics'],
    };
  };
}
