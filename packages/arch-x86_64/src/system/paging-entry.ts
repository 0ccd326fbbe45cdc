/** Bits of a paging-structure entry (SDM vol. 3, tables 4-5 to 4-20), in the low word. @experimental */
export enum Entry {
  Present = 1 << 0,
  Writable = 1 << 1,
  User = 1 << 2,
  Accessed = 1 << 5,
  Dirty = 1 << 6,
  /** PS: it maps a page larger than 4 KiB. */
  Large = 1 << 7,
  Global = 1 << 8,
}

const TWO_32 = 2 ** 32;
const RESERVED_4M = 1 << 21;

/**
 * The page of 4 MiB of an entry of 32-bit paging: bits 20–13 are address bits 39–32 (PSE-36; SDM vol. 3, table 4-4).
 *
 * @returns undefined if the reserved bit is set.
 * @experimental
 */
export function largePageOf(entry: number): number | undefined {
  if (entry & RESERVED_4M) return undefined;
  return ((entry >>> 13) & 0xff) * TWO_32 + ((entry & 0xffc0_0000) >>> 0);
}
