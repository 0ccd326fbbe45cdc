import type { RecordMemory } from '../records/record-plan.js';
import type { Decoded, InstructionDecoder } from './decoder.js';
import { extractFields } from './pattern.js';
import type { PatternRow } from './row.js';

const INDEX_SHIFT = 21;
const INDEX_SIZE = 1 << (32 - INDEX_SHIFT);
const WORD_BYTES = 4;

/**
 * Decoder for instructions that are all words of 32 bits: an index by the top eleven bits, then the rows in order of
 * decreasing number of fixed bits.
 *
 * @experimental
 */
export class WordDecoder<B> implements InstructionDecoder<B> {
  /** Rows in order of decreasing number of fixed bits. */
  readonly #ordered: readonly PatternRow<B>[];
  /** Rows that match the top bits, by those bits; an element is made when it is first needed. */
  readonly #index: (readonly PatternRow<B>[] | undefined)[] = new Array<undefined>(INDEX_SIZE).fill(undefined);

  /** @throws Error when the pattern of a row does not have 32 bits. */
  constructor(
    /** The rows that it decodes, in the order given. */
    readonly rows: readonly PatternRow<B>[],
  ) {
    for (const { name, pattern } of rows)
      if (pattern.bits !== WORD_BYTES * 8) throw new Error(`row "${name}" has ${pattern.bits} bits, not a word`);
    this.#ordered = [...rows].sort((x, y) => bitCount(y.pattern.mask) - bitCount(x.pattern.mask));
  }

  /** The word at an address, which must be a multiple of 4. */
  keyAt({ u32 }: RecordMemory, at: number): number {
    return u32[at >>> 2] as number;
  }

  lengthOf(): number {
    return WORD_BYTES;
  }

  find(word: number): Decoded<B, PatternRow<B>> | undefined {
    const top = word >>> INDEX_SHIFT;
    for (const row of (this.#index[top] ??= this.#rowsAt(top))) {
      if (((word ^ row.pattern.value) & row.pattern.mask) !== 0) continue;
      const fields = extractFields(row.pattern, word);
      if (row.valid(fields) && row.allocated(fields)) return { row, fields };
    }
    return undefined;
  }

  #rowsAt(top: number): readonly PatternRow<B>[] {
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
