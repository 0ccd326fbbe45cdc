import type { V } from '../describe/value.js';
import type { Builder } from './builder.js';

/**
 * Derives an architecture's condition flags from lazily stored operands: the state holds the kind of the operation
 * that set the flags, and two operands.
 *
 * @experimental
 */
export interface FlagModel {
  /** Number of flags that conditions read, at most {@link MOST_FLAGS}. */
  readonly bits: number;
  /** Kinds whose conditions are computed from the operands, without packing the flags; the most frequent first. */
  readonly direct: readonly number[];
  /** The value of a condition for one of the kinds in `direct`: an i32. */
  test(b: Builder, kind: number, x: V, y: V, condition: number): V;
  /**
   * The value of a condition for a kind that is not static: an i32. Absent: a comparison with each kind in `direct`,
   * then {@link FlagModel.truth}.
   */
  testAny?(b: Builder, flags: DynamicFlags, condition: number): V;
  /** All flags as an i32, in the architecture's order; those that conditions do not read are above the others. */
  pack(b: Builder, kind: V, x: V, y: V): V;
  /**
   * For each condition, a bit for each value of the packed flags that tells whether the condition holds. See {@link
   * truthTable}.
   */
  readonly truth: readonly number[];
}

/** Lazy flags whose kind is not static. @experimental */
export interface DynamicFlags {
  /** Their kind: an i32. */
  readonly kind: V;
  /** First operand: an i64. */
  readonly x: V;
  /** Second operand: an i64. */
  readonly y: V;
  /** The condition by {@link FlagModel.truth} of the packed flags: an i32. Slower than a comparison. */
  packed(): V;
}

/** Largest number of flags: a truth table of 32 bits has a bit for each of their values. @experimental */
export const MOST_FLAGS = 5;

/**
 * Computes {@link FlagModel.truth} of conditions.
 *
 * @param bits - number of flags.
 * @param holds - for each condition, whether it holds for a value of the packed flags.
 * @throws RangeError when there are more than {@link MOST_FLAGS} flags.
 * @experimental
 */
export function truthTable(bits: number, holds: readonly ((packed: number) => boolean)[]): readonly number[] {
  if (bits > MOST_FLAGS) throw new RangeError(`${bits} flags: a truth table has room for ${MOST_FLAGS}`);
  return holds.map((condition) => {
    let table = 0;
    for (let packed = 0; packed < 1 << bits; packed++) if (condition(packed)) table |= 1 << packed;
    return table >>> 0;
  });
}
