import type { VmMemory } from '@qvm/core/architecture';
import { LINK_BYTES } from '@qvm/jit';

/** Number of links of a VM. */
const LINKS = 0x2_0000;
/** Least number of links that is given away. */
const LEAST = 4;

/**
 * The memory of the links of a VM's modules: see `TranslatedModule.links`.
 *
 * @internal
 */
export class RegionLinks {
  /** Bytes of VM memory that all links need. */
  static readonly bytes = LINKS * LINK_BYTES;
  #next: number;
  readonly #end: number;
  /** Addresses of free memory, by its number of links. */
  readonly #free = new Map<number, number[]>();

  constructor(private readonly memory: VmMemory) {
    this.#next = memory.allocate(RegionLinks.bytes, 64);
    this.#end = this.#next + RegionLinks.bytes;
  }

  /** Address of links that all are 0; undefined if there are not enough. */
  take(count: number): number | undefined {
    const size = sizeFor(count);
    let address = this.#free.get(size)?.pop();
    if (address === undefined) {
      if (this.#next + size * LINK_BYTES > this.#end) return undefined;
      address = this.#next;
      this.#next += size * LINK_BYTES;
    }
    this.memory.u32.fill(0, address >>> 2, (address >>> 2) + size);
    return address;
  }

  /** Takes back the links that {@link RegionLinks.take} gave. */
  give(address: number, count: number): void {
    const size = sizeFor(count);
    const free = this.#free.get(size) ?? [];
    free.push(address);
    this.#free.set(size, free);
  }
}

/** Sizes are powers of two, so that memory given back fits later requests. */
const sizeFor = (count: number): number => 2 ** Math.ceil(Math.log2(Math.max(LEAST, count)));
