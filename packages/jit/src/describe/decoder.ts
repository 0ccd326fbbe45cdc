import type { RecordMemory } from '../records/record-plan.js';
import type { RawFields } from './pattern.js';
import type { Row } from './row.js';

/**
 * A decoded instruction.
 *
 * @experimental
 */
export interface Decoded<B, R extends Row<B> = Row<B>> {
  /** The row whose encoding matches. */
  readonly row: R;
  /** Values of its fields. */
  readonly fields: RawFields;
}

/**
 * Decodes the instructions of one mode of an architecture. The decoder identifies an instruction by a key, an unsigned
 * number of 32 bits: instructions with the same key have the same bytes and meaning. Words of 32 bits are their own
 * keys; a decoder of longer instructions numbers the byte strings that it encounters.
 *
 * @experimental
 */
export interface InstructionDecoder<B> {
  /**
   * Changes when keys get another meaning, because the decoder began to number byte strings anew. Absent: keys keep
   * their meaning.
   */
  readonly generation?: number;
  /**
   * The key of the instruction at VM memory address `at`. Nothing is read from `end` on; `STRADDLES` (−1) if the
   * instruction does not end before it. Invalid bytes have a key, too.
   */
  keyAt(memory: RecordMemory, at: number, end: number): number;
  /**
   * Length in bytes of the instruction with a key: at least one unit of the geometry, even if the encoding is not
   * allocated.
   */
  lengthOf(key: number): number;
  /** The row of the instruction with a key; `undefined` if the encoding is not allocated or not implemented. */
  find(key: number): Decoded<B> | undefined;
}
