/**
 * How the instructions of an architecture lie in memory.
 *
 * @experimental
 */
export interface InstructionGeometry {
  /** Each instruction begins at a multiple of this many bytes, a power of two. A jump to any other address is left to the engine. */
  readonly unit: number;
  /** Bytes of the longest instruction. When they are `unit`, all instructions have that length. */
  readonly longest: number;
  /**
   * Bits of a virtual address, up to 64: an address is canonical when all bits from number `addressBits − 1` upwards are alike.
   * A jump to any other address is left to the engine.
   */
  readonly addressBits: number;
}

/** Whether all instructions have the same length. @experimental */
export const hasFixedLength = ({ unit, longest }: InstructionGeometry): boolean => unit === longest;
