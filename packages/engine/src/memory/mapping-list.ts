import type { VirtualMapping } from '@qvm/core/hooks';

/**
 * Collects the mappings of page tables in ascending order; those that are adjacent in both address spaces become one.
 *
 * @experimental
 */
export class MappingList {
  readonly #mappings: { virtual: bigint; physical: number; size: number }[] = [];

  /** @param limit - largest number of mappings, which bounds tables that a guest makes endless. */
  constructor(private readonly limit: number) {}

  /** The collected mappings. */
  get mappings(): readonly VirtualMapping[] {
    return this.#mappings;
  }

  /** Whether there may be no more of them. */
  get full(): boolean {
    return this.#mappings.length >= this.limit;
  }

  /** Adds a mapping of `size` bytes above all others. */
  add(virtual: bigint, physical: number, size: number): void {
    const last = this.#mappings.at(-1);
    if (last?.virtual === virtual - BigInt(last?.size ?? 0) && last.physical + last.size === physical)
      last.size += size;
    else this.#mappings.push({ virtual, physical, size });
  }
}
