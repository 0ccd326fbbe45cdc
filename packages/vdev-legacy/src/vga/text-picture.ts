import type { DisplayImage } from '@qvm/core/services';
import { glyphRow, GLYPH_HEIGHT, GLYPH_WIDTH } from './font.js';
import { characterOf } from './code-page.js';
import type { VgaState } from './registers.js';

/** The shape of the text screen that the registers describe. */
export interface TextShape {
  readonly columns: number;
  readonly rows: number;
  /** Pixels of a row of characters. */
  readonly height: number;
  /** Number of the first cell in the memory. */
  readonly start: number;
  /** Cells from row to row. */
  readonly pitch: number;
  /** Number of the cell with the cursor; −1: it is off. */
  readonly cursor: number;
}

/** Cells of the memory, each with four bytes: character, attribute, and two of the font. */
const CELLS = 0x1_0000;
const CURSOR_OFF = 0x20;
const GRAPHICS_MODE = 1;

/** The text screen; `undefined` in graphics modes. */
export function textShape({ crt, graphics }: Readonly<VgaState>): TextShape | undefined {
  if (((graphics[6] ?? 0) & GRAPHICS_MODE) !== 0) return undefined;
  const register = (index: number): number => crt[index] ?? 0;
  const overflow = register(0x07);
  const lines = (register(0x12) | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
  const height = (register(0x09) & 0x1f) + 1;
  return {
    columns: register(0x01) + 1,
    rows: Math.floor(lines / height),
    height,
    start: (register(0x0c) << 8) | register(0x0d),
    pitch: register(0x13) * 2,
    cursor: (register(0x0a) & CURSOR_OFF) === 0 ? (register(0x0e) << 8) | register(0x0f) : -1,
  };
}

interface Cell {
  readonly code: number;
  readonly attribute: number;
}

function cellAt(planes: Uint8Array, { start, pitch }: TextShape, row: number, column: number): Cell {
  const at = ((start + row * pitch + column) % CELLS) * 4;
  return { code: planes[at] ?? 0, attribute: planes[at + 1] ?? 0 };
}

/** The rows of the screen as text, without blanks at their ends. */
export function screenText(planes: Uint8Array, shape: TextShape): readonly string[] {
  return Array.from({ length: shape.rows }, (_, row) =>
    Array.from({ length: shape.columns }, (_unused, column) => characterOf(cellAt(planes, shape, row, column).code))
      .join('')
      .trimEnd(),
  );
}

/**
 * Draws the screen with the vdev's own font of 8 × 16 pixels: that of a PC is in the ROM of its video adapter, and a font that a guest
 * loads is not used.
 */
export function textPicture(
  planes: Uint8Array,
  shape: TextShape,
  { palette, attributes }: Readonly<VgaState>,
): DisplayImage {
  const width = shape.columns * GLYPH_WIDTH;
  const height = shape.rows * GLYPH_HEIGHT;
  const rgba = new Uint8Array(width * height * 4).fill(0xff);
  const colour = (index: number): number => ((attributes[index] ?? 0) & 0x3f) * 3;
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / GLYPH_HEIGHT);
    for (let column = 0; column < shape.columns; column++) {
      const { code, attribute } = cellAt(planes, shape, row, column);
      const bits = glyphRow(code, y % GLYPH_HEIGHT);
      for (let x = 0; x < GLYPH_WIDTH; x++) {
        const ink = (bits & (0x80 >> x)) !== 0;
        const from = colour(ink ? attribute & 0xf : (attribute >> 4) & 7);
        const to = (y * width + column * GLYPH_WIDTH + x) * 4;
        for (let channel = 0; channel < 3; channel++) rgba[to + channel] = scaled(palette[from + channel] ?? 0);
      }
    }
  }
  return { width, height, rgba };
}

/** Six bits as eight. */
export const scaled = (value: number): number => (value << 2) | (value >> 4);
