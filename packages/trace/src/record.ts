/** Bytes of a record in the ring. @experimental */
export const RECORD_BYTES = 44;

/**
 * Where the fields of a record in the ring are; all are little-endian. `time` and `a` are numbers below 2^53 in 64 bits, `c` and
 * `d` have 64 bits, `b` 32, the string numbers 16. Files have the same fields in a denser form.
 *
 * @experimental
 */
export enum Field {
  time = 0,
  a = 8,
  c = 16,
  d = 24,
  b = 32,
  vm = 36,
  name = 38,
  detail = 40,
  id = 42,
  vcpu = 43,
}

/**
 * Writes a number below 2^53 as 64 bits, without making a BigInt.
 *
 * @experimental
 */
export function setUint53(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

/**
 * Reads 64 bits as a number. A value beyond 2^53 loses its low bits; the caller checks this if necessary.
 *
 * @experimental
 */
export function getUint53(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}
