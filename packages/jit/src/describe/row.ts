import { parsePattern } from './pattern.js';
import type { Field, FieldArguments, FieldNames, Pattern, RawFields, StaticNames } from './pattern.js';
import type { Reg, V } from './value.js';

/**
 * A value that is computed once, at decode time.
 *
 * @experimental
 */
export interface Operand<F = RawFields, K extends OperandKind = OperandKind> {
  /** How the value is used, and thus how a record holds it. */
  readonly kind: K;
  /** Computes the value from the fields of an encoding. */
  readonly of: (fields: F) => number | bigint;
  /** Of kind `place`: whether the value counts from the instruction; otherwise it is taken as it is. */
  readonly relative?: (fields: F) => boolean;
}

/**
 * `byte`: 0–255. `small`: 0–65535. `int`: a signed 32-bit number, extended where it is used. `wide`: 64 bits. `target`:
 * a branch distance in bytes, relative to the instruction. `place`: a signed 32-bit number, or a distance in bytes from
 * the instruction, which the semantic function gets as a distance from the start of the instruction's page.
 * `register`: a register number.
 *
 * @experimental
 */
export type OperandKind = 'byte' | 'small' | 'int' | 'wide' | 'target' | 'place' | 'register';

/**
 * A static field computed from others, so that frequent special cases get a handler of their own.
 *
 * @experimental
 */
export interface Derived<F = RawFields> {
  /** Number of values; they are 0 … count − 1. */
  readonly count: number;
  /** Computes the value from the fields of an encoding. */
  readonly of: (fields: F) => number;
}

/** An operand of 16 unsigned bits. @experimental */
export const small = <F>(of: (fields: F) => number): Operand<F, 'small'> => ({ kind: 'small', of });
/** An operand of 32 signed bits. @experimental */
export const int = <F>(of: (fields: F) => number): Operand<F, 'int'> => ({ kind: 'int', of });
/** An operand of 64 bits. @experimental */
export const wide = <F>(of: (fields: F) => bigint): Operand<F, 'wide'> => ({ kind: 'wide', of });
/** A branch distance in bytes, relative to the instruction. @experimental */
export const target = <F>(of: (fields: F) => number): Operand<F, 'target'> => ({ kind: 'target', of });
/** An operand of 32 signed bits; where `relative`, a distance from the instruction that is used as one from its page. @experimental */
export const place = <F>(of: (fields: F) => number, relative: (fields: F) => boolean): Operand<F, 'place'> => ({
  kind: 'place',
  of,
  relative,
});
/** An operand of 8 unsigned bits. @experimental */
export const byte = <F>(of: (fields: F) => number): Operand<F, 'byte'> => ({ kind: 'byte', of });
/** A register with a computed number (the second of a pair); the semantic function gets a `Reg`. @experimental */
export const register = <F>(of: (fields: F) => number): Operand<F, 'register'> => ({ kind: 'register', of });
/** A derived static field. @experimental */
export const derived = <F>(count: number, of: (fields: F) => number): Derived<F> => ({ count, of });

/**
 * One row of an instruction table: the fields, the decode-time computations, and the semantics.
 *
 * @experimental
 */
export interface Row<B> {
  /** Section of the manual. */
  readonly section: string;
  /** The manual's heading; unique in its table. */
  readonly name: string;
  /** Fields of the encoding that are static choices or operands. */
  readonly fields: readonly Pick<Field, 'name' | 'width' | 'role'>[];
  /** Operands by the names that `semantics` uses. */
  readonly operands: Readonly<Record<string, Operand>>;
  /** Further static choices, by name. */
  readonly derived: Readonly<Record<string, Derived>>;
  /** Whether a combination of static fields is allocated. */
  readonly valid: (statics: RawFields) => boolean;
  /** Writes the instruction's effect with a builder. */
  readonly semantics: (b: B, args: never) => void;
}

/**
 * A row whose encoding is one pattern of bits.
 *
 * @experimental
 */
export interface PatternRow<B> extends Row<B> {
  /** Fixed bits and fields of the encoding. */
  readonly pattern: Pattern;
  /** Architectural feature that must be present (`FEAT_LSE`), or `undefined` for the base. */
  readonly feature: string | undefined;
  /** Whether an encoding is allocated, decided on all raw fields. */
  readonly allocated: (raw: RawFields) => boolean;
}

type Fields<P extends string> = Readonly<Record<FieldNames<P>, number>>;
type OperandArguments<O, D> = {
  readonly [K in keyof O]: O[K] extends { readonly kind: 'register' } ? Reg : V;
} & { readonly [K in keyof D]: number };

/**
 * Optional parts of a row.
 *
 * @experimental
 */
export interface RowOptions<
  P extends string,
  O extends Record<string, Operand<Fields<P>>>,
  D extends Record<string, Derived<Fields<P>>>,
> {
  /** Operands beside the fields, by name. Default: none. */
  readonly operands?: O;
  /** Static choices beside the fields, by name. Default: none. */
  readonly derived?: D;
  /** Architectural feature that must be present. Default: the base. */
  readonly feature?: string;
  /** Whether a combination of static fields is allocated. */
  readonly valid?: (statics: Readonly<Record<StaticNames<P>, number>>) => boolean;
  /** Whether an encoding is allocated, decided on all raw fields. */
  readonly allocated?: (raw: Fields<P>) => boolean;
}

/**
 * Makes the row constructor of an instruction table whose semantic functions use the builder `B`.
 *
 * @param bits - width of every pattern of the table; undefined if patterns differ in width, up to 32.
 * @experimental
 */
export function rowMaker<B>(bits?: number) {
  return function inst<
    const P extends string,
    O extends Record<string, Operand<Fields<P>>> = Record<never, Operand<Fields<P>>>,
    D extends Record<string, Derived<Fields<P>>> = Record<never, Derived<Fields<P>>>,
  >(
    section: string,
    name: string,
    pattern: P,
    options: RowOptions<P, O, D>,
    semantics: (b: B, args: Omit<FieldArguments<P>, keyof O | keyof D> & OperandArguments<O, D>) => void,
  ): PatternRow<B> {
    const always = (): boolean => true;
    const parsed = parsePattern(pattern, bits);
    return {
      section,
      name,
      pattern: parsed,
      fields: parsed.fields,
      feature: options.feature,
      operands: (options.operands ?? {}) as Row<B>['operands'],
      derived: (options.derived ?? {}) as Row<B>['derived'],
      valid: (options.valid as Row<B>['valid'] | undefined) ?? always,
      allocated: (options.allocated as PatternRow<B>['allocated'] | undefined) ?? always,
      semantics: semantics as Row<B>['semantics'],
    };
  };
}

/**
 * The type of a row constructor.
 *
 * @experimental
 */
export type RowMaker<B> = ReturnType<typeof rowMaker<B>>;
