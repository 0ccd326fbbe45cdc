/**
 * FNV-1a of 32 bits: tells bytes from others, where a wrong answer does no harm.
 *
 * @internal
 */
export function fingerprint(bytes: Iterable<number>): number {
  let hash = 0x811c_9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return hash >>> 0;
}
