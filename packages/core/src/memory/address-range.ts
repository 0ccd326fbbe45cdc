import { hexadecimal } from '../text/hexadecimal.js';

/**
 * First address beyond guest-physical memory: addresses have 48 bits, the maximum of an ARMv8.0 core (Arm ARM D8.1.8).
 *
 * @experimental
 */
export const PHYSICAL_ADDRESS_LIMIT = 0x1_0000_0000_0000;

/**
 * Formats a range for errors and listings, last address included: `0x9000000-0x9000fff`.
 *
 * @experimental
 */
export function formatRange(base: number, size: number): string {
  return `${hexadecimal(base)}-${hexadecimal(base + size - 1)}`;
}

/**
 * A range of guest-physical addresses.
 *
 * @experimental
 */
export interface AddressRange {
  /** The first address. */
  readonly base: number;
  /** Size in bytes. */
  readonly size: number;
}
