import type { RamRegion, VmMemory } from '@qvm/core';
import { PAGE_END_HANDLER, RECORD_BYTES } from '@qvm/jit';
import type { Predecoder } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { PAGE_BYTES, pageOf } from './page.js';

const RECORDS = PAGE_BYTES / 4;
/** A page of records and the one that goes on in the next page. */
const SLOT_BYTES = (RECORDS + 1) * RECORD_BYTES;
/** How many instructions are decoded ahead when one is needed. */
const DECODE_AHEAD = 32;

/**
 * Told when pages become code, so that writes to them are seen.
 *
 * @experimental
 */
export interface CodeCacheClient {
  /** Makes the next write to the page at this VM memory offset miss the TLB. */
  protect(pageOffset: number): void;
  /** Drops TLB entries that lead to records in this range. */
  dropCode(start: number, end: number): void;
  /** Address of the record the vCPU is at. */
  readonly ip: number;
}

interface Slot {
  /** Guest-physical address of the page, −1 when the slot is free. */
  page: number;
  /** VM memory offset of the page. */
  pageOffset: number;
  /** Nothing is decoded and the page may be written without notice. */
  writable: boolean;
}

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
  readonly counters = { decoded: 0, invalidated: 0, evicted: 0 };

  /** @param bytes - size of the arena. */
  constructor(
    private readonly memory: VmMemory,
    private readonly predecoder: Predecoder<A64>,
    bytes: number,
  ) {
    this.#base = memory.allocate(bytes, 64);
    this.#limit = Math.floor(bytes / SLOT_BYTES);
  }

  /** Bytes of arena for this many pages of code. */
  static bytesFor(pages: number): number {
    return pages * SLOT_BYTES;
  }

  addClient(client: CodeCacheClient): void {
    this.#clients.push(client);
  }

  /** Pages in the cache. */
  get pages(): number {
    return this.#byPage.size;
  }

  /** Address of the first record of a page. */
  codeOf(page: number, region: RamRegion): number {
    let index = this.#byPage.get(page);
    if (index === undefined) {
      index = this.#take();
      const slot = this.#slots[index] as Slot;
      slot.page = page;
      slot.pageOffset = region.offset + (page - region.base);
      slot.writable = true;
      this.#byPage.set(page, index);
    }
    return this.#address(index);
  }

  /** Decodes the record at `ip` and some that follow. */
  decode(ip: number): void {
    const index = Math.floor((ip - this.#base) / SLOT_BYTES);
    const slot = this.#slots[index] as Slot;
    if (slot.writable) {
      slot.writable = false;
      for (const client of this.#clients) client.protect(slot.pageOffset);
    }
    const start = this.#address(index);
    const { u32, u16, data } = this.memory;
    let record = (ip - start) / RECORD_BYTES;
    const end = Math.min(RECORDS, record + DECODE_AHEAD);
    for (; record < end; record++) {
      const address = start + record * RECORD_BYTES;
      if (u16[address >>> 1] !== 0) break;
      this.counters.decoded++;
      const word = u32[(slot.pageOffset >>> 2) + record] as number;
      if (this.predecoder.write(data, address, word, record * 4)) break;
    }
  }

  /** The instruction word behind a record. */
  wordAt(ip: number): number {
    const index = Math.floor((ip - this.#base) / SLOT_BYTES);
    const record = (ip - this.#address(index)) / RECORD_BYTES;
    return this.memory.u32[((this.#slots[index] as Slot).pageOffset >>> 2) + record] as number;
  }

  /** Whether a write to this page must be noticed; if so, its records are dropped now and further writes are free. */
  prepareWrite(page: number): void {
    const index = this.#byPage.get(page);
    if (index !== undefined) this.#invalidate(index);
  }

  /** Drops the records of a guest-physical range that was written from outside. */
  invalidate(base: number, size: number): void {
    const last = base + Math.max(size, 1) - 1;
    for (let page = pageOf(base); page <= last; page += PAGE_BYTES) this.prepareWrite(page);
  }

  /** Forgets everything. */
  clear(): void {
    for (const [page] of [...this.#byPage]) {
      const index = this.#byPage.get(page) as number;
      this.#invalidate(index);
    }
  }

  #invalidate(index: number): void {
    const slot = this.#slots[index] as Slot;
    if (slot.writable) return;
    slot.writable = true;
    this.counters.invalidated++;
    // Only the handler numbers: an instruction that writes to its own page still reads its operands.
    const { u16 } = this.memory;
    const first = this.#address(index) / 2;
    for (let at = first; at < first + (RECORDS * RECORD_BYTES) / 2; at += RECORD_BYTES / 2) u16[at] = 0;
  }

  #take(): number {
    if (this.#slots.length < this.#limit) {
      this.#slots.push({ page: -1, pageOffset: 0, writable: true });
      const index = this.#slots.length - 1;
      this.memory.u16[(this.#address(index) + RECORDS * RECORD_BYTES) >>> 1] = PAGE_END_HANDLER;
      return index;
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
      this.#invalidate(this.#hand);
      for (const client of this.#clients) client.dropCode(start, start + SLOT_BYTES);
      this.#byPage.delete(slot.page);
      this.counters.evicted++;
      return this.#hand;
    }
  }

  #address(index: number): number {
    return this.#base + index * SLOT_BYTES;
  }
}
