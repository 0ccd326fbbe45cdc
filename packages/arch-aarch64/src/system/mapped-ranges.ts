import type { VirtualMapping } from '@qvm/core/hooks';
import { MappingList } from '@qvm/engine';

/** One half of the address space: its first table and the geometry of its tables. */
export interface TranslationTables {
  /** Address of the first table. */
  readonly table: number;
  readonly firstLevel: number;
  /** log2 of the bytes that one entry of the first table spans, and the number of index bits of that table. */
  readonly firstShift: number;
  readonly firstIndexMask: number;
  readonly granuleBits: number;
}

/** Memory as its 32-bit words. */
export interface TableMemory {
  readonly words: Uint32Array;
  /** Index of the word at a guest-physical address, and the bytes of memory from there on; `undefined` where there is none. */
  find(address: number): { readonly index: number; readonly bytes: number } | undefined;
}

/**
 * Limit for the number of tables that are read: real kernels have some thousands, and cyclic tables would never end.
 */
const MOST_TABLES = 0x2000;
const LAST_LEVEL = 3;
const TWO_32 = 2 ** 32;
const ALL_ADDRESSES = 1n << 64n;

/** Collects the mappings of tables by walking all of them once (Arm ARM D8.2, D8.3). */
export class MappedRanges {
  readonly #ranges: MappingList;
  #tables = 0;

  /** @param limit - largest number of ranges. */
  constructor(
    private readonly memory: TableMemory,
    private readonly outputLimit: number,
    limit: number,
  ) {
    this.#ranges = new MappingList(limit);
  }

  /** The collected ranges, in the order in which they were added. */
  get ranges(): readonly VirtualMapping[] {
    return this.#ranges.mappings;
  }

  /** Adds half of the address space; the lower one first. */
  addHalf(half: TranslationTables, upper: boolean): void {
    const { firstLevel, firstShift, firstIndexMask, table } = half;
    const bytes = (firstIndexMask + 1) * 2 ** firstShift;
    const first = upper ? ALL_ADDRESSES - BigInt(bytes) : 0n;
    this.#table(half, table, firstLevel, firstShift, firstIndexMask + 1, first);
  }

  #table(half: TranslationTables, table: number, level: number, shift: number, entries: number, first: bigint): void {
    const found = table < this.outputLimit && this.#tables < MOST_TABLES ? this.memory.find(table) : undefined;
    if (found === undefined) return;
    this.#tables++;
    const { granuleBits } = half;
    const levelBits = granuleBits - 3;
    const span = BigInt(2 ** shift);
    const there = Math.min(entries, found.bytes / 8);
    for (let index = 0; index < there && !this.#ranges.full; index++) {
      const lo = this.memory.words[found.index + index * 2] as number;
      if ((lo & 1) === 0) continue;
      const hi = this.memory.words[found.index + index * 2 + 1] as number;
      const virtual = first + BigInt(index) * span;
      const isTable = (lo & 2) !== 0;
      const high = (hi & 0xffff) * TWO_32;
      if (level < LAST_LEVEL && isTable) {
        const next = high + ((lo & -(1 << granuleBits)) >>> 0);
        this.#table(half, next, level + 1, shift - levelBits, 2 ** levelBits, virtual);
      } else if (level === LAST_LEVEL ? isTable : blockAllowed(granuleBits, level)) {
        const address = high + ((lo & ~0xfff) >>> 0);
        this.#add(virtual, Math.floor(address / 2 ** shift) * 2 ** shift, 2 ** shift);
      }
    }
  }

  #add(virtual: bigint, physical: number, size: number): void {
    if (physical < this.outputLimit) this.#ranges.add(virtual, physical, size);
  }
}

/** Whether a descriptor of this level can be a block descriptor (D8.3.1). */
export const blockAllowed = (granuleBits: number, level: number): boolean =>
  granuleBits === 12 ? level >= 1 : level === 2;
