/** Legacy prefixes (SDM vol. 2, 2.1.1). */
const PREFIXES: readonly number[] = [0xf0, 0xf2, 0xf3, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x66, 0x67];
const ESCAPE = 0x0f;

/**
 * The opcode of an instruction: its byte, or 0x0f00 and its second byte.
 *
 * @param wide - whether it is of 64-bit mode, where 40–4F are prefixes.
 * @experimental
 */
export function opcodeOf(bytes: Uint8Array, wide: boolean): number {
  let at = 0;
  const isPrefix = (byte: number): boolean => PREFIXES.includes(byte) || (wide && (byte & 0xf0) === 0x40);
  while (at < bytes.length && isPrefix(bytes[at] as number)) at++;
  const first = bytes[at] ?? 0;
  return first === ESCAPE ? (ESCAPE << 8) | (bytes[at + 1] ?? 0) : first;
}
