import type { DisplayImage } from '@qvm/core/services';

/** The font of Linux' frame buffer console, VGA 8x16. */
const CELL_WIDTH = 8;
const CELL_HEIGHT = 16;

/** The lit pixels of a cell as text; rows from top to bottom. */
function cellAt({ width, rgba }: DisplayImage, column: number, row: number): string {
  let cell = '';
  for (let y = 0; y < CELL_HEIGHT; y++) {
    for (let x = 0; x < CELL_WIDTH; x++) {
      const at = ((row * CELL_HEIGHT + y) * width + column * CELL_WIDTH + x) * 4;
      cell += (rgba[at] ?? 0) + (rgba[at + 1] ?? 0) + (rgba[at + 2] ?? 0) === 0 ? '.' : '#';
    }
  }
  return cell;
}

/** Size of a picture in characters. */
export function screenSize({ width, height }: DisplayImage): { readonly columns: number; readonly rows: number } {
  return { columns: Math.floor(width / CELL_WIDTH), rows: Math.floor(height / CELL_HEIGHT) };
}

/**
 * Compares a picture with the characters that the guest reports, without knowledge of the font: each character must
 * look the same everywhere, and no two characters may look alike.
 *
 * @param text - all characters, row by row.
 * @returns the problems.
 */
export function screenProblems(image: DisplayImage, text: string): readonly string[] {
  const { columns, rows } = screenSize(image);
  if (text.length !== columns * rows) return [`${text.length} characters are not ${columns} × ${rows}`];
  const lookOf = new Map<string, string>();
  const problems: string[] = [];
  [...text].forEach((character, index) => {
    const look = cellAt(image, index % columns, Math.floor(index / columns));
    if (lookOf.get(character) !== undefined && lookOf.get(character) !== look) {
      problems.push(`${JSON.stringify(character)} looks different in row ${Math.floor(index / columns)}`);
    }
    lookOf.set(character, look);
  });
  if (new Set(lookOf.values()).size !== lookOf.size) problems.push('two characters look alike');
  return problems;
}
