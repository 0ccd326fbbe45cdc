import { ImageError } from '@qvm/core/architecture';
import { disassemble } from '@qvm/asm-aarch64';

/** Number of instructions that are checked. */
const LOOKED_AT = 8;
const WORD_BYTES = 4;
/** Number of bytes at the start of a file that decide whether it is a text. */
const TEXT_BYTES = 1024;
/** Control characters that occur in texts: tabulator, line feed, form feed, carriage return, escape. */
const TEXT_CONTROLS = new Set([0x09, 0x0a, 0x0c, 0x0d, 0x1b]);
/** B (Arm ARM C6.2.26): opcode, and the offset in words. */
const BRANCH_MASK = 0xfc00_0000;
const BRANCH = 0x1400_0000;
/** Conditional branches, branches with link and to registers, exceptions (C4.1.93): bits 28–26 are 101. */
const CONTROL_MASK = 0x1c00_0000;
const CONTROL = 0x1400_0000;
/** System instructions, hints and barriers are encoded in that group, too, but do not branch. */
const SYSTEM_MASK = 0xff00_0000;
const SYSTEM = 0xd500_0000;

/**
 * Accepts a file as raw code if it is no text and its first instructions, up to the first branch and eight at most,
 * are A64 instructions.
 *
 * @throws `ImageError` `image.unknown-format`
 * @experimental
 */
export function requireCode(bytes: Uint8Array, name: string): void {
  const formats = 'Images are arm64 Linux images, ELF files, or raw A64 code.';
  if (isText(bytes)) throw new ImageError('unknown-format', `${name} is a text, not an image. ${formats}`);
  const odd = firstOddWord(bytes);
  if (odd === undefined) return;
  const words = odd + WORD_BYTES <= bytes.length ? 'are no A64 instruction' : 'are missing';
  throw new ImageError(
    'unknown-format',
    `${name} is no image that can be loaded: as code, its bytes from 0x${odd.toString(16)} on ${words}. ${formats}`,
  );
}

/** Byte offset of the first word that is no instruction, following unconditional branches. */
function firstOddWord(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  for (let count = 0; count < LOOKED_AT; count++) {
    if (at < 0 || at + WORD_BYTES > bytes.length) return count === 0 ? at : undefined;
    const word = view.getUint32(at, true);
    if (disassemble(word) === undefined) return at;
    if ((word & BRANCH_MASK) >>> 0 === BRANCH) at += (word << 6) >> 4;
    else if ((word & CONTROL_MASK) === CONTROL && (word & SYSTEM_MASK) >>> 0 !== SYSTEM) return undefined;
    else at += WORD_BYTES;
  }
  return undefined;
}

function isText(bytes: Uint8Array): boolean {
  const start = new Uint8Array(bytes.subarray(0, TEXT_BYTES));
  if (start.some((byte) => (byte < 0x20 && !TEXT_CONTROLS.has(byte)) || byte === 0x7f)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true });
    return true;
  } catch {
    return false;
  }
}
