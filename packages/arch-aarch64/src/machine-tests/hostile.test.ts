import { CODE, DATA, MachineHarness, RAM_BYTES, TABLES, goToEl0 } from './machine-harness.test.helper.js';
import { PageTables, SHARED_CODE, SHARED_DATA, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

const NOWHERE = 0x1000_0000;
const vectorsAt = (address: number): string => `ldr x0, =${address}\n msr vbar_el1, x0\n isb\n`;

/** Whether a run comes back without an end, its instructions used up. */
function expectBusy(machine: MachineHarness, limit: number): void {
  expect(machine.exit).toBeUndefined();
  expect(machine.vm.instructions).toBeGreaterThanOrEqual(limit);
  expect(machine.vm.instructions).toBeLessThan(limit + 200_000);
}

describe('hostile guests', () => {
  it.each([
    ['jump to nowhere', `${vectorsAt(NOWHERE)} ldr x1, =${NOWHERE}\n br x1`],
    ['trap with vectors nowhere', `${vectorsAt(NOWHERE)} svc #1`],
    ['have vectors beyond the physical addresses', `${vectorsAt(0x7fff_ffff_f000)} .word 0`],
    ['fault in their vectors by an undefined instruction', `${vectorsAt(DATA)} .word 0`],
    ['fault at EL0 with such vectors', `${vectorsAt(DATA)} ${goToEl0()} .word 0`],
    ['have vectors in a device', `${vectorsAt(0x0800_0000)} svc #1`],
  ])('that %s are ended with a reason', async (_, program) => {
    const machine = await MachineHarness.run(program);
    expect(machine.exit).toEqual(
      expect.objectContaining({ exitCode: 5, reason: expect.stringContaining('faults forever') as string }),
    );
  });

  it.each([
    ['load', `ldr x2, [x1]`],
    ['store', `str x2, [x1]`],
    ['cross pages', 'ldr x2, [x3]'],
    ['use a misaligned stack pointer', 'ldr x2, [sp]'],
    ['use FP that is off', '.word 0x1e622820'],
  ])('whose vectors fault as they %s do not hang', async (_, instruction) => {
    const machine = await MachineHarness.boot(
      `${vectorsAt(DATA)} mrs x0, sctlr_el1\n orr x0, x0, #8\n msr sctlr_el1, x0\n mov x0, #4\n mov sp, x0\n ldr x1, =${NOWHERE}\n ldr x3, =${NOWHERE + 0xffc}\n svc #1`,
    );
    for (let at = 0; at < 16; at++) machine.place(DATA + at * 0x80, instruction);
    machine.run(200_000);
    if (machine.exit === undefined) expectBusy(machine, 200_000);
    else expect(machine.exit.exitCode).toBe(5);
  });

  it.each([
    ['branch to itself', 'b .'],
    ['call itself', 'bl .'],
    ['trap in its vector', `${vectorsAt(DATA)} svc #1`],
    ['break in its vector', `${vectorsAt(DATA + 0x1000)} brk #1`],
    ['return from exceptions to itself', 'adr x1, .\n msr elr_el1, x1\n eret'],
    ['yield', '1: yield\n b 1b'],
    ['wait for events', '1: wfe\n b 1b'],
    ['read a device', '1: ldr w2, [x3]\n b 1b'],
    ['maintain its TLB', '1: tlbi vmalle1is\n dsb ish\n isb\n b 1b'],
    ['rewrite itself', '1: adr x1, .\n ldr w2, [x1]\n str w2, [x1]\n b 1b'],
  ])('a guest that does nothing but %s leaves its host in control', async (_, program) => {
    const machine = await MachineHarness.boot(`ldr x3, =0x08000000\n ${program}`);
    for (let at = 0; at < 16; at++) {
      machine.place(DATA + at * 0x80, 'svc #1');
      machine.place(DATA + 0x1000 + at * 0x80, 'brk #1');
    }
    machine.run(30_000);
    expectBusy(machine, 30_000);
  });

  it('code that runs off the end of RAM', async () => {
    const end = CODE + RAM_BYTES;
    const machine = await MachineHarness.boot(`adr x30, back\n ldr x1, =${end - 8}\n br x1\n back: nop`);
    machine.place(end - 8, 'nop\n nop');
    machine.run().expectEnd();
    expect(machine.exceptions.map(({ esr, far }) => [esr >>> 26, esr & 0x3f, far])).toEqual([
      [0x21, 0x10, BigInt(end)],
    ]);
  });

  it('accesses that cross the ends of the halves of the address space', async () => {
    const machine =
      await MachineHarness.boot(`${mmuOn({ ttbr0: BigInt(TABLES), ttbr1: BigInt(TABLES + 0x10_0000), tcr: tcr() })}
      mov x1, #-4\n ldr w2, [x1]\n ldr x2, [x1]\n str x2, [x1]\n mov x1, #0x0000ffffffffffff\n ldrb w2, [x1]\n ldrh w2, [x1]`);
    const tables = new PageTables(machine);
    mapCode(tables, 12, SHARED_CODE);
    tables.map(0xffff_ffff_f000n, DATA + 0x1000, 3, SHARED_CODE);
    new PageTables(machine, 12, 48, TABLES + 0x10_0000).map(0xffff_ffff_ffff_f000n, DATA, 3, SHARED_DATA);
    machine.run().expectEnd();
    // Address 0 has no level 1 table entry; the other end is no address at all.
    expect(machine.exceptions.map(({ esr, far }) => [esr & 0x3f, far])).toEqual([
      [0x05, 0n],
      [0x05, 0n],
      [0x04, 0x1_0000_0000_0000n],
    ]);
  });

  it('translation tables that contain themselves', async () => {
    const machine = await MachineHarness.boot(
      `${mmuOn({ ttbr0: BigInt(TABLES), tcr: tcr({ epd1: true }) })} ldr x1, =0x807fdfeff000\n ldr x2, [x1]\n mov x1, #0x0000ff8000000000\n ldr x2, [x1]\n`,
    );
    const tables = new PageTables(machine);
    mapCode(tables);
    machine.write64(TABLES + 0xff8, BigInt(TABLES) | 0x403n);
    machine.write64(TABLES + 0x800, BigInt(TABLES) | 0x403n);
    machine.run(10_000).expectEnd();
  });

  it('translation tables at the very end of RAM and in devices', async () => {
    const machine = await MachineHarness.boot(
      `${mmuOn({ ttbr0: BigInt(TABLES), ttbr1: 0x0800_0000n, tcr: tcr() })} mov x1, #-8\n ldr x2, [x1]\n`,
    );
    mapCode(new PageTables(machine));
    machine.run(10_000).expectEnd();
    expect(machine.exceptions.map(({ esr }) => esr & 0x3f)).toEqual([0x14]);
  });
});
