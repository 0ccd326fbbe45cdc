import { DESCRIPTOR_BYTES } from './descriptor.js';

/** Size in bytes of the available ring without its entries, with the event index: flags, index, used_event. */
const AVAILABLE_FIXED = 6;
const AVAILABLE_ENTRY = 2;

/**
 * Addresses of the areas of a legacy queue, which is contiguous and begins with the descriptor table; the used ring
 * has an alignment of its own (VirtIO 1.2, section 2.7.2).
 *
 * @param table - guest-physical address of the descriptor table.
 * @param alignment - alignment of the used ring; a power of two.
 * @returns the addresses of the descriptor table, the available ring and the used ring.
 */
export function legacyAreas(table: number, size: number, alignment: number): readonly [number, number, number] {
  const available = table + DESCRIPTOR_BYTES * size;
  const end = available + AVAILABLE_FIXED + AVAILABLE_ENTRY * size;
  return [table, available, Math.ceil(end / alignment) * alignment];
}
