import { extractFields } from './pattern.js';
import type { Row } from './row.js';

const INDEX_SHIFT = 21;
const INDEX_SIZE = 1 << (32 - INDEX_SHIFT);

/**
 * A decoded instruction word.
 *
 * @experimental
 */
export interface Decoded<B> {
  readonly row: Row<B>;
  readonly fields: Record<string, number>;
}

/**
 * Finds the row of a 32-bit instruction word: an index on the top eleven bits, then rows by falling number of fixed bits.
 *
 * @experimental
 */
export class Decoder<B> {
  /** Rows by falling number of fixed bits. */
  readonly #ordered: readonly Row<B>[];
  /** Those that have these top bits, from when they are first asked for. */
  readonly #index: (readonly Row<B>[] | undefined)[] = new Array<undefined>(INDEX_SIZE).fill(undefined);

  constructor(readonly rows: readonly Row<B>[]) {
    this.#ordered = [...rows].sort((x, y) => bitCount(y.pattern.mask) - bitCount(x.pattern.mask));
  }

  /** The row that describes `word`, or `undefined` when the encoding is not allocated or not implemented. */
  find(word: number): Decoded<B> | undefined {
    const top = word >>> INDEX_SHIFT;
    for (const row of (this.#index[top] ??= this.#rowsAt(top))) {
      if (((word ^ row.pattern.value) & row.pattern.mask) !== 0) continue;
      const fields = extractFields(row.pattern, word);
      if (row.valid(fields) && row.allocated(fields)) return { row, fields };
    }
    return undefined;
  }

  #rowsAt(top: number): readonly Row<B>[] {
    const bits = (top << INDEX_SHIFT) >>> 0;
    const mask = -1 << INDEX_SHIFT;
    return this.#ordered.filter(({ pattern }) => ((pattern.value ^ bits) & pattern.mask & mask) === 0);
  }
}

function bitCount(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
