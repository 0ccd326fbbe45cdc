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
  /** All flags as an i32 of `bits` bits, in the architecture's order. */
  pack(b: Builder, kind: V, x: V, y: V): V;
  /**
   * For each condition, a bit for each value of the packed flags that tells whether the condition holds. See {@link
   * truthTable}.
   */
  readonly truth: readonly number[];
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
