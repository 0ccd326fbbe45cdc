/** Bytes of a structure, as numbers or as parts of them. */
export type Bytes = readonly number[];

/** Little-endian bytes of an unsigned number. `size` is at most 8; the number is an integer below 2^53. */
export function little(value: number, size: number): Bytes {
  return Array.from({ length: size }, (_, index) => Math.floor(value / 2 ** (8 * index)) % 256);
}

/** Little-endian bytes of an unsigned number of 64 bits. */
export function little64(value: bigint): Bytes {
  return [...little(Number(value & 0xffff_ffffn), 4), ...little(Number(value >> 32n), 4)];
}

/** Codes of an ASCII text. */
export const ascii = (text: string): Bytes => Array.from(text, (character) => character.charCodeAt(0));

/** The bytes of several parts. */
export const join = (parts: readonly Bytes[]): Bytes => parts.flatMap((part) => part);
