/**
 * How the instructions of an architecture are placed in memory.
 *
 * @experimental
 */
export interface InstructionGeometry {
  /** Alignment of instructions in bytes, a power of two. A jump to any other address is left to the engine. */
  readonly unit: number;
  /** Length of the longest instruction in bytes. If it equals `unit`, all instructions have that length. */
  readonly longest: number;
  /**
   * Width of a virtual address in bits, up to 64: an address is canonical when all bits from number `addressBits − 1`
   * upwards are equal. A jump to any other address is left to the engine.
   */
  readonly addressBits: number;
}

/** Whether all instructions have the same length. @experimental */
export const hasFixedLength = ({ unit, longest }: InstructionGeometry): boolean => unit === longest;
