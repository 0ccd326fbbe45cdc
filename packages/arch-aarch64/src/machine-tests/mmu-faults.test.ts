import { BACK_TO_EL1, DATA, MachineHarness, TABLES, esr, goToEl0, log } from './machine-harness.test.helper.js';
import type { Taken } from './machine-harness.test.helper.js';
import { Attr, KERNEL, PageTables, SHARED_CODE, SHARED_DATA, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

/** An address whose tables are separate from the program's at every level. */
const VA = 0x80_8060_3008n;
const NOWHERE = 0x1000_0000;
/** An output address of more than 44 bits. */
const TOO_HIGH = 0x1000_0000_0000n;
const CONTROL = { ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) };

const ACCESSES = (suffix: string): string => `
  read${suffix}: ldr x2, [x1]
  write${suffix}: str x3, [x1]
  execute${suffix}: blr x1
  `;
const PROGRAM = `
  ${mmuOn(CONTROL)}
  ldr x1, =${VA}
  ${ACCESSES('1')}
  ${goToEl0()}
  ${ACCESSES('0')}
  ${BACK_TO_EL1}`;

type Kind = 'read' | 'write' | 'execute';

/** The expected fault of each access: [level, access]. */
function expected(
  machine: MachineHarness,
  status: number,
  faults: readonly (readonly [number, Kind])[],
  far = VA,
): Taken[] {
  return faults.map(([el, kind]) => {
    const execute = kind === 'execute';
    const ec = (execute ? 0x20 : 0x24) | el;
    return {
      vcpu: 0,
      vector: el ? 0x200 : 0x400,
      esr: esr(ec, status | (kind === 'write' ? 0x40 : 0)),
      far,
      elr: execute ? VA : machine.label(`${kind}${el}`),
      spsr: el ? 0x3c5 : 0,
    };
  });
}

const ALL: readonly (readonly [number, Kind])[] = [
  [1, 'read'],
  [1, 'write'],
  [1, 'execute'],
  [0, 'read'],
  [0, 'write'],
  [0, 'execute'],
];

async function faultsOf(
  build: (tables: PageTables, machine: MachineHarness) => void,
  program = PROGRAM,
): Promise<MachineHarness> {
  const machine = await MachineHarness.boot(program);
  const tables = new PageTables(machine);
  mapCode(tables, 12, SHARED_CODE);
  build(tables, machine);
  return machine.run().expectEnd();
}

const RET = 0xd65f_03c0n;

describe('MMU faults', () => {
  it.each([0, 1, 2, 3])('translation fault, level %i', async (level) => {
    const machine = await faultsOf((tables) => tables.entry(VA, level));
    expect(machine.exceptions).toEqual(expected(machine, 0x04 | level, ALL));
  });

  it('a level 3 descriptor of type block is a translation fault', async () => {
    const machine = await faultsOf((tables, m) => m.write64(tables.entry(VA, 3), BigInt(DATA) | SHARED_DATA | 1n));
    expect(machine.exceptions).toEqual(expected(machine, 0x07, ALL));
  });

  it('a block at level 0 is a translation fault', async () => {
    const machine = await faultsOf((tables, m) => m.write64(tables.entry(VA, 0), SHARED_DATA | 1n));
    expect(machine.exceptions).toEqual(expected(machine, 0x04, ALL));
  });

  it.each([1, 2, 3])('access flag fault, level %i', async (level) => {
    const machine = await faultsOf((tables) =>
      tables.map(VA & ~BigInt(tables.span(level) - 1), 0x4000_0000, level, SHARED_DATA & ~Attr.accessed),
    );
    expect(machine.exceptions).toEqual(expected(machine, 0x08 | level, ALL));
  });

  it.each([1, 2, 3])('address size fault of an output address, level %i', async (level) => {
    const machine = await faultsOf((tables) => tables.map(VA, Number(TOO_HIGH), level, SHARED_DATA));
    expect(machine.exceptions).toEqual(expected(machine, 0x00 | level, ALL));
  });

  it.each([0, 1, 2])('address size fault of a table address, level %i', async (level) => {
    const machine = await faultsOf((tables, m) => m.write64(tables.entry(VA, level), TOO_HIGH | 3n));
    expect(machine.exceptions).toEqual(expected(machine, level, ALL));
  });

  it.each([1, 2, 3])('external abort on a walk, level %i', async (level) => {
    const machine = await faultsOf((tables, m) => m.write64(tables.entry(VA, level - 1), BigInt(NOWHERE) | 3n));
    expect(machine.exceptions).toEqual(expected(machine, 0x14 | level, ALL));
  });

  it('external abort on an unmapped guest-physical address', async () => {
    const machine = await faultsOf((tables) => tables.map(VA & ~0xfffn, NOWHERE, 3, SHARED_DATA | Attr.device));
    const el0 = expected(machine, 0x10, [
      [0, 'read'],
      [0, 'write'],
      [0, 'execute'],
    ]);
    // EL1 may not execute pages that EL0 may write: this is checked first.
    expect(machine.exceptions).toEqual([
      ...expected(machine, 0x10, [
        [1, 'read'],
        [1, 'write'],
      ]),
      ...expected(machine, 0x0f, [[1, 'execute']]),
      ...el0,
    ]);
  });

  it('nothing outside of TxSZ is translated', async () => {
    const machine = await MachineHarness.boot(`
      ${mmuOn({ ttbr0: BigInt(TABLES), ttbr1: BigInt(TABLES), tcr: tcr({ t0sz: 25, t1sz: 25 }) })}
      ldr x1, =0x7fffffffff
      ldrb w2, [x1]
      add x1, x1, #1
      ldrb w2, [x1]
      ldr x1, =0xffffff7fffffffff
      ldrb w2, [x1]
      add x1, x1, #1
      ldrb w2, [x1]
      ldr x1, =0x0100000040000000
      ldrb w2, [x1]`);
    mapCode(new PageTables(machine, 12, 39));
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ esr: e, far }) => [e & 0x3f, far])).toEqual([
      [0x05, 0x7f_ffff_ffffn],
      [0x04, 0x80_0000_0000n],
      [0x04, 0xffff_ff7f_ffff_ffffn],
      [0x05, 0xffff_ff80_0000_0000n],
      [0x04, 0x0100_0000_4000_0000n],
    ]);
  });

  it('EPD1 stops walks', async () => {
    const machine = await MachineHarness.boot(`
      ${mmuOn({ ttbr0: BigInt(TABLES), ttbr1: BigInt(TABLES), tcr: tcr({ epd1: true }) })}
      ldr x1, =0xffff000040000000
      ldr x2, [x1]`);
    mapCode(new PageTables(machine));
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([
      expect.objectContaining({ esr: esr(0x25, 0x04), far: 0xffff_0000_4000_0000n }),
    ]);
  });

  it('a table register beyond the output size is an address size fault, level 0', async () => {
    const machine = await MachineHarness.boot(`
      ${mmuOn({ ttbr0: BigInt(TABLES), ttbr1: TOO_HIGH, tcr: tcr() })}
      ldr x1, =0xffff000040000000
      ldr x2, [x1]`);
    mapCode(new PageTables(machine));
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([
      expect.objectContaining({ esr: esr(0x25, 0x00), far: 0xffff_0000_4000_0000n }),
    ]);
  });

  it('IPS limits output addresses', async () => {
    const machine = await MachineHarness.boot(`
      ${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ ips: 0, epd1: true }) })}
      ldr x1, =${VA}
      ldr x2, [x1]`);
    const tables = new PageTables(machine);
    mapCode(tables);
    tables.map(VA & ~0xfffn, 0x1_0000_0000, 3, KERNEL);
    machine.run().expectEnd();
    expect(machine.exceptions).toEqual([expect.objectContaining({ esr: esr(0x25, 0x03), far: VA })]);
  });

  it('with the MMU off addresses beyond the physical size are address size faults', async () => {
    const machine = await MachineHarness.run(
      'ldr x1, =0x0000100000000000\n ldr x2, [x1]\n ldr x1, =0x8000000000000000\n ldr x2, [x1]',
    );
    machine.expectEnd();
    expect(machine.exceptions.map(({ esr: e, far }) => [e, far])).toEqual([
      [esr(0x25, 0), 0x1000_0000_0000n],
      [esr(0x25, 0), 0x8000_0000_0000_0000n],
    ]);
  });
});

interface Permission {
  readonly name: string;
  readonly block: bigint;
  readonly table?: bigint;
  readonly wxn?: boolean;
  /** Accesses that fault: r, w, x at EL1, then at EL0. */
  readonly faults: readonly [string, string];
}

const PERMISSIONS: readonly Permission[] = [
  { name: 'EL1 read and write', block: KERNEL, faults: ['', 'rw'] },
  { name: 'EL1 read', block: KERNEL | Attr.readOnly, faults: ['w', 'rw'] },
  { name: 'both read and write', block: SHARED_DATA, faults: ['x', ''] },
  { name: 'both read', block: SHARED_CODE, faults: ['w', 'w'] },
  { name: 'PXN', block: SHARED_CODE | Attr.pxn, faults: ['wx', 'w'] },
  { name: 'UXN', block: SHARED_CODE | Attr.uxn, faults: ['w', 'wx'] },
  { name: 'both never executable', block: KERNEL | Attr.uxn | Attr.pxn, faults: ['x', 'rwx'] },
  { name: 'WXN, writable', block: KERNEL, wxn: true, faults: ['x', 'rw'] },
  { name: 'WXN, writable by both', block: SHARED_DATA, wxn: true, faults: ['x', 'x'] },
  { name: 'WXN, read only', block: SHARED_CODE, wxn: true, faults: ['w', 'w'] },
  { name: 'APTable: no EL0', block: SHARED_DATA, table: Attr.noUserTable, faults: ['', 'rw'] },
  { name: 'APTable: read only', block: SHARED_DATA, table: Attr.readOnlyTable, faults: ['w', 'w'] },
  {
    name: 'APTable: read only and no EL0',
    block: SHARED_DATA,
    table: Attr.readOnlyTable | Attr.noUserTable,
    faults: ['w', 'rw'],
  },
  { name: 'PXNTable', block: SHARED_CODE, table: Attr.pxnTable, faults: ['wx', 'w'] },
  { name: 'UXNTable', block: SHARED_CODE, table: Attr.uxnTable, faults: ['w', 'wx'] },
];

const LETTERS: Readonly<Record<string, Kind>> = { r: 'read', w: 'write', x: 'execute' };
const listed = (el: number, letters: string): (readonly [number, Kind])[] =>
  [...letters].map((letter) => [el, LETTERS[letter] as Kind] as const);

describe.each([1, 2, 3])('permissions of level %i descriptors', (level) => {
  it.each(PERMISSIONS)('$name', async ({ block, table = 0n, wxn, faults }) => {
    const program = wxn
      ? PROGRAM.replace('ldr x1,', `mrs x9, sctlr_el1\n orr x9, x9, #0x80000\n msr sctlr_el1, x9\n isb\n ldr x1,`)
      : PROGRAM;
    const machine = await faultsOf((tables, m) => {
      const span = tables.span(level);
      const physical = Math.floor(DATA / span) * span;
      tables.map(VA & ~BigInt(span - 1), physical, level, block, table);
      const target = physical + (Number(VA) % span);
      // The executed page holds a return; the written value is the same again.
      m.write64(target, RET | (RET << 32n));
      m.vcpus[0]?.state.setX(3, RET | (RET << 32n));
    }, program);
    expect(machine.exceptions).toEqual(
      expected(machine, 0x0c | level, [...listed(1, faults[0]), ...listed(0, faults[1])]),
    );
  });
});

describe('unprivileged accesses of EL1', () => {
  it('have the permissions of EL0', async () => {
    const machine = await faultsOf(
      (tables) => tables.map(VA & ~0xfffn, DATA, 3, KERNEL),
      `
      ${mmuOn(CONTROL)}
      ldr x1, =${VA}
      ldr x2, [x1]
      ldtr x2, [x1]
      sttr x2, [x1]
      ${log(1)}`,
    );
    expect(machine.exceptions.map((taken) => [taken.esr, taken.far])).toEqual([
      [esr(0x25, 0x0f), VA],
      [esr(0x25, 0x4f), VA],
    ]);
  });
});

describe('what both reads and writes', () => {
  const program = (instruction: string): string => `${mmuOn(CONTROL)} ldr x1, =${VA}\n ${instruction}`;

  it.each(['ldadd x2, x3, [x1]', 'cas x2, x3, [x1]'])(
    'reports a read that would fault as one: %s',
    async (instruction) => {
      const machine = await faultsOf(() => undefined, program(instruction));
      expect(machine.exceptions.map(({ esr: e, far }) => [e, far])).toEqual([[esr(0x25, 0x04), VA]]);
    },
  );

  it.each(['ldadd x2, x3, [x1]', 'cas x2, x3, [x1]'])(
    'reports a write where a read would pass: %s',
    async (instruction) => {
      const machine = await faultsOf(
        (tables) => tables.map(VA & ~0xfffn, DATA, 3, SHARED_DATA | Attr.readOnly),
        program(instruction),
      );
      expect(machine.exceptions.map(({ esr: e, far }) => [e, far])).toEqual([[esr(0x25, 0x4f), VA]]);
    },
  );
});
