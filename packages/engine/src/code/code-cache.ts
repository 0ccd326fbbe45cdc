import type { RamRegion, VmMemory } from '@qvm/core/architecture';
import { CODE_SLOT_BYTES, PageDirectory } from '@qvm/jit';
import type { CodePage, RecordMemory, RecordPlan } from '@qvm/jit';
import type { MainRam } from '../memory/main-ram.js';
import { PAGE_BYTES, pageOf } from '../memory/page.js';
import { LeakyCount } from './leaky-count.js';

const SLOT_BYTES = CODE_SLOT_BYTES;
/** Number of instructions that are decoded when the record of one is needed. */
const DECODE_AHEAD = 32;
/** Bytes of the longest instruction that may span two pages, at most; a multiple of 4. */
const COPY_BYTES = 64;

/**
 * A vCPU's part that is informed when pages become code or lose their records.
 *
 * @experimental
 */
export interface CodeCacheClient {
  /**
   * Makes the next write to the page at this VM memory offset miss the TLB.
   *
   * @param writer - address of the only TLB entry that may allow such a write, or `PageDirectory.manyWriters`.
   */
  protect(pageOffset: number, writer: number): void;
  /** Drops TLB entries that lead to records in this range. */
  dropCode(start: number, end: number): void;
  /** As `dropCode`; a vCPU that is at such a record also fetches again before it continues. */
  leaveCode(start: number, end: number): void;
  /** Address of the record that the vCPU is at. */
  readonly ip: number;
  /** Instructions retired. */
  readonly instructions: number;
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
  /** See `InstructionDecoder.keyAt`. */
  keyAt(memory: RecordMemory, at: number, end: number): number;
  /** See `Predecoder.linkStraddling`. */
  linkStraddling(memory: RecordMemory, page: CodePage, record: number, next: number, key: number): void;
}

/**
 * An instruction in the cache, in the terms of the region cache.
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
  /** Number of times that records of the page were dropped. */
  readonly drops: number;
}

/** The page that has a slot, and what happened to it. The word slot alone stands for the address of one. */
interface SlotUse {
  /** The mode in which the page is decoded, and what decodes it; undefined before the first use. */
  mode: number;
  source: RecordSource | undefined;
  /** Guest-physical address of the page, −1 when the slot is free. */
  page: number;
  /** VM memory offset of the page. */
  pageOffset: number;
  /** Nothing is decoded, and the page may be written without notice. */
  writable: boolean;
  /** Writes noticed since all records of the page were dropped, and such drops. */
  readonly writes: LeakyCount;
  readonly drops: LeakyCount;
  /** Number of drops of any of its records. */
  recordDrops: number;
  /** Whether regions or samples may refer to the page, and the writes that dropped regions. */
  profiled: boolean;
  readonly regionDrops: LeakyCount;
  /** Numbers of the slots of pages whose last instruction may be linked to this page, in which it ends. */
  readonly straddling: Set<number>;
}

/** Number of pages whose last instruction may be linked to the same next page: bounds the memory that this takes. */
const STRADDLING_LIMIT = 64;

/**
 * Number of writes to a page of code that each drop only the overwritten records. The next write drops all, because
 * the page is being replaced. One of them is forgotten after each `WRITES_PERIOD` instructions: an operating system
 * that patches its own code now and then does not replace it.
 */
const WRITES_BEFORE_DROP = 32;
const WRITES_PERIOD = 0x1000;
/**
 * A page that was dropped this often holds both code and data: from then on each write drops only the overwritten
 * records. One drop is forgotten after each `DROPS_PERIOD` instructions, so that a page that no longer holds code can
 * be written freely.
 */
const DROPS_OF_MIXED_PAGE = 8;
/**
 * A page whose regions were dropped this often is written while it runs: no further regions are made of it, until drops
 * are forgotten. Then the page costs at most one translation in each `DROPS_PERIOD`. Writes within `BURST` instructions
 * count once, because an operating system patches many places of a page at a time.
 */
const REGION_DROPS_LIMIT = 16;
const BURST = 0x1_0000;
const DROPS_PERIOD = 0x100_0000;

/**
 * Pre-decoded pages of guest code, by guest-physical address, shared by the vCPUs of a VM. A page that holds decoded records
 * is write-protected in the software TLBs; the first write drops its records. A page has the records of one mode at a
 * time: when a vCPU executes it in another mode, it is decoded anew.
 *
 * @experimental
 */
export class CodeCache {
  /** By number of the slot. */
  readonly #uses: SlotUse[] = [];
  readonly #byPage = new Map<number, number>();
  readonly #clients: CodeCacheClient[] = [];
  /** Numbers of the slots of forgotten pages, which vCPUs may still be in. */
  readonly #free: number[] = [];
  readonly #base: number;
  readonly #limit: number;
  #hand = 0;
  /** A copy of an instruction that spans two pages. */
  readonly #copy = recordMemory(COPY_BYTES);
  /** Instructions decoded, pages dropped by writes, pages evicted: for `stats`. */
  readonly counters = {
    /** Instructions decoded. */
    decoded: 0,
    /** Pages whose records a write dropped. */
    invalidated: 0,
    /** Pages whose slot another page took. */
    evicted: 0,
    /** Pages released because they were executed in another mode. */
    modeChanges: 0,
  };

  /**
   * @param sources - what decodes the instructions of a mode.
   * @param bytes - size of the arena.
   */
  constructor(
    private readonly memory: VmMemory,
    private readonly sources: (mode: number) => RecordSource,
    private readonly ram: MainRam,
    bytes: number,
  ) {
    this.#base = memory.allocate(bytes, SLOT_BYTES);
    this.#limit = Math.floor(bytes / SLOT_BYTES);
  }

  /** Bytes of the arena for this number of pages of code. */
  static bytesFor(pages: number): number {
    return pages * SLOT_BYTES;
  }

  /** Layout of the records of a mode. */
  planOf(mode: number): RecordPlan {
    return this.sources(mode).plan;
  }

  /** Adds a vCPU's part that is informed of dropped records. */
  addClient(client: CodeCacheClient): void {
    this.#clients.push(client);
  }

  /** Pages in the cache. */
  get pages(): number {
    return this.#byPage.size;
  }

  /**
   * Called before the records of bytes `from` to `to` (exclusive) of a page are dropped to which regions or samples may
   * refer. Returns whether regions were dropped.
   */
  onDrop: (slot: number, mode: number, from: number, to: number) => boolean = () => false;

  /** The region cache's view of an instruction; undefined if no regions may be made of its page. */
  place(ip: number): RegionPlace | undefined {
    const index = this.#indexOf(ip);
    const use = this.#uses[index];
    if (!use || use.page < 0 || use.regionDrops.at(this.#now) > REGION_DROPS_LIMIT) return undefined;
    const { plan } = this.#sourceOf(index);
    return {
      ip,
      offset: plan.offsetOf(this.memory, ip),
      pageOffset: use.pageOffset,
      region: plan.regionAddress(ip),
      drops: use.recordDrops,
    };
  }

  /** Whether the page of a place is unchanged since {@link CodeCache.place}, and writes to it are noticed. */
  isStable({ ip, pageOffset, drops }: RegionPlace): boolean {
    const use = this.#uses[this.#indexOf(ip)];
    return use !== undefined && !use.writable && use.pageOffset === pageOffset && use.recordDrops === drops;
  }

  /** From now on, writes to the page of `ip` are noticed. */
  watch(ip: number): void {
    this.#protect(this.#indexOf(ip));
  }

  /** Notes that regions hold code of the page of `ip`, or that its records are known as places of samples. */
  markProfiled(ip: number): void {
    (this.#uses[this.#indexOf(ip)] as SlotUse).profiled = true;
  }

  /**
   * Address of the record of the instruction at an offset in the page of a slot if it has been decoded, otherwise 0. A
   * decoded instruction has been executed, or closely follows one that has.
   */
  findDecoded(slot: number, offset: number): number {
    return this.#sourceOf(this.#indexOf(slot)).plan.findDecoded(this.memory, slot, offset);
  }

  /**
   * Address of the record, decoded or not, of the instruction at an offset in the page of a slot. 0 if the slot was
   * full and has been released: the caller must look up the page again.
   */
  recordFor(slot: number, offset: number): number {
    const index = this.#indexOf(slot);
    const record = this.#sourceOf(index).plan.recordFor(this.memory, slot, offset);
    if (record === 0) this.forget((this.#uses[index] as SlotUse).page, PAGE_BYTES);
    return record;
  }

  /** Address of the slot of a page, for execution in a mode. */
  codeOf(page: number, region: RamRegion, mode: number): number {
    const index = this.#byPage.get(page);
    if (index !== undefined) {
      if ((this.#uses[index] as SlotUse).mode === mode) return this.#address(index);
      this.counters.modeChanges++;
      this.forget(page, PAGE_BYTES);
    }
    return this.#use(this.#take(), page, region, mode);
  }

  /** Gives a free slot to a page; returns its address. */
  #use(index: number, page: number, region: RamRegion, mode: number): number {
    const use = this.#uses[index] as SlotUse;
    const slot = this.#address(index);
    const source = this.sources(mode);
    // Records of another layout are no records.
    if (use.source !== undefined && use.source !== source)
      this.memory.u32.fill(0, slot >>> 2, (slot + SLOT_BYTES) >>> 2);
    use.mode = mode;
    use.source = source;
    use.page = page;
    use.pageOffset = region.offset + (page - region.base);
    use.writable = true;
    use.writes.clear();
    use.drops.clear();
    use.regionDrops.clear();
    source.plan.prepare(this.memory, slot);
    this.#byPage.set(page, index);
    this.#describe(index);
    return slot;
  }

  /** Decodes the record at `ip` and some that follow. A full slot is released, and its vCPUs fetch again. */
  decode(ip: number): void {
    const index = this.#indexOf(ip);
    const use = this.#uses[index] as SlotUse;
    this.#protect(index);
    const page = this.#pageOf(index);
    const source = this.#sourceOf(index);
    if (!source.plan.hasRoom(this.memory, page.slot, DECODE_AHEAD)) this.forget(use.page, PAGE_BYTES);
    else this.counters.decoded += source.decode(this.memory, page, ip, DECODE_AHEAD);
  }

  /**
   * Decodes the instruction of the record at `ip`, which ends in the page of the slot `next`. A full slot is released, and
   * its vCPUs fetch again.
   */
  decodeStraddling(ip: number, next: number): void {
    const index = this.#indexOf(ip);
    const source = this.#sourceOf(index);
    const { plan } = source;
    const page = this.#pageOf(index);
    if (!plan.hasRoom(this.memory, page.slot, 0)) {
      this.forget((this.#uses[index] as SlotUse).page, PAGE_BYTES);
      return;
    }
    const { longest } = plan.geometry;
    this.#copy.u8.set(this.bytesAt(ip, longest, next));
    const key = source.keyAt(this.#copy, 0, longest);
    // Before the link is made, because it removes links when there are too many.
    this.#noteStraddling(index, this.#indexOf(next));
    // Writes to the next page must be noticed even if it has no decoded instructions.
    this.#protect(this.#indexOf(next));
    source.linkStraddling(this.memory, page, ip, next, key);
    this.counters.decoded++;
  }

  /**
   * The bytes at the instruction of a record.
   *
   * @param next - address of the slot of the page after that of the record; 0: bytes of that page are not returned.
   */
  bytesAt(ip: number, count: number, next: number): Uint8Array {
    const at = this.codeAt(ip);
    const first = this.memory.u8.slice(at, Math.min(at + count, this.pageAt(ip) + PAGE_BYTES));
    if (first.length === count || next === 0) return first;
    const start = this.pageAt(next);
    const bytes = new Uint8Array(count);
    bytes.set(first);
    bytes.set(this.memory.u8.subarray(start, start + count - first.length), first.length);
    return bytes;
  }

  /** VM memory address of the instruction of a record. */
  codeAt(ip: number): number {
    return this.pageAt(ip) + this.#sourceOf(this.#indexOf(ip)).plan.offsetOf(this.memory, ip);
  }

  /** VM memory address of the page of guest code that a record belongs to. */
  pageAt(ip: number): number {
    return (this.#uses[this.#indexOf(ip)] as SlotUse).pageOffset;
  }

  /**
   * Must be called before a vCPU writes to guest-physical memory within one page: drops the records of those bytes.
   *
   * @returns whether further writes to the page need not be noticed.
   */
  prepareWrite(physical: number, bytes: number): boolean {
    const page = pageOf(physical);
    const index = this.#byPage.get(page);
    const use = index === undefined ? undefined : (this.#uses[index] as SlotUse);
    if (!use || use.writable) return true;
    const now = this.#now;
    if (use.writes.add(now) > WRITES_BEFORE_DROP && use.drops.at(now) < DROPS_OF_MIXED_PAGE) {
      use.drops.add(now);
      use.writes.clear();
      this.#dropAll(index as number);
      return true;
    }
    const offset = physical - page;
    this.#dropRecords(index as number, offset, offset + bytes);
    return false;
  }

  /** Notes that the TLB entry at address `entry` allows writes to the page of a guest-physical address. */
  noteWriter(physical: number, entry: number): void {
    this.ram.noteWriter(pageOf(physical), entry);
  }

  /** Drops the records of a guest-physical range that the host or a vdev wrote. */
  invalidate(base: number, size: number): void {
    const end = base + Math.max(size, 1);
    for (let page = pageOf(base); page < end; page += PAGE_BYTES) {
      const index = this.#byPage.get(page);
      if (index !== undefined) this.#dropAll(index);
    }
  }

  /**
   * Forgets the pages of a guest-physical range, for example because the mapping has changed. Their records stay until
   * the slots are reused, and the vCPUs leave them.
   */
  forget(base: number, size: number): void {
    for (const [page, index] of [...this.#byPage]) {
      if (page + PAGE_BYTES <= base || page >= base + size) continue;
      this.#dropAll(index);
      const start = this.#address(index);
      for (const client of this.#clients) client.leaveCode(start, start + SLOT_BYTES);
      this.ram.describe(page, 0, false);
      (this.#uses[index] as SlotUse).page = -1;
      this.#byPage.delete(page);
      this.#free.push(index);
    }
  }

  /** Drops all records. */
  clear(): void {
    for (const index of this.#byPage.values()) this.#dropAll(index);
  }

  #dropAll(index: number): void {
    const use = this.#uses[index] as SlotUse;
    if (use.writable) return;
    use.writable = true;
    this.#describe(index);
    this.#dropRecords(index, 0, PAGE_BYTES);
  }

  /** Drops the records of bytes `from` to `to` (exclusive) of a page. */
  #dropRecords(index: number, from: number, to: number): void {
    this.counters.invalidated++;
    (this.#uses[index] as SlotUse).recordDrops++;
    this.#dropRegions(index, from, to);
    const { plan } = this.#sourceOf(index);
    plan.drop(this.memory, this.#address(index), from, to);
    if (from < plan.geometry.longest - 1) this.#unlinkStraddling(index);
  }

  /** Notes that the last instruction of the page of slot `first` may be linked to the page of slot `next`. */
  #noteStraddling(first: number, next: number): void {
    const { straddling } = this.#uses[next] as SlotUse;
    if (straddling.size >= STRADDLING_LIMIT) this.#unlinkStraddling(next);
    straddling.add(first);
  }

  /** Removes the links of instructions that end in the page of a slot. */
  #unlinkStraddling(index: number): void {
    const { straddling } = this.#uses[index] as SlotUse;
    const source = this.#sourceOf(index);
    for (const first of straddling)
      // A slot that is used in another mode now has no links to this one.
      if (this.#sourceOf(first) === source)
        source.plan.unlinkStraddling(this.memory, this.#address(first), this.#address(index));
    straddling.clear();
  }

  /** From now on, writes to the page of a slot are noticed. */
  #protect(index: number): void {
    const use = this.#uses[index] as SlotUse;
    if (!use.writable) return;
    use.writable = false;
    this.#describe(index);
    const writer = this.ram.takeWriter(use.page);
    if (writer !== 0) for (const client of this.#clients) client.protect(use.pageOffset, writer);
  }

  #dropRegions(index: number, from: number, to: number): void {
    const use = this.#uses[index] as SlotUse;
    if (!use.profiled) return;
    use.profiled = from > 0 || to < PAGE_BYTES;
    if (this.onDrop(this.#address(index), use.mode, from, to)) use.regionDrops.add(this.#now);
  }

  /** Instructions retired by all vCPUs: the time by which events are forgotten. */
  get #now(): number {
    return this.#clients.reduce((sum, { instructions }) => sum + instructions, 0);
  }

  /** Number of a slot for a page. */
  #take(): number {
    const free = this.#free.findIndex((index) => !this.#isOccupied(index));
    if (free >= 0) return this.#free.splice(free, 1)[0] as number;
    if (this.#uses.length < this.#limit) {
      this.#uses.push({
        mode: 0,
        source: undefined,
        page: -1,
        pageOffset: 0,
        writable: true,
        writes: new LeakyCount(WRITES_BEFORE_DROP + 1, WRITES_PERIOD),
        drops: new LeakyCount(DROPS_OF_MIXED_PAGE, DROPS_PERIOD),
        recordDrops: 0,
        profiled: false,
        regionDrops: new LeakyCount(REGION_DROPS_LIMIT + 1, DROPS_PERIOD, BURST),
        straddling: new Set(),
      });
      return this.#uses.length - 1;
    }
    return this.#evict();
  }

  /** Whether a vCPU is in a slot. */
  #isOccupied(index: number): boolean {
    const start = this.#address(index);
    return this.#clients.some(({ ip }) => ip >= start && ip < start + SLOT_BYTES);
  }

  /** Reuses a slot that no vCPU is in. */
  #evict(): number {
    for (;;) {
      this.#hand = (this.#hand + 1) % this.#limit;
      if (this.#isOccupied(this.#hand)) continue;
      const start = this.#address(this.#hand);
      const use = this.#uses[this.#hand] as SlotUse;
      this.#dropAll(this.#hand);
      for (const client of this.#clients) client.dropCode(start, start + SLOT_BYTES);
      this.ram.describe(use.page, 0, false);
      this.#byPage.delete(use.page);
      this.counters.evicted++;
      return this.#hand;
    }
  }

  /** Updates the page's entry in the directory that generated code reads. */
  #describe(index: number): void {
    const { page, writable, mode } = this.#uses[index] as SlotUse;
    this.ram.describe(page, this.#address(index) | (mode << PageDirectory.modeShift), !writable);
  }

  /** Number of the slot that contains an address. */
  #indexOf(address: number): number {
    return Math.floor((address - this.#base) / SLOT_BYTES);
  }

  #sourceOf(index: number): RecordSource {
    return (this.#uses[index] as SlotUse).source as RecordSource;
  }

  #address(index: number): number {
    return this.#base + index * SLOT_BYTES;
  }

  #pageOf(index: number): CodePage {
    return { code: (this.#uses[index] as SlotUse).pageOffset, slot: this.#address(index) };
  }
}

/** Memory of the host in the form that a decoder reads. */
function recordMemory(bytes: number): RecordMemory & { readonly u8: Uint8Array } {
  const buffer = new ArrayBuffer(bytes);
  return {
    data: new DataView(buffer),
    u8: new Uint8Array(buffer),
    u16: new Uint16Array(buffer),
    u32: new Uint32Array(buffer),
  };
}
