import { BACK_TO_EL1, CODE, DATA, MachineHarness, TABLES, esr, goToEl0, log } from './machine-harness.test.helper.js';
import { DEBUG_PORT } from './debug-port.test.helper.js';
import {
  Attr,
  PageTables,
  SCTLR_MMU,
  SHARED_CODE,
  SHARED_DATA,
  mapCode,
  mmuOn,
  tcr,
} from './page-tables.test.helper.js';

const VA = 0x80_8060_3000n;
const CONTROL = { ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) };
const ON = mmuOn(CONTROL);
const ALIGNMENT = 0x21;
/** Leaves a page unmapped. */
const NOTHING = 0n;

/** Two pages at {@link VA}: the first at DATA, the second at DATA + 64 KiB with attributes of its own. */
async function boot(source: string, second = SHARED_DATA, first = SHARED_DATA): Promise<MachineHarness> {
  const machine = await MachineHarness.boot(source, { symbols: { VA } });
  const tables = new PageTables(machine);
  mapCode(tables, 12, SHARED_CODE);
  tables.map(VA, DATA, 3, first);
  if (second !== NOTHING) tables.map(VA + 0x1000n, DATA + 0x1_0000, 3, second);
  for (let at = 0; at < 32; at += 8) {
    machine.write64(DATA + 0xfe0 + at, 0x1716_1514_1312_1110n + BigInt(at / 8) * 0x2020_2020_2020_2020n);
    machine.write64(DATA + 0x1_0000 + at, 0xf7f6_f5f4_f3f2_f1f0n - BigInt(at));
  }
  return machine.run().expectEnd();
}

const summary = (machine: MachineHarness): unknown => machine.exceptions.map(({ esr: e, far }) => [e, far]);

describe('unaligned accesses', () => {
  it('to normal memory work inside a page and across pages', async () => {
    const machine =
      await boot(`${ON} ldr x1, =VA + 0xffb\n ldr x2, [x1]\n ${log(2)} ldr x3, =0x1122334455667788\n str x3, [x1]\n
      ldr x1, =VA + 0xfe9\n ldr x2, [x1]\n ${log(2)} ldr x1, =VA + 0xff6\n ldp x2, x3, [x1]\n ${log(2)} ${log(3)}
      ldr x1, =VA + 0xffe\n mov w2, #0x99\n mov w3, #0xaa\n stp w2, w3, [x1]`);
    expect(machine.exceptions).toEqual([]);
    expect(machine.log).toEqual([
      0xf2f1_f077_7675_7473n,
      0x5037_3635_3433_3231n,
      0x6677_8872_7170_5756n,
      0xf5f4_f311_2233_4455n,
    ]);
    expect(machine.read64(DATA + 0xff8)).toBe(0x0099_6677_8872_7170n);
    expect(machine.read64(DATA + 0x1_0000)).toBe(0xf7f6_0000_00aa_0000n);
  });

  it.each([1, 2, 3, 4, 5, 6, 7])(
    'eight bytes of which %i are on the first page: a fault in the second reports that page and has no effect',
    async (bytes) => {
      const at = VA + 0x1000n - BigInt(bytes);
      const machine = await boot(
        `${ON} ldr x1, =${at}\n mov x2, #-1\n str x2, [x1], #16\n ${log(1)}\n ldr x1, [x1]\n ${log(1)}`,
        NOTHING,
      );
      expect(summary(machine)).toEqual([
        [esr(0x25, 0x47), VA + 0x1000n],
        [esr(0x25, 0x07), VA + 0x1000n],
      ]);
      expect(machine.log).toEqual([at, at]);
      expect(machine.read64(DATA + 0xff8)).toBe(0x7776_7574_7372_7170n);
    },
  );

  it('a store to a second page that is read only changes nothing on the first', async () => {
    const machine = await boot(
      `${ON} ldr x1, =VA + 0xffc\n mov x2, #-1\n str x2, [x1]\n stp x2, x2, [x1, #-8]!\n ${log(1)}`,
      SHARED_CODE,
    );
    expect(summary(machine)).toEqual([
      [esr(0x25, 0x4f), VA + 0x1000n],
      [esr(0x25, 0x4f), VA + 0x1000n],
    ]);
    expect(machine.log).toEqual([VA + 0xffcn]);
    expect([machine.read64(DATA + 0xff0), machine.read64(DATA + 0xff8)]).toEqual([
      0x5756_5554_5352_5150n,
      0x7776_7574_7372_7170n,
    ]);
  });

  it('a load pair across pages with a fault in the second loads neither', async () => {
    const machine = await boot(
      `${ON} ldr x1, =VA + 0xff8\n mov x2, #1\n mov x3, #2\n ldp x2, x3, [x1]\n ${log(2)} ${log(3)}`,
      NOTHING,
    );
    expect(summary(machine)).toEqual([[esr(0x25, 0x07), VA + 0x1000n]]);
    expect(machine.log).toEqual([1n, 2n]);
  });

  it('a fault in the first page reports the address of the access', async () => {
    const machine = await boot(`${ON} ldr x1, =VA - 3\n ldr x2, [x1]`);
    expect(summary(machine)).toEqual([[esr(0x25, 0x07), VA - 3n]]);
  });

  it.each([
    ['ldrh w2, [x1, #1]', 1n, 0],
    ['ldr w2, [x1, #2]', 2n, 0],
    ['ldr x2, [x1, #4]', 4n, 0],
    ['str x2, [x1, #4]', 4n, 0x40],
    ['ldp w2, w3, [x1, #4]', undefined, 0],
    ['ldp x2, x3, [x5]', 4n, 0],
    ['ldrb w2, [x1, #1]', undefined, 0],
  ] as const)('SCTLR_EL1.A: %s', async (instruction, offset, write) => {
    const machine = await boot(
      `${mmuOn({ ...CONTROL, sctlr: SCTLR_MMU | 2n })} ldr x1, =VA\n add x5, x1, #4\n ${instruction}`,
    );
    expect(summary(machine)).toEqual(offset === undefined ? [] : [[esr(0x25, ALIGNMENT | write), VA + offset]]);
  });

  it('SCTLR_EL1.A has its fault before those of translation', async () => {
    const machine = await boot(`${mmuOn({ ...CONTROL, sctlr: SCTLR_MMU | 2n })} mov x1, #0x1000\n ldr x2, [x1, #1]`);
    expect(summary(machine)).toEqual([[esr(0x25, ALIGNMENT), 0x1001n]]);
  });

  it('Device memory wants alignment, after translation and permissions', async () => {
    const device = Attr.device | Attr.accessed;
    const machine = await boot(
      `${ON} ldr x1, =VA\n ldr x2, [x1, #1]\n ldr x2, [x1]\n str w2, [x1, #2]\n ${goToEl0()} ldr x2, [x1, #1]\n ${BACK_TO_EL1}`,
      SHARED_DATA,
      device,
    );
    expect(summary(machine)).toEqual([
      [esr(0x25, ALIGNMENT), VA + 1n],
      [esr(0x25, ALIGNMENT | 0x40), VA + 2n],
      [esr(0x24, 0x0f), VA + 1n],
    ]);
  });

  it('with the MMU off all memory is Device memory', async () => {
    const machine = await MachineHarness.run(`ldr x1, =${DATA}\n ldr x2, [x1, #1]\n ldr x2, [x1]\n str w2, [x1, #2]`);
    expect(summary(machine)).toEqual([
      [esr(0x25, ALIGNMENT), BigInt(DATA + 1)],
      [esr(0x25, ALIGNMENT | 0x40), BigInt(DATA + 2)],
    ]);
  });

  it.each([
    'ldxr x2, [x1]',
    'ldaxr w2, [x6]',
    'ldxrh w2, [x5]',
    'ldar x2, [x1]',
    'stlr w2, [x6]',
    'ldxp x2, x3, [x7]',
    'ldxp w2, w3, [x1]',
    'ldadd x2, x3, [x1]',
    'cas w2, w3, [x6]',
    'casp x2, x3, x4, x5, [x7]',
    'swp x2, x3, [x1]',
  ])('%s must be aligned whatever SCTLR_EL1.A says', async (instruction) => {
    const bases: Record<string, bigint> = { x1: VA + 4n, x5: VA + 1n, x6: VA + 2n, x7: VA + 8n };
    const machine = await boot(
      `${ON} ldr x1, =VA + 4\n ldr x6, =VA + 2\n ldr x7, =VA + 8\n ldr x5, =VA + 1\n ${instruction}`,
    );
    // An atomic reports what its read would (TranslateAddressForAtomicAccess, Arm ARM J1.1).
    const write = instruction.startsWith('stlr');
    const base = /\[(x\d)\]/.exec(instruction)?.[1] ?? '';
    expect(summary(machine)).toEqual([[esr(0x25, ALIGNMENT | (write ? 0x40 : 0)), bases[base]]]);
  });

  it('DC ZVA clears a block of normal memory and faults on Device memory', async () => {
    const machine = await boot(
      `${ON} ldr x1, =VA + 0xff3\n dc zva, x1\n ldr x1, =VA + 0x1008\n dc zva, x1`,
      Attr.device | Attr.accessed,
    );
    expect(machine.read64(DATA + 0xff8)).toBe(0n);
    expect(machine.exceptions.map(({ esr: e }) => e)).toEqual([esr(0x25, ALIGNMENT | 0x40)]);
    expect(machine.read64(DATA + 0x1_0000)).not.toBe(0n);
  });
});

describe('stack pointer and program counter', () => {
  it('a misaligned SP as base faults where SCTLR_EL1.SA and SA0 say so', async () => {
    const machine =
      await boot(`${ON} ldr x1, =VA + 0x108\n mov sp, x1\n ldr x2, [sp]\n at1: str x2, [sp, #8]!\n mov x3, sp\n ${log(3)} msr sp_el0, x1\n ${goToEl0()} at0: ldr x2, [sp]\n ${BACK_TO_EL1}
      mrs x0, sctlr_el1\n and x0, x0, #~0x18\n msr sctlr_el1, x0\n isb\n ldr x2, [sp]\n ${goToEl0()} ldr x2, [sp]\n ${BACK_TO_EL1}`);
    expect(machine.exceptions.map(({ esr: e, vector, elr }) => [e, vector, elr])).toEqual([
      [esr(0x26, 0), 0x200, machine.label('at1') - 4n],
      [esr(0x26, 0), 0x200, machine.label('at1')],
      [esr(0x26, 0), 0x400, machine.label('at0')],
    ]);
    expect(machine.log).toEqual([VA + 0x108n]);
  });

  it('a misaligned PC faults at the target', async () => {
    const machine = await boot(
      `${ON} ldr x1, =${CODE + 2}\n blr x1\n ${goToEl0()} ldr x1, =0x1001\n blr x1\n ${BACK_TO_EL1}`,
    );
    expect(machine.exceptions.map(({ esr: e, far, elr, vector }) => [e, far, elr, vector])).toEqual([
      [esr(0x22, 0), BigInt(CODE + 2), BigInt(CODE + 2), 0x200],
      [esr(0x22, 0), 0x1001n, 0x1001n, 0x400],
    ]);
  });
});

describe('devices', () => {
  it('take accesses of 1, 2, 4 and 8 bytes, and pairs', async () => {
    const machine =
      await MachineHarness.run(`ldr x1, =${DEBUG_PORT}\n ldrb w2, [x1]\n ${log(2)} ldrh w2, [x1]\n ${log(2)} ldr w2, [x1]\n ${log(2)} ldr x2, [x1, #0x20]\n ${log(2)}
      mov x3, #0x55\n str w3, [x1]\n strb w3, [x1]`);
    machine.expectEnd();
    expect(machine.log.map((v) => v.toString(16))).toEqual(['21', '4321', '87654321', '8765432187654321']);
    expect(machine.port).toEqual([0x55, 0x55]);
  });

  it('end the VM with their exit code', async () => {
    const machine = await MachineHarness.run(`ldr x1, =${DEBUG_PORT + 8}\n mov w2, #33\n str w2, [x1]\n b .`);
    expect(machine.exit).toEqual(expect.objectContaining({ exitCode: 33 }));
  });

  it('are not executed', async () => {
    const machine = await MachineHarness.run(`ldr x1, =${DEBUG_PORT}\n blr x1`);
    expect(machine.exceptions).toEqual([expect.objectContaining({ esr: esr(0x21, 0x10), far: BigInt(DEBUG_PORT) })]);
  });
});
