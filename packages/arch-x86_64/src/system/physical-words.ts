import type { PhysicalMap, VmMemory } from '@qvm/core/architecture';

/** Bytes of a paging-structure entry's first half, where A and D are. */
const WORD = 4;

/**
 * Words of guest-physical RAM, for page walks: found by address, read, and changed atomically, because other vCPUs and
 * devices use the same memory.
 *
 * @experimental
 */
export class PhysicalWords {
  readonly #u32: Uint32Array;
  readonly #i32: Int32Array;

  constructor(
    memory: VmMemory,
    private readonly map: PhysicalMap,
  ) {
    this.#u32 = memory.u32;
    this.#i32 = new Int32Array(this.#u32.buffer, this.#u32.byteOffset, this.#u32.length);
  }

  /** Index of the word at an address that is a multiple of 4; −1 if neither RAM nor ROM is there. */
  indexOf(address: number): number {
    const region = this.map.find(address);
    if (!region || (region.kind !== 'ram' && region.kind !== 'rom')) return -1;
    return (region.offset + (address - region.base)) / WORD;
  }

  /** Whether the word at an address may be written. */
  isWritable(address: number): boolean {
    return this.map.find(address)?.kind === 'ram';
  }

  /** The word at an index; ones for −1, as nothing answers there. */
  at(index: number): number {
    return index < 0 ? 0xffff_ffff : (this.#u32[index] as number);
  }

  /** Replaces a word if it still is `old`. */
  replace(index: number, old: number, value: number): boolean {
    return Atomics.compareExchange(this.#i32, index, old | 0, value | 0) === (old | 0);
  }
}
