import type { RecordMemory } from '../records/record-plan.js';
import type { RawFields } from './pattern.js';
import type { Row } from './row.js';

/**
 * A decoded instruction.
 *
 * @experimental
 */
export interface Decoded<B> {
  readonly row: Row<B>;
  readonly fields: RawFields;
}

/**
 * Decodes the instructions of one mode of an architecture. An instruction is known by its key, an unsigned number of 32 bits that the
 * decoder chooses: where keys agree, so do bytes and meaning. Words of 32 bits are their own keys; a decoder of longer
 * instructions numbers the byte strings that it meets.
 *
 * @experimental
 */
export interface InstructionDecoder<B> {
  /**
   * The key of the instruction at VM memory address `at`, of which nothing is read from `end` on; `STRADDLES` (−1) when the
   * instruction does not end before. Bytes that are no instruction have a key, too.
   */
  keyAt(memory: RecordMemory, at: number, end: number): number;
  /** Bytes of the instruction with a key: at least one unit of the geometry, whether or not it is allocated. */
  lengthOf(key: number): number;
  /** The row of the instruction with a key, or `undefined` when the encoding is not allocated or not implemented. */
  find(key: number): Decoded<B> | undefined;
}
