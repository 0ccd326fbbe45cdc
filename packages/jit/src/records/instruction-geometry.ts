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
  /** Whether addresses are unsigned: an address is canonical when all bits from number `addressBits` upwards are 0. */
  readonly unsigned?: boolean;
}

/** Whether the address with this high half (a signed number) is canonical, for 33 bits and more, or 32 unsigned. @experimental */
export function isCanonicalHigh({ addressBits, unsigned = false }: InstructionGeometry, hi: number): boolean {
  if (unsigned) return addressBits === 64 || hi >>> (addressBits - 32) === 0;
  const top = hi >> (addressBits - 33);
  return top === 0 || top === -1;
}

/** Whether all instructions have the same length. @experimental */
export const hasFixedLength = ({ unit, longest }: InstructionGeometry): boolean => unit === longest;
