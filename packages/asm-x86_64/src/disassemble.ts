import { InstructionReader, x86Rows } from '@qvm/isa-x86_64';
import type { InstructionParts } from '@qvm/isa-x86_64';
import { INVALID } from './invalid.js';
import type { TextSite } from './syntax/text-site.js';
import { relativeComment } from './syntax/memory-text.js';
import { syntaxOf } from './syntax/syntax.js';

/**
 * An instruction as text.
 *
 * @experimental
 */
export interface Disassembled {
  /** In Intel syntax, such as `mov eax,DWORD PTR [rbx+0x8]`. */
  readonly text: string;
  /** Length in bytes, 1–15. */
  readonly length: number;
}

/** Code size in bits: that of 64-bit mode, or the D bit of CS. @experimental */
export type CodeBits = 16 | 32 | 64;

const rows = x86Rows.filter(({ name }) => name !== INVALID);
const readers = new Map<CodeBits, InstructionReader>();

function readerOf(bits: CodeBits): InstructionReader {
  let reader = readers.get(bits);
  if (!reader) readers.set(bits, (reader = new InstructionReader(rows, { bits, flat: bits === 64 })));
  return reader;
}

/**
 * The first instruction of some bytes in Intel syntax, or `undefined` if it does not exist, is not implemented or is not
 * there in full. Numbers are hexadecimal; targets of branches and, as a comment, RIP-relative addresses are absolute.
 * Prefixes without effect are not shown.
 *
 * @param pc - address of the instruction; in 16- and 32-bit code, its offset in the code segment.
 * @experimental
 */
export function disassemble(
  bytes: Uint8Array,
  pc: bigint | number = 0n,
  bits: CodeBits = 64,
): Disassembled | undefined {
  const parts = readerOf(bits).read(bytes);
  if (!parts) return undefined;
  return { text: textOf(parts, { pc: BigInt(pc), bits }), length: parts.length };
}

function textOf(parts: InstructionParts, site: TextSite): string {
  const { mnemonic, operands } = syntaxOf(parts.row, parts.encoding);
  const written = operands.map((operand) => operand.format(parts, site)).join(',');
  const name = prefixText(parts) + mnemonic({ ...parts, bits: site.bits });
  return (written === '' ? name : `${name} ${written}`) + relativeComment(parts, site);
}

function prefixText({ lock, repeat, row: { options, name } }: InstructionParts): string {
  const locked = lock ? 'lock ' : '';
  const isRepeated = repeat !== 0 && (options.usesSegment ?? (options.string !== undefined && name !== 'XLAT'));
  if (!isRepeated) return locked;
  if (repeat === 0xf2) return `${locked}repnz `;
  return `${locked}${options.string === 'repe' ? 'repz' : 'rep'} `;
}
