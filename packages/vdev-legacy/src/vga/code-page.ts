/** Characters of a PC's text screen: code page 437, from code 128 on. */
const UPPER = [
  'ÇüéâäàåçêëèïîìÄÅ',
  'ÉæÆôöòûùÿÖÜ¢£¥₧ƒ',
  'áíóúñÑªº¿⌐¬½¼¡«»',
  '░▒▓│┤╡╢╖╕╣║╗╝╜╛┐',
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧',
  '╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀',
  'αßΓπΣσµτΦΘΩδ∞φε∩',
  '≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0',
].join('');

/** The character of a code; a blank for codes below 32. */
export function characterOf(code: number): string {
  if (code < 0x20 || code === 0x7f) return ' ';
  return code < 0x80 ? String.fromCharCode(code) : (UPPER[code - 0x80] ?? ' ');
}
