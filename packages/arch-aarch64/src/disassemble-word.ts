import { disassemble } from '@qvm/asm-aarch64';

/** An instruction as reports show it: its text, or the bare word where there is none. */
export function disassembleWord(word: number): string {
  const bare = `.inst 0x${word.toString(16).padStart(8, '0')}`;
  const text = disassemble(word);
  return text === undefined ? bare : `${text} (${bare})`;
}
