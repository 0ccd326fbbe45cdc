import { Random } from '@qvm/isa-testing';
import { RandomTables } from './random-tables.test.helper.js';
import { TranslationBench } from './translation-bench.test.helper.js';

const SPACES = 80;
const PLANTED = 40;
const LIMIT = 100_000;

const bench = new TranslationBench(0x4000_0000);

/** Physical address of a single walk, whatever the access flag. */
function physicalOf(va: bigint): number | undefined {
  return bench.mmu.translate(Number(va & 0xffff_ffffn), Number(va >> 32n), 'read', true)
    ? bench.mmu.physical
    : undefined;
}

/** Whether the top byte is a sign extension rather than a tag. */
const isCanonical = (va: bigint): boolean =>
  [0n, 0xffn].includes(va >> 56n) && ((va >> 55n) & 1n) === ((va >> 63n) & 1n);

describe('what tables map', () => {
  it('is what the walk finds for each address, and nothing else', () => {
    let compared = 0;
    for (let seed = 1; seed <= SPACES; seed++) {
      const random = new Random(seed);
      const tables = new RandomTables(bench, random);
      const planted = Array.from({ length: PLANTED }, () => tables.plant());
      const ranges = bench.mmu.mappings(LIMIT);
      for (const va of planted.flatMap((one) => [one, tables.vary(one), tables.vary(one)]).filter(isCanonical)) {
        const expected = physicalOf(va);
        if (!bench.mmu.enabled) expect(ranges).toEqual([]);
        if (expected === undefined || !bench.mmu.enabled) continue;
        const range = ranges.find(({ virtual, size }) => va >= virtual && va < virtual + BigInt(size));
        const found = range && range.physical + Number(va - range.virtual);
        expect({ seed, va, physical: found }).toEqual({ seed, va, physical: expected });
        compared++;
      }
      for (const { virtual, physical, size } of ranges.slice(0, 200)) {
        const inside = virtual + BigInt(random.below(size / 4096)) * 4096n;
        const walked = physicalOf(inside);
        // A clear access flag stops the guest, but not a debugger.
        if (walked === undefined) expect(bench.mmu.fault & ~3).toBe(0x08);
        else expect(walked).toBe(physical + Number(inside - virtual));
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });

  it('joins neighbours, and ends where tables are endless', () => {
    bench.clear();
    const root = bench.main.base;
    const code = bench.main.base + 0x20_0000;
    // A table that points to itself at each level but the last, where its entries are pages.
    for (let index = 0; index < 512; index++) bench.write64(root + index * 8, BigInt(root) | 0x403n);
    const control = { SCTLR_EL1: 1n, MAIR_EL1: 0xffn, TCR_EL1: 16n | (16n << 16n) | (5n << 32n) | (2n << 30n) };
    bench.control({ ...control, TTBR0_EL1: BigInt(root), TTBR1_EL1: BigInt(root) });
    expect(bench.mmu.mappings(1000)).toHaveLength(1000);
    // All that there are, 2^36, would take until the test's time is up.
    expect(bench.mmu.mappings(20_000)).toHaveLength(20_000);

    bench.clear();
    const [second, third, pages] = [1, 2, 3].map((number) => BigInt(root + number * 0x1000));
    bench.write64(root, (second ?? 0n) | 3n);
    bench.write64(Number(second), (third ?? 0n) | 3n);
    bench.write64(Number(third), (pages ?? 0n) | 3n);
    for (let index = 0; index < 8; index++) {
      const page = BigInt(code + (index < 4 ? index : 16 - index) * 0x1000);
      bench.write64(Number(pages) + index * 8, page | 0x403n);
    }
    expect(bench.mmu.mappings(LIMIT)).toEqual(
      [0n, 0xffff_0000_0000_0000n].flatMap((first) => [
        { virtual: first, physical: code, size: 0x4000 },
        ...[4, 5, 6, 7].map((index) => ({
          virtual: first + BigInt(index) * 0x1000n,
          physical: code + (16 - index) * 0x1000,
          size: 0x1000,
        })),
      ]),
    );
  });
});
