import { requireUnsigned, requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';

/** Validates that `value` is an unsigned number of 32 bits in which no bit outside `mask` is set. */
export function requireBits(value: unknown, mask: number, what: string): number {
  const bits = requireUnsigned(value, 0xffff_ffff, what);
  if ((bits & ~mask) !== 0) throw new VdevStateError(`${what} has bits that are never set`);
  return bits;
}

/** Validates that `value` is an array of `length` unsigned numbers in which no bit outside the index's mask is set. */
export function requireWords(
  value: unknown,
  length: number,
  mask: (index: number) => number,
  what: string,
): readonly number[] {
  const words = requireUnsignedArray(value, length, 0xffff_ffff, what);
  if (words.length !== length) throw new VdevStateError(`${what} has not ${length} entries`);
  return words.map((word, index) => requireBits(word, mask(index), `${what}[${index}]`));
}

/** Validates that `value` is an array of `length` entries of any kind. */
export function requireList(value: unknown, length: number, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) {
    throw new VdevStateError(`${what} is not an array of ${length} entries`);
  }
  return value;
}

/** Refuses a state unless its parts go together. */
export function requireThat(condition: boolean, problem: string): void {
  if (!condition) throw new VdevStateError(problem);
}
