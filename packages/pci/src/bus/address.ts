/** Devices of a bus. */
export const DEVICES = 32;
/** Functions of a device. */
export const FUNCTIONS = 8;

/**
 * The place of a function on its bus.
 *
 * @experimental
 */
export interface PciAddress {
  /** Device, 0 to 31. */
  readonly slot: number;
  /** Function, 0 to 7. */
  readonly fn: number;
}

/**
 * Formats an address as `lspci` does: `00:03.0`.
 *
 * @experimental
 */
export function formatPciAddress({ slot, fn }: PciAddress): string {
  return `00:${slot.toString(16).padStart(2, '0')}.${fn}`;
}
