import { QvmError } from '../errors/qvm-error.js';
import type { VdevState } from './vdev.js';

/**
 * Thrown for a saved state that a vdev cannot restore: its version is unknown, or its shape is not that of `save`.
 * The code is `vdev.state`. The vdev is unchanged.
 *
 * @stable
 */
export class VdevStateError extends QvmError {
  constructor(message: string) {
    super('vdev.state', message);
  }
}

/**
 * Refuses a saved state whose version is not `known`.
 *
 * @throws {@link VdevStateError}
 * @stable
 */
export function requireVersion(saved: Pick<VdevState, 'version'>, known: number): void {
  if (saved.version !== known) {
    throw new VdevStateError(`saved state has version ${String(saved.version)}, only version ${known} is known`);
  }
}

/**
 * Validates that `value` is an object with exactly the members in `keys`. States may come from untrusted files, so
 * nothing about their shape is assumed.
 *
 * @param what - names the value in the error.
 * @throws {@link VdevStateError}
 * @stable
 */
export function requireObject<Key extends string>(
  value: unknown,
  keys: readonly Key[],
  what: string,
): Readonly<Record<Key, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new VdevStateError(`${what} is not an object`);
  }
  const missing = keys.find((key) => !Object.hasOwn(value, key));
  if (missing !== undefined) {
    throw new VdevStateError(`${what} lacks ${missing}`);
  }
  if (Object.keys(value).length !== keys.length) {
    throw new VdevStateError(`${what} has members other than ${keys.join(', ')}`);
  }
  return value as Readonly<Record<Key, unknown>>;
}

/**
 * Validates that `value` is an integer from 0 to `max`.
 *
 * @throws {@link VdevStateError}
 * @stable
 */
export function requireUnsigned(value: unknown, max: number, what: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > max) {
    throw new VdevStateError(`${what} is not an integer from 0 to ${max}`);
  }
  return value;
}

/**
 * Validates that `value` is an array of at most `limit` integers from 0 to `max`.
 *
 * @throws {@link VdevStateError}
 * @stable
 */
export function requireUnsignedArray(value: unknown, limit: number, max: number, what: string): readonly number[] {
  if (!Array.isArray(value) || value.length > limit) {
    throw new VdevStateError(`${what} is not an array of at most ${limit} entries`);
  }
  return Array.from({ length: value.length }, (_, index) =>
    requireUnsigned((value as readonly unknown[])[index], max, `${what}[${index}]`),
  );
}

/**
 * Validates that `value` is a boolean.
 *
 * @throws {@link VdevStateError}
 * @stable
 */
export function requireBoolean(value: unknown, what: string): boolean {
  if (typeof value !== 'boolean') {
    throw new VdevStateError(`${what} is not a boolean`);
  }
  return value;
}
