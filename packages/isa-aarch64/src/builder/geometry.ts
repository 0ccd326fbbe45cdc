import type { InstructionGeometry } from '@qvm/jit';

/**
 * A64: words of 4 bytes (Arm ARM C2.1). Bits 63–55 of a jump's target are equal unless its top byte is ignored or it
 * is outside of all translations (Arm ARM D8.2); the processor handles those cases.
 *
 * @experimental
 */
export const A64_GEOMETRY: InstructionGeometry = { unit: 4, longest: 4, addressBits: 56 };
