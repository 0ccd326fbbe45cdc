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
  readonly #index: (readonly Row<B>[])[] = [];

  constructor(readonly rows: readonly Row<B>[]) {
    const ordered = [...rows].sort((x, y) => bitCount(y.pattern.mask) - bitCount(x.pattern.mask));
    for (let i = 0; i < INDEX_SIZE; i++) {
      const top = (i << INDEX_SHIFT) >>> 0;
      const topMask = (-1 << INDEX_SHIFT) >>> 0;
      this.#index.push(ordered.filter(({ pattern }) => ((pattern.value ^ top) & pattern.mask & topMask) >>> 0 === 0));
    }
  }

  /** The row that describes `word`, or `undefined` when the encoding is not allocated or not implemented. */
  find(word: number): Decoded<B> | undefined {
    for (const row of this.#index[word >>> INDEX_SHIFT] as readonly Row<B>[]) {
      if (((word ^ row.pattern.value) & row.pattern.mask) !== 0) continue;
      const fields = extractFields(row.pattern, word);
      if (row.valid(fields) && row.allocated(fields)) return { row, fields };
    }
    return undefined;
  }
}

function bitCount(value: number): number {
  let count = 0;
  for (let rest = value >>> 0; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
