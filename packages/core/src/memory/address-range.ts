import { hexadecimal } from '../text/hexadecimal.js';

/**
 * First address beyond guest-physical memory: qvm offers 48 bits, the most that an ARMv8.0 core has (Arm ARM D8.1.8).
 *
 * @experimental
 */
export const PHYSICAL_ADDRESS_LIMIT = 0x1_0000_0000_0000;

/**
 * A range as errors and listings show it, last address included: `0x9000000-0x9000fff`.
 *
 * @experimental
 */
export function formatRange(base: number, size: number): string {
  return `${hexadecimal(base)}-${hexadecimal(base + size - 1)}`;
}
