import type { RamRegion, VmMemory } from '@qvm/core/architecture';
import { CODE_SLOT_BYTES } from '@qvm/jit';
import type { CodePage, InstructionGeometry, RecordMemory, RecordPlan } from '@qvm/jit';
import type { MainRam } from '../memory/main-ram.js';
import { PAGE_BYTES, pageOf } from '../memory/page.js';

const SLOT_BYTES = CODE_SLOT_BYTES;
/** How many instructions are decoded ahead when one is needed. */
const DECODE_AHEAD = 32;

/**
 * Told when pages become code, so that writes to them are seen.
 *
 * @experimental
 */
export interface CodeCacheClient {
  /**
   * Makes the next write to the page at this VM memory offset miss the TLB.
   *
   * @param writer - the only TLB entry that may let it through, or `PageDirectory.manyWriters`.
   */
  protect(pageOffset: number, writer: number): void;
  /** Drops TLB entries that lead to records in this range. */
  dropCode(start: number, end: number): void;
  /** As `dropCode`, and if the vCPU is at such a record, it fetches anew before it goes on. */
  leaveCode(start: number, end: number): void;
  /** Address of the record the vCPU is at. */
  readonly ip: number;
}

/**
 * Decodes instructions into records.
 *
 * @experimental
 */
export interface RecordSource {
  /** Layout of the records. */
  readonly plan: RecordPlan;
  /** See `Predecoder.decode`. */
  decode(memory: RecordMemory, page: CodePage, record: number, most: number): number;
}

/**
 * An instruction in the cache, as the region cache sees it.
 *
 * @experimental
 */
export interface RegionPlace {
  /** Address of the record at which the region begins. */
  readonly ip: number;
  /** Offset in the page. */
  readonly offset: number;
  /** VM memory offset of the page. */
  readonly pageOffset: number;
  /** Address of its region number. */
  readonly region: number;
  /** Counts how often decoded instructions of the page were dropped. */
  readonly drops: number;
}

interface Slot {
  /** Guest-physical address of the page, −1 when the slot is free. */
  page: number;
  /** VM memory offset of the page. */
  pageOffset: number;
  /** Nothing is decoded and the page may be written without notice. */
  writable: boolean;
  /** Writes noticed since the page was last dropped whole, and how often that was. */
  writes: number;
  drops: number;
  /** How often any of its records were dropped. */
  recordDrops: number;
  /** Whether regions may begin in the page, and how often they were dropped. */
  regions: boolean;
  regionDrops: number;
}

/** So many writes to a page of code are taken one by one; then all its records are dropped, because it is being replaced. */
const WRITES_BEFORE_DROP = 32;
/** A page that was dropped so often holds code and data side by side: from then on writes are always taken one by one. */
const DROPS_OF_MIXED_PAGE = 8;
/** A page whose regions were dropped so often is written while it runs: it gets no more. */
const REGION_DROPS_LIMIT = 16;

/**
 * Pre-decoded pages of guest code, by guest-physical address, shared by the vCPUs of a VM. A page that holds decoded records
 * is write-protected in the software TLBs; the first write drops its records.
 *
 * @experimental
 */
export class CodeCache {
  readonly #slots: Slot[] = [];
  readonly #byPage = new Map<number, number>();
  readonly #clients: CodeCacheClient[] = [];
  readonly #base: number;
  readonly #limit: number;
  #hand = 0;
  /** Instructions decoded, pages dropped by writes, pages evicted: for `stats`. */
  readonly counters = {
    /** Instructions decoded. */
    decoded: 0,
    /** Pages whose records a write dropped. */
    invalidated: 0,
    /** Pages whose slot another page took. */
    evicted: 0,
  };

  /** @param bytes - size of the arena. */
  constructor(
    private readonly memory: VmMemory,
    private readonly source: RecordSource,
    private readonly ram: MainRam,
    bytes: number,
  ) {
    this.#base = memory.allocate(bytes, SLOT_BYTES);
    this.#limit = Math.floor(bytes / SLOT_BYTES);
  }

  /** Bytes of arena for this many pages of code. */
  static bytesFor(pages: number): number {
    return pages * SLOT_BYTES;
  }

  /** How the instructions lie in memory. */
  get geometry(): InstructionGeometry {
    return this.source.plan.geometry;
  }

  /** Adds a vCPU's part that is told when records go. */
  addClient(client: CodeCacheClient): void {
    this.#clients.push(client);
  }

  /** Pages in the cache. */
  get pages(): number {
    return this.#byPage.size;
  }

  /** Told the slot of a page that had regions when records of it are dropped. */
  onDrop: (slot: number) => void = () => undefined;

  /** What the region cache needs to know of an instruction, if its page may have regions. */
  place(ip: number): RegionPlace | undefined {
    const index = this.#indexOf(ip);
    const slot = this.#slots[index];
    if (!slot || slot.page < 0 || slot.regionDrops > REGION_DROPS_LIMIT) return undefined;
    const { plan } = this.source;
    return {
      ip,
      offset: plan.offsetOf(this.memory, ip),
      pageOffset: slot.pageOffset,
      region: plan.regionAddress(ip),
      drops: slot.recordDrops,
    };
  }

  /** Whether a place's page has not changed since it was looked up, and writes to it are noticed. */
  isStable({ ip, pageOffset, drops }: RegionPlace): boolean {
    const slot = this.#slots[this.#indexOf(ip)];
    return slot !== undefined && !slot.writable && slot.pageOffset === pageOffset && slot.recordDrops === drops;
  }

  /** Regions hold code of the page of `ip` from now on. */
  markRegions(ip: number): void {
    (this.#slots[this.#indexOf(ip)] as Slot).regions = true;
  }

  /**
   * Address of the record of the instruction at an offset in the page of a slot, if it has been decoded, else 0. A decoded
   * instruction has run, or follows closely one that has.
   */
  findDecoded(slot: number, offset: number): number {
    return this.source.plan.findDecoded(this.memory, slot, offset);
  }

  /**
   * Address of the record, decoded or not, of the instruction at an offset in the page of a slot; 0 when the slot was full and
   * has been given up, so that the page is to be looked up again.
   */
  recordFor(slot: number, offset: number): number {
    const record = this.source.plan.recordFor(this.memory, slot, offset);
    if (record === 0) this.forget((this.#slots[this.#indexOf(slot)] as Slot).page, PAGE_BYTES);
    return record;
  }

  /** Address of the slot of a page. */
  codeOf(page: number, region: RamRegion): number {
    let index = this.#byPage.get(page);
    if (index === undefined) {
      index = this.#take();
      const slot = this.#slots[index] as Slot;
      slot.page = page;
      slot.pageOffset = region.offset + (page - region.base);
      slot.writable = true;
      slot.writes = slot.drops = slot.regionDrops = 0;
      this.source.plan.prepare(this.memory, this.#address(index));
      this.#byPage.set(page, index);
      this.#describe(index);
    }
    return this.#address(index);
  }

  /** Decodes the record at `ip` and some that follow. A slot that is full is given up: its vCPUs fetch anew. */
  decode(ip: number): void {
    const index = this.#indexOf(ip);
    const slot = this.#slots[index] as Slot;
    if (slot.writable) {
      slot.writable = false;
      this.#describe(index);
      const writer = this.ram.takeWriter(slot.page);
      if (writer !== 0) for (const client of this.#clients) client.protect(slot.pageOffset, writer);
    }
    const page = { code: slot.pageOffset, slot: this.#address(index) };
    if (!this.source.plan.hasRoom(this.memory, page.slot, DECODE_AHEAD)) this.forget(slot.page, PAGE_BYTES);
    else this.counters.decoded += this.source.decode(this.memory, page, ip, DECODE_AHEAD);
  }

  /** VM memory address of the instruction of a record. */
  codeAt(ip: number): number {
    return this.pageAt(ip) + this.source.plan.offsetOf(this.memory, ip);
  }

  /** VM memory address of the page of guest code that a record belongs to. */
  pageAt(ip: number): number {
    return (this.#slots[this.#indexOf(ip)] as Slot).pageOffset;
  }

  /**
   * A vCPU is about to write to guest-physical memory inside one page: drops what was decoded from those bytes.
   *
   * @returns whether further writes to the page need no notice.
   */
  prepareWrite(physical: number, bytes: number): boolean {
    const page = pageOf(physical);
    const index = this.#byPage.get(page);
    const slot = index === undefined ? undefined : (this.#slots[index] as Slot);
    if (!slot || slot.writable) return true;
    if (++slot.writes > WRITES_BEFORE_DROP && slot.drops < DROPS_OF_MIXED_PAGE) {
      slot.drops++;
      slot.writes = 0;
      this.#dropAll(index as number);
      return true;
    }
    const offset = physical - page;
    this.#dropRecords(index as number, offset, offset + bytes);
    return false;
  }

  /** The TLB entry at this address will let writes to the page of a guest-physical address through. */
  noteWriter(physical: number, entry: number): void {
    this.ram.noteWriter(pageOf(physical), entry);
  }

  /** Drops the records of a guest-physical range that was written from outside. */
  invalidate(base: number, size: number): void {
    const end = base + Math.max(size, 1);
    for (let page = pageOf(base); page < end; page += PAGE_BYTES) {
      const index = this.#byPage.get(page);
      if (index !== undefined) this.#dropAll(index);
    }
  }

  /**
   * Forgets the pages of a guest-physical range that leads elsewhere now. What is decoded from them stays where it is until
   * the slots are taken for other pages: the vCPUs find out by themselves that it is gone.
   */
  forget(base: number, size: number): void {
    for (const [page, index] of [...this.#byPage]) {
      if (page + PAGE_BYTES <= base || page >= base + size) continue;
      this.#dropAll(index);
      const start = this.#address(index);
      for (const client of this.#clients) client.leaveCode(start, start + SLOT_BYTES);
      this.ram.describe(page, 0, false);
      (this.#slots[index] as Slot).page = -1;
      this.#byPage.delete(page);
    }
  }

  /** Forgets everything. */
  clear(): void {
    for (const index of this.#byPage.values()) this.#dropAll(index);
  }

  #dropAll(index: number): void {
    const slot = this.#slots[index] as Slot;
    if (slot.writable) return;
    slot.writable = true;
    this.#describe(index);
    this.#dropRecords(index, 0, PAGE_BYTES);
  }

  /** Drops what was decoded from bytes `from` to `to` (exclusive) of a page. */
  #dropRecords(index: number, from: number, to: number): void {
    this.counters.invalidated++;
    (this.#slots[index] as Slot).recordDrops++;
    this.#dropRegions(index);
    this.source.plan.drop(this.memory, this.#address(index), from, to);
  }

  #dropRegions(index: number): void {
    const slot = this.#slots[index] as Slot;
    if (!slot.regions) return;
    slot.regions = false;
    slot.regionDrops++;
    this.onDrop(this.#address(index));
  }

  #take(): number {
    if (this.#slots.length < this.#limit) {
      this.#slots.push({
        page: -1,
        pageOffset: 0,
        writable: true,
        writes: 0,
        drops: 0,
        recordDrops: 0,
        regions: false,
        regionDrops: 0,
      });
      return this.#slots.length - 1;
    }
    return this.#evict();
  }

  /** Reuses a slot that no vCPU is in. */
  #evict(): number {
    for (;;) {
      this.#hand = (this.#hand + 1) % this.#limit;
      const start = this.#address(this.#hand);
      if (this.#clients.some(({ ip }) => ip >= start && ip < start + SLOT_BYTES)) continue;
      const slot = this.#slots[this.#hand] as Slot;
      this.#dropAll(this.#hand);
      for (const client of this.#clients) client.dropCode(start, start + SLOT_BYTES);
      this.ram.describe(slot.page, 0, false);
      this.#byPage.delete(slot.page);
      this.counters.evicted++;
      return this.#hand;
    }
  }

  /** Tells generated code of a page. */
  #describe(index: number): void {
    const { page, writable } = this.#slots[index] as Slot;
    this.ram.describe(page, this.#address(index), !writable);
  }

  /** Number of the slot that an address is in. */
  #indexOf(address: number): number {
    return Math.floor((address - this.#base) / SLOT_BYTES);
  }

  #address(index: number): number {
    return this.#base + index * SLOT_BYTES;
  }
}
