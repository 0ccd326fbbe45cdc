import type { VmMemory } from '@qvm/core';
import { PAGE_BITS, TLB_ENTRIES, TlbEntry } from '@qvm/jit';

const BANK_BYTES = TLB_ENTRIES * TlbEntry.bytes;
const PAGE_MASK = -(1 << PAGE_BITS);
/** Words of one entry. */
const WORDS = TlbEntry.bytes / 4;
const INVALID = 0xffff_ffff;

/**
 * The software TLB of one vCPU: banks of entries, each for one translation regime (exception level, ASID, MMU on or off), so
 * that a switch of regime or ASID is a switch of bank.
 *
 * @experimental
 */
export class SoftTlb {
  readonly #base: number;
  readonly #u32: Uint32Array;
  readonly #keys: number[];
  readonly #byKey = new Map<number, number>();
  /** Virtual blocks larger than a page that have entries, by log2 of their size: TLBI of one address drops them whole. */
  readonly #blocks = new Map<number, Set<number>>();
  #lastBlock = -1;
  #lastBlockBits = -1;
  #next = 0;
  /** Entries filled and banks taken over: for `stats`. */
  readonly counters = { fills: 0, bankSwitches: 0, bankMisses: 0, flushes: 0 };

  constructor(
    memory: VmMemory,
    private readonly banks: number,
  ) {
    this.#base = memory.allocate(banks * BANK_BYTES, 64);
    this.#u32 = memory.u32;
    this.#keys = new Array<number>(banks).fill(-1);
    this.#clear(this.#base, banks * TLB_ENTRIES);
  }

  static bytesFor(banks: number): number {
    return banks * BANK_BYTES + 64;
  }

  /**
   * Address of the bank of a regime; an unused or the oldest one if it has none. The banks in `keep` are not taken.
   */
  bank(key: number, keep = -1): number {
    this.counters.bankSwitches++;
    const found = this.#byKey.get(key);
    if (found !== undefined) return this.#address(found);
    this.counters.bankMisses++;
    do this.#next = (this.#next + 1) % this.banks;
    while (this.#address(this.#next) === keep);
    const old = this.#keys[this.#next] as number;
    if (old >= 0) {
      this.#byKey.delete(old);
      this.#clear(this.#address(this.#next), TLB_ENTRIES);
    }
    this.#keys[this.#next] = key;
    this.#byKey.set(key, this.#next);
    return this.#address(this.#next);
  }

  /**
   * Index (in 32-bit words) of the entry for a virtual address in a bank, emptied if it belongs to another page.
   */
  entry(bank: number, lo: number, hi: number): number {
    const e = this.#index(bank, lo);
    const page = (lo & PAGE_MASK) >>> 0;
    const u = this.#u32;
    const same = (at: number): boolean => u[e + at] === page && u[e + at + 1] === hi;
    if (!same(TlbEntry.readTag / 4) && !same(TlbEntry.writeTag / 4) && !same(TlbEntry.execTag / 4)) this.#invalidate(e);
    return e;
  }

  /** Writes one tag of an entry. */
  setTag(e: number, tag: number, lo: number, hi: number): void {
    this.counters.fills++;
    this.#u32[e + tag / 4] = (lo & PAGE_MASK) >>> 0;
    this.#u32[e + tag / 4 + 1] = hi;
  }

  /** `offset` is the VM memory offset of the page. */
  setAddend(e: number, lo: number, offset: number): void {
    this.#u32[e + TlbEntry.addend / 4] = (offset - (lo & PAGE_MASK)) >>> 0;
  }

  setCode(e: number, code: number): void {
    this.#u32[e + TlbEntry.code / 4] = code;
  }

  /** Code address of a page if it is known, else 0. */
  codeFor(bank: number, lo: number, hi: number): number {
    const e = this.#index(bank, lo);
    const at = e + TlbEntry.execTag / 4;
    return this.#u32[at] === (lo & PAGE_MASK) >>> 0 && this.#u32[at + 1] === hi
      ? (this.#u32[e + TlbEntry.code / 4] as number)
      : 0;
  }

  /** Remembers that entries of the block around an address came from one translation of 2^bits bytes. */
  noteBlock(va48: number, bits: number): void {
    const block = Math.floor(va48 / 2 ** bits);
    if (block === this.#lastBlock && bits === this.#lastBlockBits) return;
    let blocks = this.#blocks.get(bits);
    if (!blocks) this.#blocks.set(bits, (blocks = new Set()));
    blocks.add(block);
    this.#lastBlock = block;
    this.#lastBlockBits = bits;
  }

  flushAll(): void {
    this.counters.flushes++;
    for (let i = 0; i < this.banks; i++) if ((this.#keys[i] as number) >= 0) this.#clear(this.#address(i), TLB_ENTRIES);
    this.#blocks.clear();
    this.#lastBlock = -1;
  }

  /** Empties the banks whose key satisfies `matches`. */
  flushBanks(matches: (key: number) => boolean): void {
    this.#keys.forEach((key, i) => {
      if (key >= 0 && matches(key)) this.#clear(this.#address(i), TLB_ENTRIES);
    });
  }

  /** Drops the translation of one address in all banks. `va48` are its low 48 bits. */
  flushPage(va48: number): void {
    for (const [bits, blocks] of this.#blocks) {
      if (blocks.has(Math.floor(va48 / 2 ** bits))) {
        this.flushAll();
        return;
      }
    }
    const lo = va48 >>> 0;
    for (let i = 0; i < this.banks; i++)
      if ((this.#keys[i] as number) >= 0) this.#invalidate(this.#index(this.#address(i), lo));
  }

  /** Makes the next write to the page at a VM memory offset miss. */
  protect(pageOffset: number): void {
    const u = this.#u32;
    this.#forEachEntry((e) => {
      const lo = u[e + TlbEntry.writeTag / 4] as number;
      if (lo === INVALID) return;
      if ((lo + (u[e + TlbEntry.addend / 4] as number)) >>> 0 === pageOffset) {
        u[e + TlbEntry.writeTag / 4] = INVALID;
        u[e + TlbEntry.writeTag / 4 + 1] = INVALID;
      }
    });
  }

  /** Drops entries that lead to records in a range. */
  dropCode(start: number, end: number): void {
    const u = this.#u32;
    this.#forEachEntry((e) => {
      const code = u[e + TlbEntry.code / 4] as number;
      if (code >= start && code < end) {
        u[e + TlbEntry.execTag / 4] = INVALID;
        u[e + TlbEntry.execTag / 4 + 1] = INVALID;
      }
    });
  }

  #forEachEntry(visit: (e: number) => void): void {
    for (let i = 0; i < this.banks; i++) {
      if ((this.#keys[i] as number) < 0) continue;
      const first = this.#address(i) / 4;
      for (let e = first; e < first + TLB_ENTRIES * WORDS; e += WORDS) visit(e);
    }
  }

  #index(bank: number, lo: number): number {
    return bank / 4 + ((lo >>> PAGE_BITS) & (TLB_ENTRIES - 1)) * WORDS;
  }

  #invalidate(e: number): void {
    this.#u32.fill(INVALID, e, e + TlbEntry.addend / 4);
  }

  #clear(address: number, entries: number): void {
    this.#u32.fill(INVALID, address / 4, address / 4 + entries * WORDS);
  }

  #address(bank: number): number {
    return this.#base + bank * BANK_BYTES;
  }
}
