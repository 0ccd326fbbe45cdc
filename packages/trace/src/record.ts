/** Bytes of a record. @experimental */
export const RECORD_BYTES = 40;

/**
 * Where the fields of a record are; all are little-endian. `time`, `c` and `d` have 64 bits, `a` and `b` 32, the string
 * numbers 16.
 *
 * @experimental
 */
export enum Field {
  time = 0,
  id = 8,
  vcpu = 9,
  vm = 10,
  name = 12,
  detail = 14,
  a = 16,
  b = 20,
  c = 24,
  d = 32,
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
 * Reads 64 bits as a number. What is beyond 2^53 loses its low bits; the caller checks where that matters.
 *
 * @experimental
 */
export function getUint53(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}
