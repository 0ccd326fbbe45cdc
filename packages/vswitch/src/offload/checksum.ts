import { readU16, writeU16 } from '../frame/ethernet.js';

/**
 * Adds bytes to a sum of 16-bit words in network order; an odd last byte is padded with zero (RFC 1071). A frame's sum
 * stays far below 2^32, so the carries are folded once, at the end.
 */
export function addWords(sum: number, bytes: Uint8Array, start: number, end: number): number {
  const even = end - ((end - start) & 1);
  let total = sum;
  for (let at = start; at < even; at += 2) total += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  return even === end ? total : total + ((bytes[even] ?? 0) << 8);
}

/** The one's complement of the folded sum. */
export function foldChecksum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return folded ^ 0xffff;
}

/**
 * Completes the checksum over all bytes from `start` on, in its field, which has the pseudo header's sum. Zero is
 * written as 0xffff, which is equivalent, because zero means "no checksum" in UDP (RFC 768).
 */
export function completeChecksum(frame: Uint8Array, start: number, offset: number): void {
  const checksum = foldChecksum(addWords(0, frame, start, frame.length));
  writeU16(frame, start + offset, checksum === 0 ? 0xffff : checksum);
}

/** Writes the checksum of an IPv4 header (RFC 791, 3.1). */
export function writeIpv4Checksum(frame: Uint8Array, start: number, end: number): void {
  const sum = addWords(0, frame, start, end) - readU16(frame, start + 10);
  writeU16(frame, start + 10, foldChecksum(sum));
}
