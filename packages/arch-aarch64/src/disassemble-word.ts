import { disassemble } from '@qvm/asm-aarch64';

/** Formats an instruction for a listing: its word, and its assembly if there is one. */
export function listingLine(word: number, address: bigint): string {
  return `${word.toString(16).padStart(8, '0')}  ${disassemble(word, address) ?? '.inst'}`;
}

/** Formats an instruction for reports: its assembly, or the word if there is none. */
export function disassembleWord(word: number): string {
  const bare = `.inst 0x${word.toString(16).padStart(8, '0')}`;
  const text = disassemble(word);
  return text === undefined ? bare : `${text} (${bare})`;
}
