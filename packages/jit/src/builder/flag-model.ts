import type { V } from '../describe/value.js';
import type { Builder } from './builder.js';

/**
 * How an architecture's condition flags follow from lazily kept operands.
 *
 * @experimental
 */
export interface FlagModel {
  /** The kind that the interpreter tests without packing the flags first. */
  readonly common: number;
  /** The value of a condition for a known kind. */
  test(b: Builder, kind: number, x: V, y: V, condition: number): V;
  /** All flags in the architecture's order as an i32, for a kind known only at run time. */
  pack(b: Builder, kind: V, x: V, y: V): V;
  /** For each condition, a bit mask over all packed flag values for which it holds. */
  readonly truth: readonly number[];
}
