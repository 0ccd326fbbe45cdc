import type { VmMemory } from '@qvm/core/architecture';
import { BlockMap, PAGE_BITS, PageDirectory, TLB_ENTRIES, TlbBank, TlbEntry } from '@qvm/jit';

const PAGE_MASK = -(1 << PAGE_BITS);
/** Computed once: a power of constants is computed at each execution. */
const BLOCK_BYTES = 2 ** BlockMap.blockBits;
/** Words of one entry. */
const WORDS = TlbEntry.bytes / 4;
const INVALID = 0xffff_ffff;
/** Words of an entry where tags begin. */
const TAGS = [TlbEntry.readTag / 4, TlbEntry.writeTag / 4, TlbEntry.execTag / 4] as const;

/**
 * The software TLB of one vCPU. It has a bank of entries for each translation regime, so a change of regime is a
 * change of bank. The architecture assigns the numbers of its regimes. A bank that address spaces share holds the
 * entries that are valid in all of them (global), and the local entries of one.
 *
 * @experimental
 */
export class SoftTlb {
  readonly #base: number;
  readonly #u32: Uint32Array;
  readonly #keys: number[];
  readonly #byKey = new Map<number, number>();
  /** Address of the {@link BlockMap}. Invalidating one address in a block that has entries drops all of them. */
  readonly blockMap: number;
  readonly #u8: Uint8Array;
  #lastBlock = -1;
  #lastBlockBits = -1;
  #next = 0;
  /** The address space whose local entries a bank holds. */
  readonly #spaces: number[];
  /** Entries filled and banks taken over: for `stats`. */
  readonly counters = {
    /** Entries filled by the engine; generated code counts its own. */
    fills: 0,
    /** Changes to another bank. */
    bankSwitches: 0,
    /** Changes to an address space without a bank, which emptied one. */
    bankMisses: 0,
    /** Banks emptied because translations changed. */
    flushes: 0,
  };

  constructor(
    memory: VmMemory,
    private readonly banks: number,
  ) {
    this.#base = memory.allocate(banks * TlbBank.bytes, 64);
    this.blockMap = memory.allocate(BlockMap.bytes, 64);
    this.#u32 = memory.u32;
    this.#u8 = memory.u8;
    this.#keys = new Array<number>(banks).fill(-1);
    this.#spaces = new Array<number>(banks).fill(0);
  }

  /** Bytes of VM memory for this number of banks, with their alignment. */
  static bytesFor(banks: number): number {
    return banks * TlbBank.bytes + BlockMap.bytes + 128;
  }

  /**
   * Selects the bank of a translation regime. A regime without a bank gets an unused one, or the oldest.
   *
   * @param regime - number of the regime, at least 0.
   * @param space - number of the address space in use. Local entries of another address space in the bank are dropped.
   * @param keep - address of a bank that must not be reused.
   * @param also - address of another one.
   * @returns the bank's address.
   */
  bank(regime: number, space: number, keep = -1, also = -1): number {
    this.counters.bankSwitches++;
    const found = this.#byKey.get(regime);
    if (found !== undefined) {
      if (this.#spaces[found] !== space) {
        this.#spaces[found] = space;
        this.#dropLocal(found);
      }
      return this.#address(found);
    }
    this.counters.bankMisses++;
    do this.#next = (this.#next + 1) % this.banks;
    while (this.#address(this.#next) === keep || this.#address(this.#next) === also);
    const old = this.#keys[this.#next] as number;
    if (old >= 0) this.#byKey.delete(old);
    // A bank that was never used holds zeros, which are tags of page 0.
    this.#empty(this.#next, old < 0);
    this.#keys[this.#next] = regime;
    this.#spaces[this.#next] = space;
    this.#byKey.set(regime, this.#next);
    return this.#address(this.#next);
  }

  /**
   * Index (in 32-bit words) of the entry for a virtual address in a bank. The entry is emptied if it belongs to
   * another page or has another target: a guest may change a descriptor without invalidating the TLB, and permissions
   * of the old page must not apply to the new one.
   *
   * @param offset - VM memory offset of the page that it maps to.
   * @param local - whether the new entry belongs to the present address space only.
   */
  entry(bank: number, lo: number, hi: number, offset: number, local: boolean): number {
    const e = this.#index(bank, lo);
    const page = (lo & PAGE_MASK) >>> 0;
    const addend = (offset - page) >>> 0;
    if (this.#belongsTo(e, page, hi) && this.#u32[e + TlbEntry.addend / 4] === addend) return e;
    if (this.#isUnused(e)) this.#note(bank, e, TlbBank.count, TlbBank.list, TlbBank.listLength);
    this.#invalidate(e);
    this.#u32[e + TlbEntry.addend / 4] = addend;
    if (local) this.#note(bank, e, TlbBank.localCount, TlbBank.localList, TlbBank.localListLength);
    return e;
  }

  #isUnused(e: number): boolean {
    return TAGS.every((tag) => this.#u32[e + tag] === INVALID);
  }

  #belongsTo(e: number, page: number, hi: number): boolean {
    const u = this.#u32;
    for (const tag of TAGS) if (u[e + tag] === page && u[e + tag + 1] === hi) return true;
    return false;
  }

  /** Adds an entry to a list of its bank. */
  #note(bank: number, e: number, countAt: number, list: number, length: number): void {
    const count = this.#u32[(bank + countAt) / 4] as number;
    if (count > length) return;
    this.#u32[(bank + countAt) / 4] = count + 1;
    if (count < length) this.#u32[(bank + list) / 4 + count] = e * 4;
  }

  /** Writes one tag of an entry. */
  setTag(e: number, tag: number, lo: number, hi: number): void {
    this.counters.fills++;
    this.#u32[e + tag / 4] = (lo & PAGE_MASK) >>> 0;
    this.#u32[e + tag / 4 + 1] = hi;
  }

  /** Writes the address of the records of an entry's page. */
  setCode(e: number, code: number): void {
    this.#u32[e + TlbEntry.code / 4] = code;
  }

  /** Address of the records of a page if it has an executable entry, otherwise 0. */
  codeFor(bank: number, lo: number, hi: number): number {
    const e = this.#index(bank, lo);
    const at = e + TlbEntry.execTag / 4;
    return this.#u32[at] === (lo & PAGE_MASK) >>> 0 && this.#u32[at + 1] === hi
      ? (this.#u32[e + TlbEntry.code / 4] as number)
      : 0;
  }

  /** Records that entries around an address came from one descriptor for 2^bits bytes. */
  noteBlock(va48: number, bits: number): void {
    const block = Math.floor(va48 / 2 ** bits);
    if (block === this.#lastBlock && bits === this.#lastBlockBits) return;
    this.#lastBlock = block;
    this.#lastBlockBits = bits;
    const count = Math.min(2 ** Math.max(0, bits - BlockMap.blockBits), BlockMap.bytes * 8);
    for (let i = 0; i < count; i++) this.#setBlock(block * 2 ** bits + i * BLOCK_BYTES);
  }

  #setBlock(va48: number): void {
    const bit = blockBit(va48);
    this.#u8[this.blockMap + (bit >>> 3)]! |= 1 << (bit & 7);
  }

  #hasBlock(va48: number): boolean {
    const bit = blockBit(va48);
    return (((this.#u8[this.blockMap + (bit >>> 3)] as number) >>> (bit & 7)) & 1) !== 0;
  }

  /** Drops all entries of all banks. */
  flushAll(): void {
    this.counters.flushes++;
    for (let i = 0; i < this.banks; i++) if ((this.#keys[i] as number) >= 0) this.#empty(i);
    this.#u8.fill(0, this.blockMap, this.blockMap + BlockMap.bytes);
    this.#lastBlock = -1;
  }

  /** Drops the entries of a regime. */
  flushRegime(regime: number): void {
    const bank = this.#byKey.get(regime);
    if (bank !== undefined) this.#empty(bank);
  }

  /** Drops the entries of a regime that belong to one address space only. */
  flushLocal(regime: number, space: number): void {
    const bank = this.#byKey.get(regime);
    if (bank !== undefined && this.#spaces[bank] === space) this.#dropLocal(bank);
  }

  /** Drops the translation of one address in all banks. `va48` are its low 48 bits. */
  flushPage(va48: number): void {
    if (this.#hasBlock(va48)) {
      this.flushAll();
      return;
    }
    const page = (va48 & PAGE_MASK) >>> 0;
    for (let i = 0; i < this.banks; i++) {
      if ((this.#keys[i] as number) < 0) continue;
      const e = this.#index(this.#address(i), page);
      if (this.#mentions(e, page)) this.#invalidate(e);
    }
  }

  /** Whether any tag of an entry has this low half. Checked before each write, because most entries have none. */
  #mentions(e: number, page: number): boolean {
    const u = this.#u32;
    return u[e + TAGS[0]] === page || u[e + TAGS[1]] === page || u[e + TAGS[2]] === page;
  }

  /**
   * Makes the next write to the page at a VM memory offset miss the TLB.
   *
   * @param writer - address of the only entry that may allow such a write, or `PageDirectory.manyWriters`.
   */
  protect(pageOffset: number, writer: number): void {
    const stop = (e: number): void => this.#stopWrites(e, pageOffset);
    if (writer === PageDirectory.manyWriters) this.#forEachEntry(stop);
    else stop(writer / 4);
  }

  #stopWrites(e: number, pageOffset: number): void {
    const u = this.#u32;
    const lo = u[e + TlbEntry.writeTag / 4] as number;
    if (lo === INVALID || (lo + (u[e + TlbEntry.addend / 4] as number)) >>> 0 !== pageOffset) return;
    u[e + TlbEntry.writeTag / 4] = INVALID;
    u[e + TlbEntry.writeTag / 4 + 1] = INVALID;
  }

  /** Drops executable entries whose records are in a range. */
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
    for (let i = 0; i < this.banks; i++) if ((this.#keys[i] as number) >= 0) this.#forEachUsed(i, visit);
  }

  /** Calls `visit` with each entry of a bank that was filled since the bank was emptied. */
  #forEachUsed(bank: number, visit: (e: number) => void): void {
    this.#forEachNoted(bank, TlbBank.count, TlbBank.list, TlbBank.listLength, visit);
  }

  /** Calls `visit` with the entries of a list, or with all of the bank if the list has overflowed. */
  #forEachNoted(bank: number, countAt: number, list: number, length: number, visit: (e: number) => void): void {
    const u = this.#u32;
    const first = this.#address(bank) / 4;
    const count = u[first + countAt / 4] as number;
    if (count > length) for (let e = first; e < first + TLB_ENTRIES * WORDS; e += WORDS) visit(e);
    else for (let i = 0; i < count; i++) visit((u[first + list / 4 + i] as number) / 4);
  }

  #index(bank: number, lo: number): number {
    return bank / 4 + ((lo >>> PAGE_BITS) & (TLB_ENTRIES - 1)) * WORDS;
  }

  #invalidate(e: number): void {
    this.#u32.fill(INVALID, e, e + TlbEntry.addend / 4);
  }

  #empty(bank: number, all = false): void {
    const first = this.#address(bank) / 4;
    if (all) this.#u32.fill(INVALID, first, first + TLB_ENTRIES * WORDS);
    else this.#forEachUsed(bank, (e) => this.#invalidate(e));
    this.#u32[first + TlbBank.count / 4] = this.#u32[first + TlbBank.localCount / 4] = 0;
  }

  /** Drops the entries that belong to one address space. */
  #dropLocal(bank: number): void {
    const at = (this.#address(bank) + TlbBank.localCount) / 4;
    if (this.#u32[at] === 0) return;
    this.#forEachNoted(bank, TlbBank.localCount, TlbBank.localList, TlbBank.localListLength, (e) =>
      this.#invalidate(e),
    );
    this.#u32[at] = 0;
  }

  #address(bank: number): number {
    return this.#base + bank * TlbBank.bytes;
  }
}

/** Bit of the {@link BlockMap} for an address. */
function blockBit(va48: number): number {
  return Math.imul(Math.floor(va48 / BLOCK_BYTES), BlockMap.factor) >>> BlockMap.shift;
}
