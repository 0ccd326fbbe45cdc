import type { VirtualMapping } from '@qvm/core/hooks';
import { MappingList } from '@qvm/engine';
import { Entry, largePageOf } from './paging-entry.js';
import type { PhysicalWords } from './physical-words.js';

/** Limit for the number of tables that are read: real kernels have some thousands. */
const MOST_TABLES = 0x4000;
const TWO_32 = 2 ** 32;
const PAGE_BITS = 12;
const [WIDE_ENTRIES, LEGACY_ENTRIES] = [512, 1024];
const LARGE_LEGACY = 2 ** 22;
/** Address bits of the high word of an entry of 64 bits, which valid entries of 40 bits of physical address have. */
const ADDRESS_HIGH = 0xff;

/** Whether an entry of 64 bits that maps address bits from `shift` on has no reserved bit set. */
type IsValid = (low: number, high: number, shift: number) => boolean;

/**
 * Collects the mappings of page tables by walking each of them once (SDM vol. 3, 4.3 to 4.5). A table to which several
 * entries lead counts for the first of them: kernels map a page at thousands of addresses so (Linux' ESPFIX area), and
 * tables may lead to themselves.
 *
 * @experimental
 */
export class MappedRanges {
  readonly #list: MappingList;
  readonly #visited = new Set<number>();

  /** @param limit - largest number of ranges. */
  constructor(
    private readonly words: PhysicalWords,
    limit: number,
    private readonly isValid: IsValid,
  ) {
    this.#list = new MappingList(limit);
  }

  /** The collected ranges. */
  get ranges(): readonly VirtualMapping[] {
    return this.#list.mappings;
  }

  /** Adds the page directory of 32-bit paging. */
  addDirectory(directory: number, largePages: boolean): void {
    for (let index = 0; index < LEGACY_ENTRIES && !this.#list.full; index++) {
      const entry = this.#word(directory + index * 4);
      if ((entry & Entry.Present) === 0) continue;
      const virtual = index * LARGE_LEGACY;
      if (entry & Entry.Large && largePages) {
        const page = largePageOf(entry);
        if (page !== undefined) this.#list.add(BigInt(virtual), page, LARGE_LEGACY);
      } else this.#legacyTable((entry & ~0xfff) >>> 0, virtual);
    }
  }

  /** Adds the tables of the four PDPTE registers of PAE paging. */
  addPointers(pointers: readonly bigint[]): void {
    pointers.forEach((pointer, index) => {
      if ((Number(pointer) & Entry.Present) === 0) return;
      this.addTable(tableOf(Number(pointer & 0xffff_ffffn), Number(pointer >> 32n)), 21, index * 2 ** 30);
    });
  }

  /**
   * Adds a table whose entries have 64 bits.
   *
   * @param shift - lowest address bit that the index of an entry translates.
   * @param first - virtual address of its first entry, before the sign extension of four-level paging.
   */
  addTable(table: number, shift: number, first = 0): void {
    if (!this.#enter(table)) return;
    for (let index = 0; index < WIDE_ENTRIES && !this.#list.full; index++) {
      const [low, high] = [this.#word(table + index * 8), this.#word(table + index * 8 + 4)];
      if ((low & Entry.Present) === 0 || !this.isValid(low | 0, high | 0, shift)) continue;
      const virtual = first + index * 2 ** shift;
      if (shift !== PAGE_BITS && (low & Entry.Large) === 0) this.addTable(tableOf(low, high), shift - 9, virtual);
      else this.#list.add(canonical(virtual), pageOf(low, high, shift), 2 ** shift);
    }
  }

  #legacyTable(table: number, first: number): void {
    if (!this.#enter(table)) return;
    for (let index = 0; index < LEGACY_ENTRIES && !this.#list.full; index++) {
      const entry = this.#word(table + index * 4);
      if (entry & Entry.Present) this.#list.add(BigInt(first + index * 4096), (entry & ~0xfff) >>> 0, 4096);
    }
  }

  /** Whether a table has not been read yet. */
  #enter(table: number): boolean {
    if (this.#visited.has(table) || this.#visited.size >= MOST_TABLES) return false;
    this.#visited.add(table);
    return true;
  }

  /** A word of a table; entries outside of memory are not followed. */
  #word(address: number): number {
    const index = this.words.indexOf(address);
    return index < 0 ? 0 : this.words.at(index);
  }
}

const tableOf = (low: number, high: number): number => (high & ADDRESS_HIGH) * TWO_32 + ((low & ~0xfff) >>> 0);

function pageOf(low: number, high: number, shift: number): number {
  return (high & ADDRESS_HIGH) * TWO_32 + ((low & ~(2 ** shift - 1)) >>> 0);
}

/** Bits 63–48 are copies of bit 47. */
const canonical = (virtual: number): bigint => BigInt.asUintN(64, BigInt.asIntN(48, BigInt(virtual)));
