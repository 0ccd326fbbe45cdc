import { Random } from '@qvm/isa-testing';
import { State } from '@qvm/isa-x86_64';
import { CodeBuffer, FillAccess, ModuleWriter, Ty, WALK, Walked } from '@qvm/jit';
import { Flag } from '../state/control-bits.js';
import { FaultStatus } from './fault-status.js';
import { Mmu } from './mmu.js';
import { referenceWalk } from './reference-walker.test.helper.js';
import type { WalkAnswer, WalkRequest } from './reference-walker.test.helper.js';
import { RAM_BYTES, TranslationBench } from './translation-bench.test.helper.js';
import { walkFunction } from './walk-function.js';

const SPACES = 40;
const ADDRESSES = 60;
const PAGE = 4096;
/** Largest number of listed mappings; tables that lead to themselves have more. */
const LIMIT = 20_000;
/** Pages for tables, from the first one. */
const TABLE_PAGES = 8;
const ACCESSES = ['read', 'write', 'execute'] as const;
const [PG, WP, PE] = [1n << 31n, 1n << 16n, 1n];
const [PSE, PAE, PGE, PCIDE, SMEP, SMAP] = [1n << 4n, 1n << 5n, 1n << 7n, 1n << 17n, 1n << 20n, 1n << 21n];
const [LMA, LME, NXE] = [1n << 10n, 1n << 8n, 1n << 11n];

type Walk = (cpu: number, va: bigint, unprivileged: number, access: number) => bigint;

/** The generated walk, alone in a module. */
function compileWalk(memory: WebAssembly.Memory): Walk {
  const writer = new ModuleWriter();
  const { locals, code } = walkFunction(new CodeBuffer());
  writer.define(writer.declare(), { params: WALK.params, results: [Ty.i64] }, locals, code, 'walk');
  const module = new WebAssembly.Module(writer.toBytes() as Uint8Array<ArrayBuffer>);
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports['walk'] as Walk;
}

/** A random address space in one of the modes. */
class RandomSpace {
  readonly #next: number;

  constructor(
    private readonly bench: TranslationBench,
    private readonly random: Random,
    mode: 'none' | 'legacy' | 'pae' | 'long' = random.pick(['none', 'legacy', 'legacy', 'pae', 'long', 'long']),
  ) {
    const maybe = (bits: bigint, chance = 0.5): bigint => (random.chance(chance) ? bits : 0n);
    this.#next = mode === 'legacy' ? 4 : 8;
    bench.clear();
    this.#fillTables();
    bench.control({
      cr0: PE | (mode === 'none' ? 0n : PG) | maybe(WP),
      cr3: BigInt(random.below(TABLE_PAGES) * PAGE) | (mode === 'pae' ? BigInt(random.below(128) * 32) : 0n),
      cr4:
        maybe(PGE) |
        maybe(SMEP) |
        maybe(SMAP, 0.2) |
        (mode === 'legacy' ? maybe(PSE, 0.7) : PAE) |
        (mode === 'long' ? maybe(PCIDE) : 0n),
      efer: maybe(NXE, 0.8) | (mode === 'long' ? LMA | LME : 0n),
    });
    if (mode === 'pae') this.#loadPdptes();
  }

  /** The address of one of the tables, or of other memory; nearly always valid. */
  #entry(): bigint {
    const { random } = this;
    const flag = (n: number, chance: number): bigint => (random.chance(chance) ? 1n << BigInt(n) : 0n);
    const page = random.chance(0.9) ? random.below(TABLE_PAGES) : random.below(2 ** 20);
    const large = random.chance(0.15);
    const address = large ? BigInt(random.below(4)) << BigInt(random.pick([21, 22, 30])) : BigInt(page) << 12n;
    const odd = random.chance(0.06) ? 1n << BigInt(random.between(8, 62)) : 0n;
    const low =
      flag(0, 0.96) | flag(1, 0.8) | flag(2, 0.7) | flag(5, 0.75) | flag(6, 0.4) | flag(8, 0.3) | flag(63, 0.1);
    return address | low | (large ? 0x80n : flag(7, 0.02)) | odd;
  }

  #fillTables(): void {
    const { bench, random } = this;
    for (let at = 0; at < TABLE_PAGES * PAGE; at += this.#next) {
      const entry = this.#entry();
      const value = this.#next === 4 ? BigInt.asUintN(32, entry) : entry;
      if (random.chance(0.98)) bench.write(at, this.#next === 4 ? 4 : 8, value);
    }
  }

  #loadPdptes(): void {
    const { bench, random } = this;
    const at = Number(bench.state.u64(State.cr3)) & ~0x1f;
    for (let n = 0; n < 4; n++)
      bench.write(at + n * 8, 8, (BigInt(random.below(TABLE_PAGES)) << 12n) | (random.chance(0.9) ? 1n : 0n));
    expect(bench.mmu.loadPdptes(at)).toBe(true);
  }

  request(): WalkRequest {
    const { bench, random } = this;
    const { state } = bench;
    const long = (state.u64(State.efer) & LMA) !== 0n;
    const any = long ? BigInt.asIntN(48, random.u64()) : BigInt(random.u32());
    const user = random.chance(0.5);
    return {
      cr0: state.u64(State.cr0),
      cr3: state.u64(State.cr3),
      cr4: state.u64(State.cr4),
      efer: state.u64(State.efer),
      pdptes: [0, 1, 2, 3].map((n) => state.u64(State.pdpte + n * 8)),
      va: BigInt.asUintN(64, any),
      access: random.pick(ACCESSES),
      user,
      ac: random.chance(0.5),
    };
  }
}

/** Entries outside of RAM read as ones. */
const readFrom =
  (bench: TranslationBench) =>
  (address: number, bytes: 4 | 8): bigint =>
    address < RAM_BYTES ? bench.read(address, bytes) : bytes === 4 ? 0xffff_ffffn : 0xffff_ffff_ffff_ffffn;

function tables(bench: TranslationBench): Uint8Array {
  return bench.memory.u8.slice(bench.main.offset, bench.main.offset + TABLE_PAGES * PAGE);
}

/** The tables with the flags that the reference sets. */
function marked(before: Uint8Array, { marks }: WalkAnswer): Uint8Array {
  const after = before.slice();
  for (const [at, flags] of marks) if (at < after.length) after[at]! |= flags;
  return after;
}

function enter(bench: TranslationBench, { user, ac }: WalkRequest): void {
  bench.state.setU32(State.cpl, user ? 3 : 0);
  bench.state.setU32(State.eflags, ac ? Flag.AC | Flag.Fixed : Flag.Fixed);
}

const low = (va: bigint): number => Number(va & 0xffff_ffffn);
const high = (va: bigint): number => Number(va >> 32n);

describe('the MMU', () => {
  const bench = new TranslationBench();
  const walk = compileWalk(bench.memory.wasm);

  it('translates random tables of all modes as the manual says, with A and D', () => {
    let [mapped, faults] = [0, 0];
    for (let seed = 1; seed <= SPACES; seed++) {
      const random = new Random(seed);
      const space = new RandomSpace(bench, random);
      for (let n = 0; n < ADDRESSES; n++) {
        const request = space.request();
        enter(bench, request);
        const before = tables(bench);
        const expected = referenceWalk(request, readFrom(bench));
        const { mmu } = bench;
        const allowed = mmu.translate(low(request.va), high(request.va), request.access, !request.user);
        const context = `seed ${seed}, address ${n}: 0x${request.va.toString(16)}`;
        if (expected.error !== undefined) {
          faults++;
          expect([context, allowed, mmu.fault]).toEqual([context, false, FaultStatus.Page | expected.error]);
        } else {
          mapped++;
          const got = [allowed, BigInt(mmu.physical), mmu.blockBits, mmu.local];
          expect([context, ...got]).toEqual([context, true, expected.physical, expected.bits, !expected.global]);
        }
        expect(Buffer.compare(tables(bench), marked(before, expected))).toBe(0);
      }
    }
    // Both outcomes are frequent, so the comparison means something.
    expect(mapped).toBeGreaterThan(SPACES);
    expect(faults).toBeGreaterThan(SPACES);
  });

  it.each([
    ['none', false],
    ['legacy', true],
    ['pae', true],
    ['long', true],
  ] as const)(
    'agrees with the walk of generated code in mode %s wherever that has an answer, with A and D',
    (mode, hasTables) => {
      let [answers, marks] = [0, 0];
      for (let seed = 1; seed <= SPACES; seed++) {
        const space = new RandomSpace(bench, new Random(seed), mode);
        for (let n = 0; n < ADDRESSES; n++) {
          const request = space.request();
          const context = `seed ${seed}, address ${n}: 0x${request.va.toString(16)}`;
          enter(bench, request);
          const before = tables(bench);
          const expected = marked(before, referenceWalk(request, readFrom(bench)));
          const answer = walk(bench.state.address, BigInt.asIntN(64, request.va), 0, FillAccess[request.access]);
          const after = tables(bench);
          if (answer < 0n) {
            // It may have set some of the flags of the levels above, like the engine.
            expect([context, after.every((byte, at) => (byte & ~(expected[at] as number)) === 0)]).toEqual([
              context,
              true,
            ]);
            continue;
          }
          expect([context, Buffer.compare(after, expected)]).toEqual([context, 0]);
          if (Buffer.compare(after, before) !== 0) marks++;
          if (answer >> 12n >= BigInt(RAM_BYTES / PAGE)) continue;
          answers++;
          compare(bench, request, answer, context);
        }
      }
      expect(answers).toBeGreaterThan(hasTables ? SPACES : 0);
      if (hasTables) expect(marks).toBeGreaterThan(SPACES);
      else expect(marks).toBe(0);
    },
  );

  it.each(['legacy', 'pae', 'long'] as const)('lists nothing that the tables of mode %s do not map', (mode) => {
    let compared = 0;
    for (let seed = 1; seed <= SPACES / 2; seed++) {
      const random = new Random(seed);
      const space = new RandomSpace(bench, random, mode);
      for (const { virtual, physical, size } of bench.mmu.mappings(LIMIT).slice(0, 100)) {
        const inside = BigInt(random.below(size / PAGE) * PAGE);
        const request = { ...space.request(), va: virtual + inside, access: 'read' as const, user: false, ac: true };
        const walked = referenceWalk(request, readFrom(bench));
        expect([seed, virtual, walked.physical]).toEqual([seed, virtual, BigInt(physical) + inside]);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(SPACES);
  });

  it('lists all that the tables map, with neighbours in one piece and each table once', () => {
    const [first, second, third, pages, more] = [0x1000, 0x2000, 0x3000, 0x4000, 0x5000];
    const fill = (table: number, entries: Readonly<Record<number, number>>, bytes: 4 | 8 = 8): void => {
      for (const [index, entry] of Object.entries(entries))
        bench.write(table + Number(index) * bytes, bytes, BigInt(entry));
    };
    bench.clear();
    // Two tables of pages; 2 MiB and 1 GiB pages; aliases, also of the first table; an entry with a reserved bit; a
    // table outside of memory.
    fill(first, { 0: second | 3, 1: second | 3, 256: 2 ** 39 + 3, 511: second | 3, 510: first | 3 });
    fill(second, { 0: third | 3, 1: third | 3, 2: 0x4000_0000 | 0x83, 3: 0x8000_2000 | 0x83 });
    fill(third, { 0: pages | 3, 1: more | 3, 2: 0x20_0000 | 0x83 });
    fill(pages, { 0: 0x10_0003, 1: 0x10_1003, 2: 0x10_3003, 5: 0x10_4000 });
    fill(more, { 511: 0x1f_f003 });
    bench.control({ cr0: PG | PE, cr3: BigInt(first), cr4: PAE, efer: LMA | LME });
    expect(bench.mmu.mappings(LIMIT)).toEqual([
      { virtual: 0n, physical: 0x10_0000, size: 0x2000 },
      { virtual: 0x2000n, physical: 0x10_3000, size: 0x1000 },
      { virtual: 0x3f_f000n, physical: 0x1f_f000, size: 0x20_1000 },
      { virtual: 0x8000_0000n, physical: 0x4000_0000, size: 0x4000_0000 },
    ]);
    expect(bench.mmu.mappings(2)).toHaveLength(2);
    // The upper half; without paging, nothing is mapped.
    bench.clear();
    fill(first, { 511: second | 3 });
    fill(second, { 510: 0x83 });
    bench.control({ cr3: BigInt(first) });
    expect(bench.mmu.mappings(LIMIT)).toEqual([{ virtual: 0xffff_ffff_8000_0000n, physical: 0, size: 0x4000_0000 }]);
    bench.control({ cr0: PE });
    expect(bench.mmu.mappings(LIMIT)).toEqual([]);
    // 32-bit paging, with a page of 4 MiB above 4 GiB (PSE-36).
    bench.clear();
    fill(first, { 0: second | 3, 1: 0x2000 | 0x83, 1023: second | 3 }, 4);
    fill(second, { 1023: 0x30_0003 }, 4);
    bench.control({ cr0: PG | PE, cr4: PSE, efer: 0n });
    expect(bench.mmu.mappings(LIMIT)).toEqual([
      { virtual: 0x3f_f000n, physical: 0x30_0000, size: 0x1000 },
      { virtual: 0x40_0000n, physical: 0x1_0000_0000, size: 0x40_0000 },
    ]);
  });

  it('refuses addresses that are not canonical in IA-32e mode', () => {
    bench.control({ cr0: PG | PE, cr4: PAE, efer: LMA | LME });
    expect(bench.mmu.translate(0, 0x8000, 'read', true)).toBe(false);
    expect(bench.mmu.fault).toBe(FaultStatus.NonCanonical);
    expect(walk(bench.state.address, 1n << 47n, 0, FillAccess.read)).toBe(-1n);
  });

  it('leaves the tables alone for debuggers', () => {
    bench.clear();
    bench.write(0x1000, 4, 0x2007n);
    bench.write(0x2000, 4, 0x3007n);
    bench.control({ cr0: PG | PE, cr3: 0x1000n, cr4: 0n, efer: 0n });
    const view = new Mmu(bench.memory, bench.map, bench.state);
    view.refresh();
    expect(view.translate(0x123, 0, 'write', true)).toBe(true);
    expect([view.physical, bench.read(0x1000, 4), bench.read(0x2000, 4)]).toEqual([0x3123, 0x2007n, 0x3007n]);
  });

  it('refuses PDPTEs with reserved bits and keeps the old ones (4.4.1)', () => {
    bench.clear();
    bench.write(0x1000, 8, 0x2001n);
    expect(bench.mmu.loadPdptes(0x1000)).toBe(true);
    bench.write(0x1000, 8, 0x5001n);
    for (const wrong of [0x3n, 0x5n, 0x21n, 0x101n, (1n << 40n) | 1n, (1n << 63n) | 1n]) {
      bench.write(0x1018, 8, wrong);
      expect(bench.mmu.loadPdptes(0x1000)).toBe(false);
      expect(bench.state.u64(State.pdpte)).toBe(0x2001n);
    }
    bench.write(0x1018, 8, 0x1e6n);
    expect(bench.mmu.loadPdptes(0x1000)).toBe(true);
  });
});

/** Compares a result of the generated walk with the engine's, for each kind of access. */
function compare(bench: TranslationBench, request: WalkRequest, answer: bigint, context: string): void {
  const has = (flag: number): boolean => (Number(answer & 0xfffn) & flag) !== 0;
  const rights = [has(Walked.readable), has(Walked.writable), has(Walked.executable)];
  const { mmu } = bench;
  ACCESSES.forEach((access, i) => {
    const allowed = mmu.translate(low(request.va), high(request.va), access, !request.user);
    // A clean page may be writable: the engine sets D then.
    if (access === 'write' && allowed && rights[i] === false) return;
    expect([context, access, rights[i]]).toEqual([context, access, allowed]);
    if (!allowed) return;
    const page = BigInt(mmu.physical - (mmu.physical % PAGE));
    expect([context, answer & ~0xfffn, has(Walked.local)]).toEqual([context, page, mmu.local]);
    expect([context, has(Walked.block)]).toEqual([context, mmu.blockBits > 12]);
  });
}
