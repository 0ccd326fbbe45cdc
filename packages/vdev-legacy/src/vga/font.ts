/*
 * A font of 8 × 16 pixels for the codes of code page 437: ASCII as a dot matrix of 5 × 7, frames and blocks; other characters are a
 * hollow box.
 */

export const GLYPH_WIDTH = 8;
export const GLYPH_HEIGHT = 16;

/** Codes 0x20 to 0x7e: seven rows each, of five pixels, as digits of base 32; the leftmost pixel is the highest bit. */
const ASCII = [
  '0000000 4444040 AA00000 0AVAVA0 4FKE5U4 PQ248BJ CIKALID 4400000 2488842 8422248 04LEL40 044V440 0000448 000V000 00000CC 11248GG',
  'EHJLPHE 4C4444E EH168GV U11E11U 26AIV22 VGU11HE 68GUHHE V124888 EHHEHHE EHHF12C 0CC0CC0 0CC0448 248G842 00V0V00 8421248 EH16404',
  'EHNLNGE EHHVHHH UHHUHHU EHGGGHE SIHHHIS VGGUGGV VGGUGGG EHGNHHF HHHVHHH E44444E 72222IC HIKOKIH GGGGGGV HRLLHHH HPPLJJH EHHHHHE',
  'UHHUGGG EHHHLID UHHUKIH FGGE11U V444444 HHHHHHE HHHHHA4 HHHLLRH HHA4AHH HHA4444 V1248GV E88888E GG84211 E22222E 4AH0000 000000V',
  '8400000 00E1FHF GGUHHHU 00EGGHE 11FHHHF 00EHVGE 698S888 00FHF1E GGUHHHH 40C444E 20622IC GGIKOKI C44444E 00QLLLL 00UHHHH 00EHHHE',
  '00UHUGG 00FHF11 00MPGGG 00FGE1U 88S8896 00HHHJD 00HHHA4 00HHLLA 00HA4AH 00HHF1E 00V248V 2448442 4444444 8442448 008L200',
]
  .join(' ')
  .split(' ')
  .map((rows) => Array.from(rows, (digit) => Number.parseInt(digit, 32)));
const FIRST = 0x20;

/** Codes 0xb3 to 0xda: number of lines upwards, to the right, downwards, to the left. */
const FRAMES = [
  '1010 1011 1012 2021 0021 0012 2022 2020 0022 2002 2001 1002 0011 1100 1101 0111 1110 0101 1111 1210 2120 2200 0220 2202',
  '0222 2220 0202 2222 1202 2101 0212 0121 2100 1200 0210 0120 2121 1212 1001 0110',
]
  .join(' ')
  .split(' ')
  .map((arms) => Array.from(arms, Number));
const FIRST_FRAME = 0xb3;
/** Middle of a cell. */
const [CENTRE_X, CENTRE_Y] = [3, 7];

/** The first row of a dot matrix in its cell, where each of its rows is two. */
const TOP = 1;
const HOLLOW = 0x7e;

/** The pixels of a row, 0 to 15, of a character; the leftmost is bit 7. */
export function glyphRow(code: number, row: number): number {
  const dots = ASCII[code - FIRST];
  if (dots !== undefined) return (dots[(row - TOP) >> 1] ?? 0) << 2;
  const arms = FRAMES[code - FIRST_FRAME];
  if (arms !== undefined) return frameRow(arms, row);
  return blockRow(code, row);
}

/** One line is in the middle, two are beside it. */
function frameRow([up = 0, right = 0, down = 0, left = 0]: readonly number[], row: number): number {
  const lines = row < CENTRE_Y ? up : down;
  const upright =
    lines === 0 ? 0 : lines === 1 ? 0x80 >> CENTRE_X : (0x80 >> (CENTRE_X - 1)) | (0x80 >> (CENTRE_X + 1));
  const across = (count: number): boolean =>
    count === 1 ? row === CENTRE_Y : count === 2 && Math.abs(row - CENTRE_Y) === 1;
  return upright | (across(left) ? 0xf0 : 0) | (across(right) ? 0x1f : 0);
}

function blockRow(code: number, row: number): number {
  switch (code) {
    case 0xb0:
      return row % 2 === 0 ? 0x22 : 0x88;
    case 0xb1:
      return row % 2 === 0 ? 0x55 : 0xaa;
    case 0xb2:
      return row % 2 === 0 ? 0xdd : 0x77;
    case 0xdb:
      return 0xff;
    case 0xdc:
      return row < GLYPH_HEIGHT / 2 ? 0 : 0xff;
    case 0xdd:
      return 0xf0;
    case 0xde:
      return 0x0f;
    case 0xdf:
      return row < GLYPH_HEIGHT / 2 ? 0xff : 0;
    case 0x00:
    case 0xff:
      return 0;
    default:
      return row < 3 || row > 12 ? 0 : row === 3 || row === 12 ? HOLLOW : 0x42;
  }
}
