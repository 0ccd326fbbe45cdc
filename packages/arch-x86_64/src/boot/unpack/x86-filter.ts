/** Bytes of a near CALL or JMP with its displacement of 32 bits. */
const BRANCH_BYTES = 5;
const CALL = 0xe8;
const JMP = 0xe9;
/** Which of the three bytes before an opcode may be opcodes that have not been converted (a bit for each). */
const CONVERTIBLE = new Set([0b000, 0b001, 0b010, 0b100]);

const isExtension = (byte: number): boolean => byte === 0x00 || byte === 0xff;

/**
 * Reverts the x86 branch filter of xz in place: the targets of CALL and JMP, which were made absolute to compress
 * better, become relative again. Only branches over less than 16 MiB were converted; an opcode within the displacement
 * of another decides which of its bytes the compressor looked at.
 *
 * @param start - the address of the first byte that the compressor counted from.
 */
export function revertX86Filter(code: Uint8Array, start: number): void {
  /** Bit n: the byte n + 1 before is an opcode that was not converted; bits 4 to 7: its last byte was an extension. */
  let before = 0;
  let last = -BRANCH_BYTES;
  for (let at = 0; at <= code.length - BRANCH_BYTES;) {
    if (code[at] !== CALL && code[at] !== JMP) {
      at++;
      continue;
    }
    const gap = at - last;
    last = at;
    before = gap > BRANCH_BYTES ? 0 : shiftHistory(before, gap);
    const high = code[at + 4] as number;
    if (isExtension(high) && CONVERTIBLE.has((before >> 1) & 7) && before >> 1 < 0x10) {
      writeDisplacement(code, at + 1, relative(readDisplacement(code, at + 1), start + at + BRANCH_BYTES, before));
      at += BRANCH_BYTES;
      before = 0;
    } else {
      at++;
      before |= isExtension(high) ? 0x11 : 1;
    }
  }
}

function shiftHistory(before: number, gap: number): number {
  for (; gap > 0; gap--) before = (before & 0x77) << 1;
  return before;
}

const readDisplacement = (code: Uint8Array, at: number): number =>
  (code[at] as number) |
  ((code[at + 1] as number) << 8) |
  ((code[at + 2] as number) << 16) |
  ((code[at + 3] as number) << 24);

/** Writes a displacement of 25 bits with its sign. */
function writeDisplacement(code: Uint8Array, at: number, value: number): void {
  code[at] = value;
  code[at + 1] = value >> 8;
  code[at + 2] = value >> 16;
  code[at + 3] = (value >> 24) & 1 ? 0xff : 0x00;
}

function relative(absolute: number, next: number, before: number): number {
  const history = before >> 1;
  for (;;) {
    const value = (absolute - next) | 0;
    if (history === 0) return value;
    // The number of bits from the byte at which the earlier opcode's displacement ends.
    const bits = 24 - 8 * (history === 1 ? 1 : history <= 3 ? 2 : 3);
    if (!isExtension((value >> bits) & 0xff)) return value;
    absolute = value ^ (2 ** (bits + 8) - 1);
  }
}
