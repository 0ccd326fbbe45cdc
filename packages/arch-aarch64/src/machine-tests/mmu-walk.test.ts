import { DATA, MachineHarness, TABLES, log } from './machine-harness.test.helper.js';
import { KERNEL, PageTables, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';
import type { Granule } from './page-tables.test.helper.js';

interface Walk {
  readonly granule: Granule;
  readonly bits: number;
  readonly level: number;
}

const firstLevel = ({ granule, bits }: Walk): number => 4 - Math.ceil((bits - granule) / (granule - 3));
const walks = (granule: Granule, levels: readonly number[], sizes: readonly number[]): Walk[] =>
  levels.flatMap((level) => sizes.map((bits) => ({ granule, level, bits })));

const WALKS: readonly Walk[] = [
  ...walks(12, [1, 2, 3], [32, 33, 39, 40, 48]),
  ...walks(14, [2, 3], [32, 36, 37, 47, 48]),
  ...walks(16, [2, 3], [32, 42, 43, 48]),
].filter((walk) => walk.level >= firstLevel(walk));

/** Base of a block that covers {@link DATA}, and the offset of DATA in it. */
function blockOf(span: number): { physical: number; offset: number } {
  const physical = Math.floor(DATA / span) * span;
  return { physical, offset: DATA - physical };
}

const store = (va: bigint): string => `
  ldr x1, =${va}
  ldr x2, =0x1122334455667788
  str x2, [x1]
  ldr x3, [x1]
  ${log(3)}
  at s1e1r, x1
  mrs x4, par_el1
  ${log(4)}`;

const par = (physical: number): bigint => 0xff00_0000_0000_0980n | BigInt(physical - (physical % 4096));

describe('translation table walks', () => {
  it.each(WALKS)('granule 2^$granule, $bits bits, level $level: the last block of the lower half', async (walk) => {
    const { granule, bits, level } = walk;
    const span = 2 ** (granule + (3 - level) * (granule - 3));
    const { physical, offset } = blockOf(span);
    const block = 2n ** BigInt(bits) - BigInt(span);
    const machine = await MachineHarness.boot(`
      ${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ t0sz: 64 - bits, granule0: granule, epd1: true }) })}
      ${store(block + BigInt(offset))}`);
    const tables = new PageTables(machine, granule, bits);
    mapCode(tables, granule);
    tables.map(block, physical, level, KERNEL);
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual([0x1122_3344_5566_7788n, par(DATA)]);
    expect(machine.read64(DATA)).toBe(0x1122_3344_5566_7788n);
  });

  it.each(WALKS)('granule 2^$granule, $bits bits, level $level: the first block of the upper half', async (walk) => {
    const { granule, bits, level } = walk;
    const span = 2 ** (granule + (3 - level) * (granule - 3));
    const { physical, offset } = blockOf(span);
    const block = 2n ** 64n - 2n ** BigInt(bits);
    const upper = TABLES + 0x10_0000;
    const machine = await MachineHarness.boot(`
      ${mmuOn({ ttbr0: BigInt(TABLES), ttbr1: BigInt(upper), tcr: tcr({ t0sz: 25, t1sz: 64 - bits, granule1: granule }) })}
      ${store(block + BigInt(offset))}`);
    mapCode(new PageTables(machine, 12, 39));
    new PageTables(machine, granule, bits, upper).map(block, physical, level, KERNEL);
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual([0x1122_3344_5566_7788n, par(DATA)]);
  });

  it('takes table bases of less than a page', async () => {
    // 33 bits of input, granule 4 KiB: eight entries at level 1.
    const machine = await MachineHarness.boot(`
      ${mmuOn({ ttbr0: BigInt(TABLES + 0x40), tcr: tcr({ t0sz: 31, epd1: true }) })}
      ${store(0x1_4000_0000n + BigInt(DATA - 0x4000_0000))}`);
    machine.write64(TABLES + 0x40 + 8, 0x4000_0000n | KERNEL | 1n);
    machine.write64(TABLES + 0x40 + 40, 0x4000_0000n | KERNEL | 1n);
    machine.run().expectEnd();
    expect(machine.log).toEqual([0x1122_3344_5566_7788n, par(DATA)]);
  });
});
