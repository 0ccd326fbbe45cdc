import type { Engine } from '@qvm/core/architecture';
import { State } from '@qvm/isa-aarch64';
import { BACK_TO_EL1, CODE, DATA, MachineHarness, TABLES, esr, goToEl0, log } from './machine-harness.test.helper.js';
import type { MachineSetup } from './machine-harness.test.helper.js';
import { Attr, KERNEL, PageTables, SHARED_CODE, SHARED_DATA, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

/** TLB entries that generated code fills, in programs that depend on when entries are dropped. */

const VA = 0x80_8060_3000n;
const SECOND = TABLES + 0x8000;
const UPPER_TABLES = TABLES + 0x10_0000;
const UPPER = 0xffff_0000_0000_0000n;
const ON = mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) });
const BOTH_HALVES = mmuOn({ ttbr0: BigInt(TABLES), ttbr1: BigInt(UPPER_TABLES), tcr: tcr() });
const ENGINES: readonly Engine[] = ['interp', 'wasm'];

const switchTo = (table: number, asid: bigint): string =>
  `ldr x20, =${BigInt(table) | (asid << 48n)}\n msr ttbr0_el1, x20\n isb\n`;
const INVALIDATE = 'ldr x12, =(VA >> 12)\n tlbi vae1, x12\n dsb ish\n isb\n';
const clear = (descriptor: number): string => `ldr x10, =${descriptor}\n str xzr, [x10]\n dsb ish\n isb\n`;

const movX5 = (n: number): number => 0xd280_0005 + (n << 5);
const RET = 0xd65f_03c0;
const maintain = (register: string): string =>
  `dc cvau, ${register}\n dsb ish\n ic ivau, ${register}\n dsb ish\n isb\n`;

/** Boots a program that may edit its tables, with the tables that `map` makes. */
async function boot(
  source: string,
  setup: MachineSetup,
  map: (machine: MachineHarness) => void,
): Promise<MachineHarness> {
  const machine = await MachineHarness.boot(source, { ...setup, symbols: { VA, ...setup.symbols } });
  map(machine);
  machine.write64(DATA, 0x11n);
  machine.write64(DATA + 0x1000, 0x22n);
  return machine;
}

/** The lower half of one address space: the program and the tables themselves. */
function addressSpace(machine: MachineHarness, at = TABLES): PageTables {
  const tables = new PageTables(machine, 12, 48, at);
  mapCode(tables, 12, SHARED_CODE);
  tables.map(BigInt(TABLES), TABLES, 2, KERNEL);
  return tables;
}

/** Runs to the end; fails unless generated code has filled TLB entries. */
function finish(machine: MachineHarness): void {
  machine.run().expectEnd();
  expect(machine.vcpus[0]?.state.u32(State.tlbFills)).toBeGreaterThan(0);
}

describe.each(ENGINES)('address spaces (%s)', (engine) => {
  const read = `ldr x2, [x1]\n ${log(2)}`;

  it.each(['EL1', 'EL0'])('%s does not see the page of another one that has none there', async (el) => {
    const access = el === 'EL1' ? read : `${goToEl0()} mov x2, #0\n ldr x2, [x1]\n ${BACK_TO_EL1} ${log(2)}`;
    const machine = await boot(
      `${ON} ldr x1, =VA\n ${switchTo(TABLES, 1n)} ${access} ${switchTo(SECOND, 2n)} mov x2, #0\n ${access} ${switchTo(TABLES, 1n)} ${access}`,
      { engine },
      (m) => {
        addressSpace(m).map(VA, DATA, 3, SHARED_DATA | Attr.nonGlobal);
        addressSpace(m, SECOND);
      },
    );
    finish(machine);
    expect(machine.log).toEqual([0x11n, 0n, 0x11n]);
    const abort = esr(el === 'EL1' ? 0x25 : 0x24, 0x04);
    expect(machine.exceptions).toEqual([expect.objectContaining({ esr: abort, far: VA })]);
  });

  it.each(['EL1', 'EL0'])('%s sees its own page after the other one has lost its without TLBI', async (el) => {
    const access = el === 'EL1' ? read : `${goToEl0()} ldr x2, [x1]\n ${BACK_TO_EL1} ${log(2)}`;
    const machine = await boot(
      `${ON} ldr x1, =VA\n
      ${switchTo(TABLES, 1n)} ${access} ldr x10, =DESCRIPTOR\n str xzr, [x10]\n dsb ish\n isb\n
      ${switchTo(SECOND, 2n)} ${access} mov x3, #0x33\n str x3, [x1]\n ${access}
      mov x12, #${1n << 48n}\n tlbi aside1, x12\n dsb ish\n isb\n ${access}
      ${switchTo(TABLES, 1n)} mov x2, #0\n ${access}`,
      // The tables of the first address space that are allocated before the page's table: four levels, and two for the
      // program.
      { engine, symbols: { DESCRIPTOR: BigInt(TABLES + 0x5000 + 3 * 8) } },
      (m) => {
        const first = addressSpace(m);
        first.map(VA, DATA, 3, SHARED_DATA | Attr.nonGlobal);
        expect(first.entry(VA, 3)).toBe(TABLES + 0x5000 + 3 * 8);
        addressSpace(m, SECOND).map(VA, DATA + 0x1000, 3, SHARED_DATA | Attr.nonGlobal);
      },
    );
    finish(machine);
    expect(machine.log).toEqual([0x11n, 0x22n, 0x33n, 0x33n, 0n]);
    expect(machine.exceptions).toEqual([expect.objectContaining({ esr: esr(el === 'EL1' ? 0x25 : 0x24, 0x07) })]);
    expect([machine.read64(DATA), machine.read64(DATA + 0x1000)]).toEqual([0x11n, 0x33n]);
  });

  it.each([
    ['stays', 0n],
    ['goes when it is not global', Attr.nonGlobal],
  ] as const)('a page of the upper half %s', async (_, attributes) => {
    const kernelPage = UPPER + 0x60_3000n;
    // An entry may stay until TLBI. It does stay, though its descriptor is gone, which shows that nothing else dropped
    // it.
    const machine = await boot(
      `${BOTH_HALVES} ldr x1, =${kernelPage}\n ${switchTo(TABLES, 1n)} ${read} ${clear(UPPER_TABLES + 0x3000 + 3 * 8)}
      mov x21, #100\n mov x2, #0\n 1: ${switchTo(SECOND, 2n)} ldr x2, [x1]\n ${switchTo(TABLES, 1n)} ldr x2, [x1]\n subs x21, x21, #1\n b.ne 1b\n
      ${log(2)} ldr x12, =${kernelPage}\n lsr x12, x12, #12\n bfi x12, xzr, #44, #20\n tlbi vaae1, x12\n dsb ish\n isb\n ldr x2, [x1]`,
      { engine },
      (m) => {
        addressSpace(m);
        addressSpace(m, SECOND);
        const upper = new PageTables(m, 12, 48, UPPER_TABLES);
        upper.map(kernelPage, DATA, 3, KERNEL | attributes);
        expect(upper.entry(kernelPage, 3)).toBe(UPPER_TABLES + 0x3000 + 3 * 8);
      },
    );
    finish(machine);
    const faults = machine.exceptions.map(({ far }) => far);
    expect(machine.log).toEqual(attributes === 0n ? [0x11n, 0x11n] : [0x11n, 0n]);
    expect(faults).toEqual(new Array(attributes === 0n ? 1 : 201).fill(kernelPage));
  });
});

describe.each(ENGINES)('code in a page that was read and written before (%s)', (engine) => {
  const run = `blr x1\n ${log(5)}`;
  const put = (n: number): string => `ldr w2, =${movX5(n)}\n str w2, [x1]\n`;

  it.each([
    ['read, then executed, then written', `ldr w3, [x1]\n ${run} ${put(2)} ${maintain('x1')} ${run}`, [1n, 2n]],
    ['executed, then read, then written', `${run} ldr w3, [x1]\n ${put(2)} ${maintain('x1')} ${run}`, [1n, 2n]],
    [
      'written, then executed, then written',
      `${put(2)} ${put(3)} ${maintain('x1')} ${run} ${put(4)} ${maintain('x1')} ${run} ldr w3, [x1]\n ${put(5)} ${maintain('x1')} ${run}`,
      [3n, 4n, 5n],
    ],
    [
      'executed and written by turns until the page counts as data',
      `mov x9, #200\n mov x6, #0\n ldr w7, =${movX5(0)}\n 1: str w7, [x1]\n ${maintain('x1')} blr x1\n add x6, x6, x5\n ldr w3, [x1, #4]\n add w7, w7, #0x20\n subs x9, x9, #1\n b.ne 1b\n ${log(6)}`,
      [19_900n],
    ],
  ] as const)('%s', async (_, source, expected) => {
    const machine = await boot(`${ON} ldr x1, =VA\n ${source}`, { engine }, (m) => {
      addressSpace(m).map(VA, DATA, 3, KERNEL);
    });
    machine.write64(DATA, (BigInt(RET) << 32n) | BigInt(movX5(1)));
    finish(machine);
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual(expected);
  });

  it('written at another address, which was written before the code ran', async () => {
    const alias = VA + 0x10_0000n;
    const machine = await boot(
      `${ON} ldr x1, =VA\n ldr x10, =${alias}\n str xzr, [x10, #8]\n ldr x3, [x1]\n ${run}
      ldr w2, =${movX5(2)}\n str w2, [x10]\n ${maintain('x1')} ${run} ldr w2, =${movX5(3)}\n str w2, [x10]\n ${maintain('x1')} ${run}`,
      { engine },
      (m) => {
        const tables = addressSpace(m);
        tables.map(VA, DATA, 3, KERNEL);
        tables.map(alias, DATA, 3, KERNEL);
      },
    );
    machine.write64(DATA, (BigInt(RET) << 32n) | BigInt(movX5(1)));
    finish(machine);
    expect(machine.log).toEqual([1n, 2n, 3n]);
  });
});

describe.each(ENGINES)('a hot loop (%s)', (engine) => {
  const TURNS = 3000;
  const CHANGE_AT = 100;
  const DESCRIPTOR = TABLES + 0x5000 + 3 * 8;

  /** Increments a word of the page; a few turns before the end, replaces the page's descriptor, with TLBI. */
  const loop = (descriptor: bigint): string =>
    `${ON} ldr x1, =VA\n mov x9, #${TURNS}\n ldr x10, =${DESCRIPTOR}\n ldr x11, =${descriptor}\n mov x3, #0\n
    1: ldr x2, [x1]\n add x2, x2, #1\n str x2, [x1]\n add x3, x3, #1\n cmp x9, #${CHANGE_AT}\n b.eq 2f\n
    3: subs x9, x9, #1\n b.ne 1b\n ${log(3)} b 4f\n
    2: str x11, [x10]\n dsb ish\n ${INVALIDATE} b 3b\n 4: nop`;

  async function run(descriptor: bigint): Promise<MachineHarness> {
    const machine = await boot(loop(descriptor), { engine }, (m) => {
      const tables = addressSpace(m);
      tables.map(VA, DATA, 3, KERNEL);
      expect(tables.entry(VA, 3)).toBe(DESCRIPTOR);
    });
    machine.write64(DATA, 0n);
    machine.write64(DATA + 0x1000, 0n);
    finish(machine);
    expect(machine.log).toEqual([BigInt(TURNS)]);
    const translated = machine.vcpus[0]?.regionTotals.instructions ?? 0;
    expect(translated > TURNS).toBe(engine === 'wasm');
    return machine;
  }

  it('whose page becomes read-only faults from the next turn on', async () => {
    const machine = await run(BigInt(DATA) | KERNEL | Attr.readOnly | 3n);
    expect(machine.exceptions.map(({ esr: e, far }) => [e, far])).toEqual(
      new Array(CHANGE_AT - 1).fill([esr(0x25, 0x4f), VA]),
    );
    expect(machine.read64(DATA)).toBe(BigInt(TURNS - CHANGE_AT + 1));
  });

  it('whose page goes faults from the next turn on', async () => {
    const machine = await run(0n);
    expect(machine.exceptions).toHaveLength(2 * (CHANGE_AT - 1));
    expect(machine.read64(DATA)).toBe(BigInt(TURNS - CHANGE_AT + 1));
  });

  it('whose page moves goes on in the new one', async () => {
    const machine = await run(BigInt(DATA + 0x1000) | KERNEL | 3n);
    expect(machine.exceptions).toEqual([]);
    expect([machine.read64(DATA), machine.read64(DATA + 0x1000)]).toEqual([
      BigInt(TURNS - CHANGE_AT + 1),
      BigInt(CHANGE_AT - 1),
    ]);
  });

  it('whose code moves runs the new code', async () => {
    const [moved, turns] = [CODE + 0x10_0000, 2000];
    const machine = await boot(
      `${ON} ldr x1, =VA\n mov x9, #${turns}\n mov x6, #0\n ldr x10, =${DESCRIPTOR}\n ldr x11, =${BigInt(moved) | KERNEL | 3n}\n
      1: blr x1\n add x6, x6, x5\n cmp x9, #${CHANGE_AT}\n b.eq 2f\n 3: subs x9, x9, #1\n b.ne 1b\n ${log(6)} b 4f\n
      2: str x11, [x10]\n dsb ish\n ${INVALIDATE} b 3b\n 4: nop`,
      { engine },
      (m) => {
        const tables = addressSpace(m);
        tables.map(VA, DATA, 3, KERNEL);
        expect(tables.entry(VA, 3)).toBe(DESCRIPTOR);
      },
    );
    machine.write64(DATA, (BigInt(RET) << 32n) | BigInt(movX5(1)));
    machine.write64(moved, (BigInt(RET) << 32n) | BigInt(movX5(1000)));
    finish(machine);
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual([BigInt(turns - CHANGE_AT + 1 + (CHANGE_AT - 1) * 1000)]);
  });
});

describe.each(ENGINES)('cache maintenance by address (%s)', (engine) => {
  /** Number of exits for system registers and instructions in a program that cleans lines of one page. */
  const exits = async (lines: number): Promise<number | undefined> => {
    const clean = Array.from({ length: lines }, (_, i) => `add x2, x1, #${i * 0x40}\n dc civac, x2\n`).join('');
    const machine = await boot(`${ON} ldr x1, =VA\n ${clean} ldr x2, [x1]\n ${log(2)}`, { engine }, (m) => {
      addressSpace(m).map(VA, DATA, 3, SHARED_DATA);
    });
    finish(machine);
    expect(machine.log).toEqual([0x11n]);
    return machine.vcpus[0]?.exits.counts()['sysreg'];
  };

  it('leaves generated code once for a page', async () => {
    expect(await exits(8)).toBe(await exits(1));
    expect(await exits(0)).toBe(((await exits(1)) ?? 0) - 1);
  });
});
