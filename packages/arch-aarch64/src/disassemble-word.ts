import { disassemble } from '@qvm/asm-aarch64';

/** An instruction as a listing shows it: its word, and its text if there is one. */
export function listingLine(word: number, address: bigint): string {
  return `${word.toString(16).padStart(8, '0')}  ${disassemble(word, address) ?? '.inst'}`;
}

/** An instruction as reports show it: its text, or the bare word where there is none. */
export function disassembleWord(word: number): string {
  const bare = `.inst 0x${word.toString(16).padStart(8, '0')}`;
  const text = disassemble(word);
  return text === undefined ? bare : `${text} (${bare})`;
}
