/** An instruction as the reports of undefined ones show it. */
export function disassembleWord(word: number): string {
  return `.inst 0x${word.toString(16).padStart(8, '0')}`;
}
