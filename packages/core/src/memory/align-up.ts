/**
 * The least multiple of `alignment` that is at least `value`.
 *
 * @param value - a safe integer, not negative.
 * @param alignment - positive.
 * @experimental
 */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}
