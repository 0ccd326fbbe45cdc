import { PageDirectory, TLB_ENTRIES, TlbBank, TlbEntry } from '@qvm/jit';
import { State } from '@qvm/isa-aarch64';
import { engineModule, PAGE_BYTES, SoftTlb } from '@qvm/engine';
import { a64InstructionSet } from '../a64-instruction-set.js';
import { TranslationBench } from '../system/translation-bench.test.helper.js';
import { flushAsid, selectBank } from './translation-regime.js';

const BANKS = 4;
/** Pages of RAM for the tables, and the first mapped page. */
const [ROOT, TABLES, DATA_PAGE] = [0, 1, 64];
const RAM = 0x4000_0000;
const BLOCK = 1n << 21n;
/** Addresses at this distance have the same entry in a bank. */
const SAME_ENTRY = BigInt(TLB_ENTRIES * PAGE_BYTES);
const [NORMAL, NOT_GLOBAL] = [0x400n, 0x800n];
const UPPER = 0xffff_ff80_0000_0000n;
const LOWER = 0x40_0000n;
const RECORDS = 0x8000;
/** A page outside of RAM. */
const NOWHERE = 0x1000_0000;

type Access = 'read' | 'write' | 'execute';
type Filler = 'the engine' | 'generated code';
type GeneratedFill = (cpu: number, va: bigint, access: number, unprivileged: number) => number;

const low = (va: bigint): number => Number(va & 0xffff_ffffn);
const high = (va: bigint): number => Number(va >> 32n);

/** A TLB with translation tables: 39 bits of input in both halves. */
class TlbHarness {
  readonly bench = new TranslationBench(RAM, SoftTlb.bytesFor(BANKS));
  readonly tlb: SoftTlb;
  readonly #generated: GeneratedFill;
  #tables = 0;

  constructor() {
    const { memory, state } = this.bench;
    this.tlb = new SoftTlb(memory, BANKS);
    state.setU32(State.blockMap, this.tlb.blockMap);
    state.setU32(State.el, 1);
    const refuse = (): never => {
      throw new Error('nothing is executed here');
    };
    const instance = new WebAssembly.Instance(engineModule(a64InstructionSet).module, {
      ...a64InstructionSet.instantiateHelpers(memory.wasm),
      env: { memory: memory.wasm, slow: refuse, flush: refuse },
    });
    this.#generated = instance.exports['fill'] as GeneratedFill;
    this.bench.control({
      SCTLR_EL1: 1n,
      MAIR_EL1: 0xffn,
      TCR_EL1: 25n | (25n << 16n) | (2n << 30n) | (5n << 32n),
      TTBR0_EL1: BigInt(RAM),
      TTBR1_EL1: BigInt(RAM),
    });
    this.select(1);
  }

  /** Selects the address space of all accesses; returns the address of its bank for EL1 or EL0. */
  select(asid: number, privileged = true): number {
    const bank = selectBank(this.tlb, privileged, true, asid);
    this.bench.state.setU32(State.bank, bank);
    this.bench.state.setU32(State.el, privileged ? 1 : 0);
    return bank;
  }

  /** Maps a page, or a block of 2 MiB. */
  map(va: bigint, page: number, attributes = 0n, block = false): void {
    const { bench } = this;
    let table = RAM + ROOT * PAGE_BYTES;
    for (let level = 1; level < (block ? 2 : 3); level++) {
      const slot = table + this.#index(va, level);
      if (bench.read64(slot) === 0n) bench.write64(slot, BigInt(RAM + (TABLES + this.#tables++) * PAGE_BYTES) | 3n);
      table = Number(bench.read64(slot) & ~0xfffn);
    }
    const address = BigInt(RAM + page * PAGE_BYTES);
    bench.write64(table + this.#index(va, block ? 2 : 3), address | NORMAL | attributes | (block ? 1n : 3n));
  }

  #index(va: bigint, level: number): number {
    return Number((va >> BigInt(12 + (3 - level) * 9)) & 511n) * 8;
  }

  /** Fills the entry of a mapped address in the selected bank. */
  fill(by: Filler, va: bigint, access: Access): void {
    if (by === 'generated code') this.#fillGenerated(va, access);
    else this.#fillByEngine(va, access);
    expect(this.has(va, access)).toBe(true);
  }

  #fillGenerated(va: bigint, access: Access): void {
    const { state } = this.bench;
    const entry = this.#generated(
      state.address,
      BigInt.asIntN(64, va),
      ['read', 'write', 'execute'].indexOf(access),
      0,
    );
    expect(entry).toBe(this.#entry(state.u32(State.bank), va));
  }

  #fillByEngine(va: bigint, access: Access): void {
    const { tlb, bench } = this;
    const { mmu, ram, state } = bench;
    const [lo, hi] = [low(va), high(va)];
    expect(mmu.translate(lo, hi, access, state.el !== 0)).toBe(true);
    const e = tlb.entry(state.u32(State.bank), lo, hi, ram.offsetOf(mmu.physical) & -PAGE_BYTES, mmu.local);
    if (mmu.blockBits > 12) tlb.noteBlock((hi & 0xffff) * 2 ** 32 + lo, mmu.blockBits);
    if (access === 'execute') tlb.setCode(e, RECORDS);
    tlb.setTag(e, TAGS[access], lo, hi);
    if (access === 'write') ram.noteWriter(mmu.physical & -PAGE_BYTES, e * 4);
  }

  /** Whether an access to an address hits in a bank. */
  has(va: bigint, access: Access, bank = this.bench.state.u32(State.bank)): boolean {
    return this.bench.memory.u64[(this.#entry(bank, va) + TAGS[access]) / 8] === (va & -0x1000n);
  }

  count(bank: number): number {
    return this.bench.memory.u32[(bank + TlbBank.count) / 4] as number;
  }

  localCount(bank: number): number {
    return this.bench.memory.u32[(bank + TlbBank.localCount) / 4] as number;
  }

  #entry(bank: number, va: bigint): number {
    return bank + Number((va / BigInt(PAGE_BYTES)) % BigInt(TLB_ENTRIES)) * TlbEntry.bytes;
  }
}

const TAGS = { read: TlbEntry.readTag, write: TlbEntry.writeTag, execute: TlbEntry.execTag } as const;
const pages = (first: bigint, count: number): bigint[] =>
  Array.from({ length: count }, (_, n) => first + BigInt(n * PAGE_BYTES));

describe.each(['the engine', 'generated code'] as const)('a TLB filled by %s', (by) => {
  let harness: TlbHarness;
  beforeEach(() => {
    harness = new TlbHarness();
  });

  it('has what was filled until the place is taken by another page', () => {
    harness.map(LOWER, DATA_PAGE);
    harness.map(LOWER + SAME_ENTRY, DATA_PAGE + 1);
    harness.fill(by, LOWER, 'write');
    harness.fill(by, LOWER + SAME_ENTRY, 'read');
    expect([harness.has(LOWER, 'read'), harness.has(LOWER, 'write')]).toEqual([false, false]);
    // One entry, although it was filled twice.
    expect(harness.count(harness.select(1))).toBe(1);
  });

  it('keeps what an entry has of the same page', () => {
    harness.map(LOWER, DATA_PAGE);
    // The write tag is absent throughout.
    harness.bench.ram.describe(RAM + DATA_PAGE * PAGE_BYTES, RECORDS, true);
    harness.fill(by, LOWER, 'execute');
    harness.fill(by, LOWER, 'read');
    expect(harness.has(LOWER, 'execute')).toBe(true);
    expect(harness.tlb.codeFor(harness.select(1), low(LOWER), high(LOWER))).toBe(RECORDS);
  });

  it.each([
    ['write', 'read'],
    ['write', 'execute'],
    ['execute', 'read'],
  ] as const)('forgets what a page allowed to %s when a fill to %s finds another page', (before, after) => {
    harness.map(LOWER, DATA_PAGE, NOT_GLOBAL);
    for (const page of [DATA_PAGE, DATA_PAGE + 1])
      harness.bench.ram.describe(RAM + page * PAGE_BYTES, RECORDS, page !== DATA_PAGE || before !== 'write');
    harness.fill(by, LOWER, before);
    harness.map(LOWER, DATA_PAGE + 1, NOT_GLOBAL);
    harness.fill(by, LOWER, after);
    expect(harness.has(LOWER, before)).toBe(false);
    // The entry is listed once, and still belongs to one address space.
    expect(harness.count(harness.select(1))).toBe(1);
    harness.select(2);
    expect(harness.has(LOWER, after)).toBe(false);
  });

  it('keeps global entries and no others when EL1 changes its ASID', () => {
    const [global, own] = [UPPER, UPPER + 0x1000n];
    harness.map(global, DATA_PAGE);
    harness.map(own, DATA_PAGE + 1, NOT_GLOBAL);
    harness.map(LOWER, DATA_PAGE + 2);
    for (const va of [global, own, LOWER]) harness.fill(by, va, 'read');
    const there = (): boolean[] => [global, own, LOWER].map((va) => harness.has(va, 'read'));
    expect(harness.select(1)).toBe(harness.select(1));
    expect(there()).toEqual([true, true, true]);
    harness.select(2);
    expect(there()).toEqual([true, false, false]);
    expect(harness.localCount(harness.select(2))).toBe(0);
    harness.fill(by, LOWER, 'read');
    flushAsid(harness.tlb, 1);
    expect(there()).toEqual([true, false, true]);
    flushAsid(harness.tlb, 2);
    expect(there()).toEqual([true, false, false]);
  });

  it('drops an entry with its ASID that took the place of a global one', () => {
    const [global, own] = [UPPER + LOWER, LOWER + SAME_ENTRY];
    harness.map(global, DATA_PAGE);
    harness.map(own, DATA_PAGE + 1);
    harness.fill(by, global, 'read');
    harness.fill(by, own, 'read');
    expect(harness.has(global, 'read')).toBe(false);
    harness.select(2);
    expect(harness.has(own, 'read')).toBe(false);
  });

  it.each([TlbBank.localListLength, TlbBank.localListLength + 1, TlbBank.listLength, TlbBank.listLength + 1, 2000])(
    'drops all that belongs to an ASID, %i pages',
    (count) => {
      const own = pages(LOWER, count);
      own.forEach((va, n) => harness.map(va, DATA_PAGE + (n % 512)));
      for (const va of own) harness.fill(by, va, 'read');
      expect(own.every((va) => harness.has(va, 'read'))).toBe(true);
      harness.select(2);
      expect(own.some((va) => harness.has(va, 'read'))).toBe(false);
      // Entries that are filled afterwards are dropped, too.
      harness.fill(by, LOWER, 'read');
      harness.select(1);
      expect(harness.has(LOWER, 'read')).toBe(false);
    },
  );

  it.each([TlbBank.listLength - 1, TlbBank.listLength, TlbBank.listLength + 1, 2000])(
    'drops everything, %i pages',
    (count) => {
      const all = pages(UPPER, count);
      all.forEach((va, n) => harness.map(va, DATA_PAGE + (n % 512)));
      for (const va of all) harness.fill(by, va, 'read');
      harness.tlb.flushAll();
      expect(all.some((va) => harness.has(va, 'read'))).toBe(false);
      expect(harness.count(harness.select(1))).toBe(0);
    },
  );

  it('drops one page for TLBI of a page, in all banks', () => {
    const neighbour = LOWER + 0x1000n;
    harness.map(LOWER, DATA_PAGE, 0x40n);
    harness.map(neighbour, DATA_PAGE + 1, 0x40n);
    const banks = [harness.select(1), harness.select(1, false), harness.select(2, false)];
    for (const [asid, privileged] of [
      [1, true],
      [1, false],
      [2, false],
    ] as const) {
      harness.select(asid, privileged);
      harness.fill(by, LOWER, 'read');
      harness.fill(by, neighbour, 'read');
    }
    harness.tlb.flushPage(Number(LOWER) + 0x123);
    expect(banks.map((bank) => harness.has(LOWER, 'read', bank))).toEqual([false, false, false]);
    expect(banks.map((bank) => harness.has(neighbour, 'read', bank))).toEqual([true, true, true]);
  });

  it('drops everything for TLBI of an address in a block', () => {
    const block = LOWER + BLOCK;
    harness.map(LOWER, DATA_PAGE);
    harness.map(block, 512, 0n, true);
    harness.fill(by, LOWER, 'read');
    harness.fill(by, block + 0x1000n, 'read');
    harness.tlb.flushPage(Number(block) + 0x5000);
    expect([harness.has(LOWER, 'read'), harness.has(block + 0x1000n, 'read')]).toEqual([false, false]);
    // No entry of a block is left.
    harness.fill(by, LOWER, 'read');
    harness.tlb.flushPage(Number(block));
    expect(harness.has(LOWER, 'read')).toBe(true);
  });

  it.each([2, 2000])('protects a page in all banks and at all addresses, %i entries', (count) => {
    const [first, ...others] = pages(LOWER, count) as [bigint, ...bigint[]];
    const alias = LOWER + BigInt(4000 * PAGE_BYTES);
    harness.map(first, DATA_PAGE, 0x40n);
    harness.map(alias, DATA_PAGE, 0x40n);
    others.forEach((va, n) => harness.map(va, DATA_PAGE + 1 + (n % 500)));
    for (const va of [first, ...others, alias]) harness.fill(by, va, 'write');
    const privileged = harness.select(1);
    const user = harness.select(1, false);
    harness.fill(by, first, 'write');
    harness.tlb.protect(harness.bench.ram.offsetOf(RAM + DATA_PAGE * PAGE_BYTES), PageDirectory.manyWriters);
    expect([privileged, user].map((bank) => harness.has(first, 'write', bank))).toEqual([false, false]);
    expect(harness.has(alias, 'write', privileged)).toBe(false);
    expect(others.every((va) => harness.has(va, 'write', privileged))).toBe(true);
  });

  it('knows which entry lets writes to a page through', () => {
    const page = RAM + DATA_PAGE * PAGE_BYTES;
    const alias = LOWER + BigInt(4000 * PAGE_BYTES);
    const { ram } = harness.bench;
    harness.map(LOWER, DATA_PAGE);
    harness.map(alias, DATA_PAGE);
    expect(ram.takeWriter(page)).toBe(0);
    harness.fill(by, LOWER, 'write');
    const writer = ram.takeWriter(page);
    harness.tlb.protect(ram.offsetOf(page) + PAGE_BYTES, writer);
    expect(harness.has(LOWER, 'write')).toBe(true);
    harness.tlb.protect(ram.offsetOf(page), writer);
    expect([harness.has(LOWER, 'write'), ram.takeWriter(page)]).toEqual([false, 0]);
    for (const va of [alias, alias]) harness.fill(by, va, 'write');
    expect(ram.takeWriter(page)).not.toBe(writer);
    for (const va of [LOWER, alias]) harness.fill(by, va, 'write');
    expect(ram.takeWriter(page)).toBe(PageDirectory.manyWriters);
    expect(ram.takeWriter(NOWHERE)).toBe(PageDirectory.manyWriters);
  });

  it('forgets where code is, in all banks, and nothing else', () => {
    const [code, elsewhere] = [LOWER, LOWER + 0x1000n];
    const { ram } = harness.bench;
    harness.map(code, DATA_PAGE, 0x40n | 0x80n);
    harness.map(elsewhere, DATA_PAGE + 1, 0x40n | 0x80n);
    ram.describe(RAM + DATA_PAGE * PAGE_BYTES, RECORDS, true);
    ram.describe(RAM + (DATA_PAGE + 1) * PAGE_BYTES, 2 * RECORDS, true);
    const banks = [true, false].map((privileged) => {
      const bank = harness.select(1, privileged);
      harness.fill(by, code, 'read');
      harness.fill(by, code, 'execute');
      expect(harness.tlb.codeFor(bank, low(code), high(code))).toBe(RECORDS);
      if (by === 'generated code') harness.fill(by, elsewhere, 'execute');
      return bank;
    });
    harness.tlb.dropCode(RECORDS, 2 * RECORDS);
    for (const bank of banks) {
      expect([harness.has(code, 'execute', bank), harness.has(code, 'read', bank)]).toEqual([false, true]);
      expect(harness.tlb.codeFor(bank, low(code), high(code))).toBe(0);
      expect(harness.has(elsewhere, 'execute', bank)).toBe(by === 'generated code');
    }
  });

  it('gives a bank of another regime away empty', () => {
    harness.map(LOWER, DATA_PAGE, 0x40n);
    const kept = harness.select(1);
    const first = harness.select(1, false);
    harness.fill(by, LOWER, 'read');
    const taken = new Set<number>();
    for (let asid = 2; asid < 2 + BANKS; asid++) {
      const bank = selectBank(harness.tlb, false, true, asid, kept);
      expect(bank).not.toBe(kept);
      expect(harness.has(LOWER, 'read', bank)).toBe(false);
      taken.add(bank);
    }
    expect(taken).toContain(first);
    expect(harness.has(LOWER, 'read', harness.select(1, false))).toBe(false);
  });
});

describe('generated code', () => {
  it('gives up where writes must be noticed, and where code has no records', () => {
    const harness = new TlbHarness();
    const page = RAM + DATA_PAGE * PAGE_BYTES;
    harness.map(LOWER, DATA_PAGE);
    const { bench } = harness;
    expect(() => harness.fill('generated code', LOWER, 'execute')).toThrow();
    bench.ram.describe(page, RECORDS, true);
    expect(() => harness.fill('generated code', LOWER, 'write')).toThrow();
    harness.fill('generated code', LOWER, 'read');
    expect(harness.has(LOWER, 'write')).toBe(false);
    harness.fill('generated code', LOWER, 'execute');
    bench.ram.describe(page, RECORDS, false);
    harness.fill('generated code', LOWER, 'write');
  });
});
