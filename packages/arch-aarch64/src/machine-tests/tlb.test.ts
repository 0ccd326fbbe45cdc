import { BACK_TO_EL1, CODE, DATA, MachineHarness, TABLES, esr, goToEl0, log } from './machine-harness.test.helper.js';
import { Attr, KERNEL, PageTables, SHARED_CODE, SHARED_DATA, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

const VA = 0x80_8060_3000n;
const ON = mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) });

/** Tables that map the program, themselves (the program edits them), and one page at {@link VA}. */
async function boot(
  source: string,
  attributes = KERNEL,
  level = 3,
  also?: (tables: PageTables, machine: MachineHarness) => void,
): Promise<MachineHarness> {
  const machine = await MachineHarness.boot(source, { symbols: { ENTRY: ENTRIES[level] as bigint, VA } });
  const tables = new PageTables(machine);
  mapCode(tables, 12, SHARED_CODE);
  tables.map(BigInt(TABLES), TABLES, 2, KERNEL);
  tables.map(
    VA & ~BigInt(tables.span(level) - 1),
    Math.floor(DATA / tables.span(level)) * tables.span(level),
    level,
    attributes,
  );
  expect(BigInt(tables.entry(VA, level))).toBe(ENTRIES[level]);
  also?.(tables, machine);
  machine.write64(DATA, 0x11n);
  machine.write64(DATA + 0x1000, 0x22n);
  return machine;
}

/** Addresses of the descriptors for {@link VA}, which follow from the order of allocations in {@link boot}. */
const ENTRIES: Readonly<Record<number, bigint>> = {
  2: BigInt(TABLES + 0x4000 + 3 * 8),
  3: BigInt(TABLES + 0x5000 + 3 * 8),
};

/** Changes the descriptor from X10 to X11's address; the code after it invalidates. */
const clearEntry = 'ldr x10, =ENTRY\n str xzr, [x10]\n dsb ish\n';
const page = 'ldr x12, =(VA >> 12)\n';

describe('TLB maintenance', () => {
  it.each([
    'tlbi vmalle1',
    'tlbi vmalle1is',
    'tlbi vae1, x12',
    'tlbi vae1is, x12',
    'tlbi vaae1, x12',
    'tlbi vaae1is, x12',
    'tlbi vale1, x12',
    'tlbi vaale1is, x12',
  ])('a page is gone after %s', async (invalidate) => {
    const machine = await boot(
      `${ON} ldr x1, =VA\n ldr x2, [x1]\n str x2, [x1]\n ${clearEntry} ${page} ${invalidate}\n dsb ish\n isb\n ldr x3, [x1]\n str x3, [x1]`,
    );
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ esr: e, far }) => [e, far])).toEqual([
      [esr(0x25, 0x07), VA],
      [esr(0x25, 0x47), VA],
    ]);
  });

  it('TLBI of any address in a block drops the whole block', async () => {
    const machine = await boot(
      `${ON} ldr x1, =VA\n ldr x2, [x1]\n ldr x2, [x1, #0x1000]\n
      ${clearEntry} ldr x12, =((VA + 0x5000) >> 12)\n tlbi vae1, x12\n dsb ish\n isb\n ldr x3, [x1]\n add x1, x1, #0x1000\n ldr x3, [x1]`,
      KERNEL,
      2,
    );
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ esr: e, far }) => [e, far])).toEqual([
      [esr(0x25, 0x06), VA],
      [esr(0x25, 0x06), VA + 0x1000n],
    ]);
  });

  it('ASIDE1 drops the pages of its ASID and no global ones', async () => {
    const machine = await boot(
      `${ON}
      ldr x20, =${BigInt(TABLES) | (7n << 48n)}
      msr ttbr0_el1, x20
      isb
      ldr x1, =VA
      ldr x2, [x1]
      ${clearEntry}
      mov x12, #${7n << 48n}
      tlbi aside1, x12
      dsb ish
      isb
      ldr x3, [x1]`,
      KERNEL | Attr.nonGlobal,
    );
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ esr: e }) => e)).toEqual([esr(0x25, 0x07)]);
  });

  it('invalid descriptors are not remembered', async () => {
    const machine = await boot(
      `${ON} ldr x1, =VA\n ldr x2, [x1]\n mov x13, x2\n ldr x10, =ENTRY\n ldr x11, =${BigInt(DATA) | KERNEL | 3n}\n str x11, [x10]\n dsb ish\n isb\n ldr x2, [x1]\n ${log(2)}`,
      0n,
    );
    machine.write64(Number(ENTRIES[3]), 0n);
    machine.run().expectEnd();
    expect(machine.exceptions).toHaveLength(1);
    expect(machine.log).toEqual([0x11n]);
  });

  it('a page that becomes writable is written without maintenance of the old permission fault', async () => {
    const machine = await boot(
      `${ON} ldr x1, =VA\n ldr x2, [x1]\n str x2, [x1]\n ldr x10, =ENTRY\n ldr x11, =${BigInt(DATA) | KERNEL | 3n}\n str x11, [x10]\n dsb ish\n
      tlbi vmalle1\n dsb ish\n isb\n mov x3, #5\n str x3, [x1]`,
      KERNEL | Attr.readOnly,
    );
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ esr: e }) => e)).toEqual([esr(0x25, 0x4f)]);
    expect(machine.read64(DATA)).toBe(5n);
  });

  it('IS forms reach other vCPUs, local forms do not have to', async () => {
    const second = `
      secondary:
      ${ON}
      ldr x1, =VA
      ldr x2, [x1]
      ldr x4, =${DATA}
      mov x5, #1
      adr x6, flag
      ldr x7, =${CODE + 0x10_0000}
      str x5, [x7]
      1: ldr x5, [x7, #8]
      cbz x5, 1b
      isb
      ldr x2, [x1]
      ${log(2)}
      mov x5, #2
      str x5, [x7]
      b .
      flag: nop`;
    const machine = await MachineHarness.boot(
      `
      movz x0, #0xc400, lsl #16
      movk x0, #3
      mov x1, #1
      adr x2, secondary
      hvc #0
      ${ON}
      ldr x7, =${CODE + 0x10_0000}
      1: ldr x5, [x7]
      cbz x5, 1b
      ldr x10, =ENTRY
      ldr x11, =${BigInt(DATA + 0x1000) | KERNEL | 3n}
      str xzr, [x10]
      dsb ish
      ${page}
      tlbi vaae1is, x12
      dsb ish
      str x11, [x10]
      dsb ish
      str x5, [x7, #8]
      1: ldr x5, [x7]
      cmp x5, #2
      b.ne 1b
      b end
      ${second}
      end:`,
      { vcpus: 2, symbols: { ENTRY: ENTRIES[3] as bigint, VA } },
    );
    const tables = new PageTables(machine);
    mapCode(tables);
    tables.map(BigInt(TABLES), TABLES, 2, KERNEL);
    tables.map(VA, DATA, 3, KERNEL);
    machine.write64(DATA, 0x11n);
    machine.write64(DATA + 0x1000, 0x22n);
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual([0x22n]);
  });

  it('code that unmaps itself cannot go on after ISB', async () => {
    const machine = await boot(
      `${ON}
      adr x30, back
      ldr x1, =VA
      br x1
      back: nop`,
      KERNEL,
      3,
      (_, m) => m.place(DATA, 'nop'),
    );
    machine.place(
      DATA + 0x100,
      `
      movz x10, #${Number(ENTRIES[3]) >>> 16}, lsl #16
      movk x10, #${Number(ENTRIES[3]) & 0xffff}
      str xzr, [x10]
      dsb ish
      tlbi vmalle1
      dsb ish
      isb
      hvc #0x11e
      ret`,
    );
    machine.write64(DATA, 0x1400_0040n);
    machine.run().expectEnd();
    expect(machine.log).toEqual([]);
    expect(machine.exceptions).toEqual([
      expect.objectContaining({ esr: esr(0x21, 0x07), far: VA + 0x11cn, elr: VA + 0x11cn }),
    ]);
  });
});

describe('ASIDs', () => {
  const second = TABLES + 0x8000;
  const switchTo = (table: number, asid: bigint): string =>
    `ldr x20, =${BigInt(table) | (asid << 48n)}\n msr ttbr0_el1, x20\n isb\n`;

  it('separate non-global pages of two address spaces without TLBI', async () => {
    const machine = await MachineHarness.boot(
      `${ON}
      ${switchTo(TABLES, 1n)} ldr x1, =VA\n ldr x2, [x1]\n ${log(2)}
      ${switchTo(second, 2n)} ldr x2, [x1]\n ${log(2)}
      mov x3, #0x33\n str x3, [x1]
      ${switchTo(TABLES, 1n)} ldr x2, [x1]\n ${log(2)}
      ${switchTo(second, 2n)} ldr x2, [x1]\n ${log(2)}`,
      { symbols: { VA } },
    );
    for (const [at, data] of [
      [TABLES, DATA],
      [second, DATA + 0x1000],
    ] as const) {
      const tables = new PageTables(machine, 12, 48, at);
      mapCode(tables);
      tables.map(VA, data, 3, KERNEL | Attr.nonGlobal);
    }
    machine.write64(DATA, 0x11n);
    machine.write64(DATA + 0x1000, 0x22n);
    machine.run().expectEnd();
    expect(machine.log).toEqual([0x11n, 0x22n, 0x11n, 0x33n]);
  });

  it('come from TTBR1_EL1 when TCR_EL1.A1 is set', async () => {
    const machine = await MachineHarness.boot(
      `
      ${mmuOn({ ttbr0: BigInt(TABLES), ttbr1: 1n << 48n, tcr: tcr({ epd1: true, a1: true }) })}
      ldr x1, =VA\n ldr x2, [x1]\n ${log(2)}
      mov x20, #${2n << 48n}\n msr ttbr1_el1, x20\n ldr x20, =${second}\n msr ttbr0_el1, x20\n isb\n
      ldr x2, [x1]\n ${log(2)}`,
      { symbols: { VA } },
    );
    for (const [at, data] of [
      [TABLES, DATA],
      [second, DATA + 0x1000],
    ] as const) {
      const tables = new PageTables(machine, 12, 48, at);
      mapCode(tables);
      tables.map(VA, data, 3, KERNEL | Attr.nonGlobal);
    }
    machine.write64(DATA, 0x11n);
    machine.write64(DATA + 0x1000, 0x22n);
    machine.run().expectEnd();
    expect(machine.log).toEqual([0x11n, 0x22n]);
  });

  it('survive more address spaces than the TLB has banks', async () => {
    const count = 50;
    const machine = await MachineHarness.boot(
      `${ON}
      ldr x1, =VA
      mov x21, #3
      again: mov x22, #${count}
      ldr x20, =${BigInt(TABLES)}
      1: add x20, x20, x24
      mov x23, #${1n << 48n}
      add x20, x20, x23
      msr ttbr0_el1, x20
      isb
      ldr x2, [x1]
      add x2, x2, #1
      str x2, [x1]
      subs x22, x22, #1
      b.ne 1b
      subs x21, x21, #1
      b.ne again`,
      { symbols: { VA } },
    );
    machine.vcpus[0]?.state.setX(24, 0x8000n);
    for (let n = 0; n <= count; n++) {
      const tables = new PageTables(machine, 12, 48, TABLES + n * 0x8000);
      mapCode(tables);
      tables.map(VA, DATA + n * 0x1000, 3, KERNEL | Attr.nonGlobal);
    }
    machine.run().expectEnd();
    expect(Array.from({ length: count }, (_, n) => machine.read64(DATA + (n + 1) * 0x1000))).toEqual(
      new Array(count).fill(3n),
    );
  });
});

describe('top byte ignore', () => {
  const tagged = VA | (0xabn << 56n);

  it('data accesses go to the same place, with a tag of any kind', async () => {
    const machine = await boot(`${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true, tbi0: true }) })}
      ldr x1, =${tagged}\n ldr x2, [x1]\n ${log(2)} mov x3, #9\n str x3, [x1]\n ldr x1, =VA\n ldr x2, [x1]\n ${log(2)}`);
    machine.run().expectEnd();
    expect(machine.log).toEqual([0x11n, 9n]);
  });

  it('without it tags are addresses out of range', async () => {
    const machine = await boot(`${ON} ldr x1, =${tagged}\n ldr x2, [x1]`);
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([expect.objectContaining({ esr: esr(0x25, 0x04), far: tagged })]);
  });

  it('branches drop the tag', async () => {
    const machine = await boot(`${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true, tbi0: true }) })}
      adr x1, there\n movk x1, #0xab00, lsl #48\n br x1\n nop\n there: adr x2, .\n ${log(2)}
      adr x1, again\n movk x1, #0xab00, lsl #48\n msr elr_el1, x1\n mov x1, #0x3c5\n msr spsr_el1, x1\n eret\n again: adr x2, .\n ${log(2)}`);
    machine.run().expectEnd();
    expect(machine.log).toEqual([machine.label('there'), machine.label('again')]);
  });

  it('TLBI of the untagged address drops what a tagged one brought in', async () => {
    const machine = await boot(`${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true, tbi0: true }) })}
      ldr x1, =${tagged}\n ldr x2, [x1]\n ${clearEntry} ${page} tlbi vae1, x12\n dsb ish\n isb\n ldr x2, [x1]`);
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ esr: e }) => e)).toEqual([esr(0x25, 0x07)]);
  });
});

describe('address translation instructions', () => {
  const at = (operation: string): string => `at ${operation}, x1\n isb\n mrs x4, par_el1\n ${log(4)}`;
  const all = at('s1e1r') + at('s1e1w') + at('s1e0r') + at('s1e0w');
  const ok = 0xff00_0000_0000_0980n | BigInt(DATA);
  const failed = (status: number): bigint => BigInt((status << 1) | 0x801);

  it.each([
    ['EL1 read and write', KERNEL, [ok, ok, failed(0x0f), failed(0x0f)]],
    ['EL1 read', KERNEL | Attr.readOnly, [ok, failed(0x0f), failed(0x0f), failed(0x0f)]],
    ['both', SHARED_DATA, [ok, ok, ok, ok]],
    ['not accessed', SHARED_DATA & ~Attr.accessed, [failed(0x0b), failed(0x0b), failed(0x0b), failed(0x0b)]],
  ] as const)('%s', async (_, attributes, expected) => {
    const machine = await boot(`${ON} ldr x1, =VA\n ${all}`, attributes);
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual(expected);
  });

  it('report the attributes of the memory', async () => {
    const device = (KERNEL & ~Attr.inner) | Attr.device;
    const machine = await boot(
      `${ON} ldr x1, =VA\n ${at('s1e1r')} ldr x1, =${VA + 0x1000n}\n ${at('s1e1r')}`,
      device,
      3,
      (tables) => tables.map(VA + 0x1000n, DATA + 0x1000, 3, Attr.nonCacheable | Attr.accessed),
    );
    machine.run().expectEnd();
    // Device and non-cacheable memory are reported as outer shareable.
    expect(machine.log).toEqual([0x900n | BigInt(DATA), 0x4400_0000_0000_0900n | BigInt(DATA + 0x1000)]);
  });

  it('are undefined at EL0', async () => {
    const machine = await boot(`${ON} ${goToEl0()} at s1e0r, x1\n tlbi vmalle1\n ${BACK_TO_EL1}`);
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ esr: e }) => e)).toEqual([esr(0, 0), esr(0, 0)]);
  });
});
