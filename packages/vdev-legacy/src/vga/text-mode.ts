/** The registers in text mode 3, 80 × 25 characters of 9 × 16 pixels, as the BIOS of a PC sets them. */
export const TEXT_MODE = {
  miscellaneous: 0x67,
  sequencer: [0x03, 0x00, 0x03, 0x00, 0x02],
  // prettier-ignore
  crt: [
    0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00, 0x00,
    0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff,
  ],
  graphics: [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff],
  // prettier-ignore
  attributes: [
    0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f,
    0x0c, 0x00, 0x0f, 0x08, 0x00,
  ],
} as const;

/** Columns and rows of text mode 3, and height of a character in pixels. */
export const TEXT_COLUMNS = 80;
export const TEXT_ROWS = 25;
export const CHARACTER_HEIGHT = 16;

/** Colours of the palette that are set in text mode; the rest is black. */
const TEXT_COLOURS = 64;
const FULL = 0x2a;
const HALF = 0x15;

/**
 * The palette in text mode: 64 colours, whose numbers have bits for half of red, green and blue (5 to 3), and for two thirds of them
 * (2 to 0), as the cables of an EGA.
 */
export const TEXT_PALETTE: Readonly<Uint8Array> = Uint8Array.from({ length: 768 }, (_, index) => {
  const colour = Math.floor(index / 3);
  const channel = 2 - (index % 3);
  if (colour >= TEXT_COLOURS) return 0;
  return ((colour >> channel) & 1) * FULL + ((colour >> (channel + 3)) & 1) * HALF;
});
