import type { VmMemory } from '@qvm/core/architecture';
import { EXACT_REGIONS } from '@qvm/jit';
import type { CodeCache, RegionPlace } from './code-cache.js';

/** Region numbers have 16 bits; 0 means no region. */
const NUMBERS_END = 0x1_0000;
/** Share of the modules that are evicted when there are too many. */
const EVICTED_SHARE = 1 / 4;

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
interface LiveRegion {
  /** Address of its first record, and of its region number. */
  readonly ip: number;
  readonly region: number;
  readonly instructions: number;
  readonly parts: readonly RegionPart[];
  readonly owner: RegionModule;
  readonly body: WebAssembly.ExportValue;
}

/** A module of regions. Its memory is released when none of its regions is in use. @internal */
export interface RegionModule {
  /** Number of its regions in use. */
  live: number;
  /** Number of the latest sample within one of its regions. */
  seen: number;
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
  #modules = 0;

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

  /** Modules that hold some of them. */
  get modules(): number {
    return this.#modules;
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

  /** Opens a new module. {@link LiveRegions.closeModule} must follow when its regions have been added. */
  openModule(sample: number): RegionModule {
    this.#modules++;
    return { live: 0, seen: sample };
  }

  closeModule({ live }: RegionModule): void {
    if (live === 0) this.#modules--;
  }

  /**
   * Puts a region to use. It replaces the one that begins at the same place.
   *
   * @returns false if no number is free.
   */
  add(
    { ip, region }: RegionPlace,
    body: WebAssembly.ExportValue,
    instructions: number,
    parts: readonly RegionPart[],
    owner: RegionModule,
    exactAlignment: boolean,
  ): boolean {
    const { u16 } = this.memory;
    const number = (exactAlignment ? this.#numbers.exact : this.#numbers.relaxed).take();
    if (number === undefined) return false;
    const before = u16[region >>> 1] as number;
    // Before the release, because the replaced region may be of the same module.
    owner.live++;
    if (before !== 0) this.#release(before);
    for (const table of this.#tables) table.set(number, body);
    u16[region >>> 1] = number;
    this.#byNumber.set(number, { ip, region, instructions, parts, owner, body });
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
   * Drops the modules whose regions have not been sampled for the longest time.
   *
   * @returns the addresses of the records where their regions began.
   */
  evict(): readonly number[] {
    const owners = [...new Set([...this.#byNumber.values()].map(({ owner }) => owner))].sort((x, y) => x.seen - y.seen);
    const cold = new Set(owners.slice(0, Math.ceil(owners.length * EVICTED_SHARE)));
    const evicted = [...this.#byNumber].filter(([, { owner }]) => cold.has(owner));
    for (const [number] of evicted) this.#release(number);
    return evicted.map(([, { ip }]) => ip);
  }

  #release(number: number): void {
    const { region, parts, owner } = this.#byNumber.get(number) as LiveRegion;
    this.memory.u16[region >>> 1] = 0;
    this.#byNumber.delete(number);
    if (--owner.live === 0) this.#modules--;
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
