import type { VmMemory } from '@qvm/core/architecture';
import { EXACT_REGIONS } from '@qvm/jit';
import type { CodeCache, RegionPlace } from './code-cache.js';
import type { RegionModule } from './region-module.js';
import type { Volume } from './translation-library.js';

/** Region numbers have 16 bits; 0 means no region. */
const NUMBERS_END = 0x1_0000;

/** The code that a region holds of one page. @internal */
export interface RegionPart {
  /** Address of the slot of the page. */
  readonly slot: number;
  /** Offset in the page of the first byte, and of the byte after the last one. */
  readonly from: number;
  /** See {@link RegionPart.from}. */
  readonly to: number;
}

/** A region in use. */
interface LiveRegion extends Volume {
  /** Address of its first record, and of its region number. */
  readonly ip: number;
  readonly region: number;
  readonly parts: readonly RegionPart[];
  readonly body: WebAssembly.ExportValue;
}

/**
 * The translated regions in use: where they begin, the pages whose code they hold, and the numbers by which generated
 * code calls them.
 *
 * @internal
 */
export class LiveRegions {
  readonly #numbers = {
    relaxed: new RegionNumbers(1, EXACT_REGIONS),
    exact: new RegionNumbers(EXACT_REGIONS, NUMBERS_END),
  };
  readonly #byNumber = new Map<number, LiveRegion>();
  /** Numbers of the regions that hold code of a page, by its slot. */
  readonly #bySlot = new Map<number, Set<number>>();
  /** The tables of the vCPUs. */
  readonly #tables: WebAssembly.Table[] = [];

  /** @param onDrop - called for each region that is no longer in use. */
  constructor(
    private readonly memory: VmMemory,
    private readonly code: CodeCache,
    private readonly onDrop: () => void,
  ) {}

  /** Regions in use. */
  get size(): number {
    return this.#byNumber.size;
  }

  /** The region whose number is at `address`, if there is one. */
  at(address: number): LiveRegion | undefined {
    return this.#byNumber.get(this.memory.u16[address >>> 1] as number);
  }

  /** Adds the table of a vCPU. */
  addTable(table: WebAssembly.Table): void {
    this.#tables.push(table);
    for (const [number, { body }] of this.#byNumber) table.set(number, body);
  }

  /**
   * Puts a translation to use at a place, with links to the pages of its parts. It replaces the region that begins there.
   *
   * @param parts - its code in the pages at this place, in the order of the translation's pages.
   * @returns false if no number is free, or the module has no such function.
   */
  add({ ip, region }: RegionPlace, { module, translation }: Volume, parts: readonly RegionPart[]): boolean {
    const { u16, u32 } = this.memory;
    const body = module.bodyOf(translation);
    if (body === undefined) return false;
    const number = (module.exactAlignment ? this.#numbers.exact : this.#numbers.relaxed).take();
    if (number === undefined) return false;
    const before = u16[region >>> 1] as number;
    if (before !== 0) {
      const { module: owner, translation: smaller } = this.#byNumber.get(before) as LiveRegion;
      owner.superseded.add(smaller);
      this.#release(before);
    }
    module.live++;
    translation.pages.forEach(({ link }, i) => {
      if (link < 0) return;
      u32[((module.linksAt as number) >>> 2) + link] = (parts[i] as RegionPart).slot;
      module.linked.add(translation);
    });
    for (const table of this.#tables) table.set(number, body);
    u16[region >>> 1] = number;
    this.#byNumber.set(number, { ip, region, module, translation, parts, body });
    for (const { slot } of parts) {
      this.code.markProfiled(slot);
      const numbers = this.#bySlot.get(slot) ?? new Set();
      this.#bySlot.set(slot, numbers.add(number));
    }
    return true;
  }

  /**
   * Drops the regions that hold code of bytes `from` to `to` (exclusive) of the page of a slot.
   *
   * @returns the addresses of the records where they began.
   */
  drop(slot: number, from: number, to: number): readonly number[] {
    const dropped: number[] = [];
    for (const number of this.#bySlot.get(slot) ?? []) {
      const { ip, parts } = this.#byNumber.get(number) as LiveRegion;
      if (!parts.some((part) => part.slot === slot && part.from < to && from < part.to)) continue;
      this.#release(number);
      dropped.push(ip);
    }
    return dropped;
  }

  /**
   * Drops the regions of a module.
   *
   * @returns the addresses of the records where they began.
   */
  dropModule(module: RegionModule): readonly number[] {
    if (module.live === 0) return [];
    const dropped = [...this.#byNumber].filter(([, region]) => region.module === module);
    for (const [number] of dropped) this.#release(number);
    return dropped.map(([, { ip }]) => ip);
  }

  #release(number: number): void {
    const { region, parts, module, translation } = this.#byNumber.get(number) as LiveRegion;
    this.memory.u16[region >>> 1] = 0;
    this.#byNumber.delete(number);
    module.live--;
    module.linked.delete(translation);
    for (const { slot } of parts) this.#bySlot.get(slot)?.delete(number);
    this.onDrop();
    for (const table of this.#tables) table.set(number, null);
    (number < EXACT_REGIONS ? this.#numbers.relaxed : this.#numbers.exact).give(number);
  }
}

/** Allocates the numbers of a range. */
class RegionNumbers {
  readonly #free: number[] = [];

  constructor(
    private next: number,
    private readonly end: number,
  ) {}

  take(): number | undefined {
    return this.#free.pop() ?? (this.next < this.end ? this.next++ : undefined);
  }

  give(number: number): void {
    this.#free.push(number);
  }
}
