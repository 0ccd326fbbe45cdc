import { QvmError } from '@qvm/core';

/**
 * Thrown for a saved state that an architectural vdev cannot restore: its version is unknown, or its shape is not that
 * of `save`. The code is `vdev.state`. The vdev is unchanged.
 *
 * @experimental
 */
export class SavedStateError extends QvmError {
  constructor(message: string) {
    super('vdev.state', message);
  }
}

/** Refuses a snapshot whose version is not `known`. */
export function requireVersion(version: number, known: number): void {
  if (version !== known) {
    throw new SavedStateError(`The saved state has version ${String(version)}; only version ${known} is known.`);
  }
}

/** Validates that `value` is an object with exactly the members in `keys`. States may come from untrusted files. */
export function requireMembers<Key extends string>(
  value: unknown,
  keys: readonly Key[],
  what: string,
): Readonly<Record<Key, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SavedStateError(`${what} is not an object.`);
  }
  if (Object.keys(value).length !== keys.length || keys.some((key) => !Object.hasOwn(value, key))) {
    throw new SavedStateError(`${what} does not have just the members ${keys.join(', ')}.`);
  }
  return value as Readonly<Record<Key, unknown>>;
}

/** Validates that `value` is a whole number from 0 to `max`. */
export function requireUnsigned(value: unknown, max: number, what: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new SavedStateError(`${what} is not a whole number from 0 to ${max}.`);
  }
  return value;
}

/** Validates that `value` is an array of exactly `length` entries. */
export function requireArray(value: unknown, length: number, what: string): readonly unknown[] {
  if (!Array.isArray(value) || value.length !== length) {
    throw new SavedStateError(`${what} is not an array of ${length} entries.`);
  }
  return value;
}

/** Validates that `value` is an array of `length` whole numbers in which no bit outside `mask` is set. */
export function requireWords(
  value: unknown,
  length: number,
  mask: number | ((index: number) => number),
  what: string,
): readonly number[] {
  return Array.from(requireArray(value, length, what), (entry, index) => {
    const allowed = typeof mask === 'number' ? mask : mask(index);
    const word = requireUnsigned(entry, 0xffff_ffff, `${what}[${index}]`);
    if ((word & ~allowed) !== 0) throw new SavedStateError(`${what}[${index}] has bits that are never set.`);
    return word;
  });
}
