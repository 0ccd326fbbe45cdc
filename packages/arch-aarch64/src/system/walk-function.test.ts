import { CodeBuffer, ModuleWriter, Ty, WALK, Walked } from '@qvm/jit';
import { State } from '@qvm/isa-aarch64';
import { Random } from '@qvm/isa-testing';
import { PAGE_BYTES, pageOf } from '@qvm/engine';
import { RandomTables } from './random-tables.test.helper.js';
import { FaultStatus } from './syndrome.js';
import { TranslationBench } from './translation-bench.test.helper.js';
import { walkFunction } from './walk-function.js';

const FIRST_SEED = 1;
const SPACES = 150;
const PLANTED = 40;
const ADDRESSES = 160;
const STATUS_WITHOUT_LEVEL = 0x3c;
const PAGE_BITS = 12;
/** Larger blocks are left to the engine. */
const BLOCK_BITS = 21;

/** Exception level and kind of the access. */
const MODES = [
  { el: 0, unprivileged: 0 },
  { el: 0, unprivileged: 1 },
  { el: 1, unprivileged: 0 },
  { el: 1, unprivileged: 1 },
] as const;
type Mode = (typeof MODES)[number];

/** The result of a translation by {@link WALK} or by `Mmu`. */
interface Translation {
  readonly page: number;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  /** log2 of the bytes that its descriptor maps. */
  readonly bits: number;
  readonly local: boolean;
}

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

class Walker {
  readonly bench: TranslationBench;
  readonly #walk: Walk;

  constructor(base: number) {
    this.bench = new TranslationBench(base);
    this.#walk = compileWalk(this.bench.memory.wasm);
  }

  /** The generated walk's result if it is a page in RAM; other results are never used. */
  generated(va: bigint, { el, unprivileged }: Mode): Translation | undefined {
    const { state, ram } = this.bench;
    state.setU32(State.el, el);
    const answer = this.#walk(state.address, BigInt.asIntN(64, va), unprivileged, 0);
    if (answer < 0n) return undefined;
    const page = pageOf(Number(answer));
    const has = (bit: number): boolean => (Number(answer & 0xfffn) & bit) !== 0;
    if (!ram.holds(page, PAGE_BYTES)) return undefined;
    return {
      page,
      readable: has(Walked.readable),
      writable: has(Walked.writable),
      executable: has(Walked.executable),
      bits: has(Walked.block) ? BLOCK_BITS : PAGE_BITS,
      local: has(Walked.local),
    };
  }

  /** The engine's result, if the address leads to Normal memory with at least one permission. */
  engine(va: bigint, { el, unprivileged }: Mode): Translation | undefined {
    const { mmu } = this.bench;
    const privileged = el !== 0 && unprivileged === 0;
    const may = (access: 'read' | 'write' | 'execute'): boolean =>
      mmu.translate(Number(va & 0xffff_ffffn), Number(va >> 32n), access, privileged);
    const [readable, writable, executable] = [may('read'), may('write'), may('execute')];
    const refused = (mmu.fault & STATUS_WITHOUT_LEVEL) === (FaultStatus.Permission as number);
    if ((!readable && !writable && !executable && !refused) || mmu.device) return undefined;
    return { page: pageOf(mmu.physical), readable, writable, executable, bits: mmu.blockBits, local: mmu.local };
  }
}

/** Base of the main RAM: low, across 4 GiB (which an output size of 32 bits does not reach), and high. */
describe.each([0x4000_0000, 0xffe0_0000, 2 ** 40])('the generated walk with RAM at %i', (base) => {
  const walker = new Walker(base);
  const { bench } = walker;

  it('says what the engine says, or nothing', () => {
    const counts = { mapped: 0, answered: 0, refused: 0, blocks: 0, global: 0, upper: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SPACES; seed++) {
      const random = new Random(seed);
      const tables = new RandomTables(bench, random);
      const planted = Array.from({ length: PLANTED }, () => tables.plant());
      for (let n = 0; n < ADDRESSES; n++) {
        const va = tables.vary(random.pick(planted));
        const mode = random.pick(MODES);
        const [expected, actual] = [walker.engine(va, mode), walker.generated(va, mode)];
        if (expected !== undefined) counts.mapped++;
        if (actual === undefined) continue;
        if (JSON.stringify(actual) !== JSON.stringify(expected))
          expect({ seed, va: va.toString(16), mode, answer: actual }).toEqual({
            seed,
            va: va.toString(16),
            mode,
            answer: expected,
          });
        counts.answered++;
        counts.refused += Number(!actual.readable);
        counts.blocks += Number(actual.bits === BLOCK_BITS);
        counts.global += Number(!actual.local);
        counts.upper += Number(va >> 63n);
      }
    }
    // Otherwise the test compares too little.
    expect(counts.answered).toBeGreaterThan(0.3 * counts.mapped);
    const { mapped, ...kinds } = counts;
    expect(mapped).toBeGreaterThan(4000);
    for (const count of Object.values(kinds)) expect(count).toBeGreaterThan(150);
  });

  /** TCR_EL1 for `bits` bits of input in the lower half, 48 bits of output and no upper half. */
  const tcr = (bits: number, granule = 0n): bigint => BigInt(64 - bits) | (granule << 14n) | (1n << 23n) | (5n << 32n);
  /** A size for which the first table describes blocks of 2 MiB. */
  const ONE_TABLE = tcr(30);
  const NORMAL_BLOCK = 0x401n;
  const NORMAL_PAGE = 0x403n;
  const EL1: Mode = { el: 1, unprivileged: 0 };

  function control(ttbr0: number, tcrValue = ONE_TABLE): void {
    bench.control({ SCTLR_EL1: 1n, MAIR_EL1: 0xffn, TCR_EL1: tcrValue, TTBR0_EL1: BigInt(ttbr0) });
  }

  it.each(['before', 'after'] as const)(
    'uses no tables %s RAM, whatever lies there in the memory of the VM',
    (where) => {
      const outside = where === 'after' ? bench.end : bench.main.base - PAGE_BYTES;
      const neighbour = where === 'after' ? bench.other.base : bench.rom.base + bench.rom.size - PAGE_BYTES;
      const [root, leaf] = [bench.main.base, BigInt(bench.main.base) | NORMAL_PAGE];
      bench.clear();
      for (let n = 0; n < 512; n++) bench.write64(neighbour + n * 8, leaf);
      bench.write64(root, BigInt(outside) | 3n);
      control(root);
      expect([walker.generated(0n, EL1), walker.engine(0n, EL1)]).toEqual([undefined, undefined]);
      control(outside);
      expect(walker.generated(0n, EL1)).toBeUndefined();
      // The same in memory that the walk may use.
      bench.write64(bench.end - PAGE_BYTES, leaf);
      bench.write64(root, BigInt(bench.end - PAGE_BYTES) | 3n);
      control(root);
      expect(walker.generated(0n, EL1)).toEqual(walker.engine(0n, EL1));
      expect(walker.generated(0n, EL1)?.page).toBe(bench.main.base);
    },
  );

  it.each([26, 27, 28, 29, 30])('takes a first table for %i bits of input at the end of RAM', (bits) => {
    const entries = 2 ** (bits - BLOCK_BITS);
    const root = bench.end - entries * 8;
    bench.clear();
    for (let n = 0; n < entries; n++) bench.write64(root + n * 8, BigInt(pageOf(bench.main.base)) | NORMAL_BLOCK);
    control(root, tcr(bits));
    const last = 2n ** BigInt(bits) - 1n;
    for (const va of [0n, last]) {
      expect(walker.generated(va, EL1)).toEqual(walker.engine(va, EL1));
      expect(walker.generated(va, EL1)?.bits).toBe(BLOCK_BITS);
    }
    expect([walker.generated(last + 1n, EL1), walker.engine(last + 1n, EL1)]).toEqual([undefined, undefined]);
  });

  it('leaves blocks of 1 GiB to the engine', () => {
    const root = bench.end - PAGE_BYTES;
    const block = BigInt(base - (base % 2 ** 30));
    bench.clear();
    bench.write64(root, block | NORMAL_BLOCK);
    control(root, tcr(39));
    const va = BigInt(base % 2 ** 30);
    expect(walker.engine(va, EL1)).toMatchObject({ page: base, bits: 30 });
    expect(walker.generated(va, EL1)).toBeUndefined();
  });

  it.each([
    ['4 KiB', 0n, true],
    ['64 KiB', 1n, false],
    ['16 KiB', 2n, false],
  ])('comes to an end in a table that leads to itself, granule %s', (_, granule, answers) => {
    const root = bench.main.base;
    bench.clear();
    for (let n = 0; n < 0x1_0000 / 8; n++) bench.write64(root + n * 8, BigInt(root) | NORMAL_PAGE);
    control(root, tcr(48, granule));
    expect(walker.engine(0n, EL1)?.page).toBe(root);
    expect(walker.generated(0n, EL1)?.page).toBe(answers ? root : undefined);
  });

  it('follows changes of the control registers', () => {
    bench.clear();
    bench.write64(bench.main.base, BigInt(bench.main.base) | NORMAL_BLOCK);
    const answers = (): boolean => walker.generated(0n, EL1) !== undefined;
    control(bench.main.base);
    const before = answers();
    const changed = (
      [
        ['SCTLR_EL1', 0n],
        ['SCTLR_EL1', 1n | (1n << 19n)],
        ['MAIR_EL1', 0x04n],
        ['TCR_EL1', ONE_TABLE | (1n << 7n)],
        ['TCR_EL1', ONE_TABLE | (2n << 14n)],
        ['TTBR0_EL1', BigInt(bench.other.base)],
      ] as const
    ).map(([name, value]) => {
      bench.control({ [name]: value });
      const after = answers();
      control(bench.main.base);
      return [after, answers()];
    });
    expect([before, ...changed]).toEqual([true, ...changed.map(() => [false, true])]);
  });
});
