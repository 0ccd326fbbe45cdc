import { CODE, DATA, MachineHarness, RAM_BYTES, TABLES, goToEl0, log } from './machine-harness.test.helper.js';
import { PageTables, SHARED_CODE, SHARED_DATA, mapCode, mmuOn, tcr } from './page-tables.test.helper.js';

const NOWHERE = 0x1000_0000;
const vectorsAt = (address: number): string => `ldr x0, =${address}\n msr vbar_el1, x0\n isb\n`;

/** A trap, with vectors that consist of one instruction. */
const vectorCode = (instruction: string): string =>
  `b 1f\n .balign 2048\n own: ${Array.from({ length: 16 }, () => `.balign 128\n ${instruction}\n`).join('')} 1: adr x0, own\n msr vbar_el1, x0\n ${instruction}`;
const ROM = 0x2000_0000;

/** Whether a run returns with its instructions used up and without an end of the VM. */
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
    ['trap in their vectors', vectorCode('svc #1')],
    ['break in their vectors', vectorCode('brk #1')],
  ])('that %s are ended with a reason', async (_, program) => {
    const machine = await MachineHarness.run(program);
    expect(machine.exit).toEqual(
      expect.objectContaining({ exitCode: 5, reason: expect.stringContaining('faults forever') as string }),
    );
  });

  it.each([
    [
      'mrs x3, s3_4_c1_c1_0',
      'It began at 0x40000f94, EL1: mrs x3, s3_4_c1_c1_0 (.inst 0xd53c1103) is undefined: HCR_EL2 belongs to EL2, which is not offered; guests start at EL1. Now, at 0x10000200, EL1: no instruction can be fetched: nothing is at guest-physical 0x10000200.',
    ],
    [
      'msr s3_6_c1_c1_0, x0',
      'It began at 0x40000f94, EL1: msr s3_6_c1_c1_0, x0 (.inst 0xd51e1100) is undefined: SCR_EL3 belongs to EL3, which is not offered; guests start at EL1.',
    ],
    [
      'tlbi alle2',
      'It began at 0x40000f94, EL1: tlbi alle2 (.inst 0xd50c871f) is undefined: it belongs to EL2, which is not offered; guests start at EL1.',
    ],
    [
      `ldr x1, =${NOWHERE + 8}\n ldr x2, [x1]`,
      'It began at 0x40000f98, EL1: ldr x2, [x1] (.inst 0xf9400022) reads 0x10000008: nothing is at guest-physical 0x10000008.',
    ],
    [
      `ldr x1, =${ROM + 8}\n strb w2, [x1]`,
      'It began at 0x40000f98, EL1: strb w2, [x1] (.inst 0x39000022) writes 0x20000008: guest-physical 0x20000008 is ROM (firmware).',
    ],
    [`ldr x1, =${DATA + 1}\n br x1`, 'It began at 0x40600001, EL1: the program counter is not a multiple of 4.'],
    [
      `${vectorsAt(0x0800_0000)} svc #1`,
      'It began at 0x40000fa0, EL1: svc #0x1 (.inst 0xd4000021) is taken. Now, at 0x8000200, EL1: no instruction can be fetched: guest-physical 0x8000200 belongs to gic-0/distributor, which refuses.',
    ],
  ])('%s: the reason tells how it began', async (program, reason) => {
    const machine = await MachineHarness.run(`${vectorsAt(NOWHERE)} ${program}`, {
      memory: [{ kind: 'rom', name: 'firmware', base: ROM, size: 0x1000 }],
    });
    expect(machine.exit?.reason).toContain(reason);
  });

  it('one vCPU that faults forever is reported, and the others go on', async () => {
    const messages: string[] = [];
    const machine = await MachineHarness.boot(
      `ldr x0, =0xc4000003\n mov x1, #1\n adr x2, lost\n mov x3, #0\n hvc #0\n ${log(0)}
      mov x5, #20000\n 1: subs x5, x5, #1\n b.ne 1b\n ldr x6, =0x1234\n ${log(6)} b 2f
      lost: ${vectorsAt(NOWHERE)} .word 0\n 2: nop`,
      { vcpus: 2, log: (level, message) => void messages.push(`${level}: ${message}`) },
    );
    machine.run().expectEnd();
    expect(machine.log).toEqual([0n, 0x1234n]);
    const lost = messages.filter((message) => message.includes('faults forever'));
    expect(lost).toEqual([expect.stringMatching(/^warn: test: vCPU 1 faults forever\. It began at 0x4.*undefined/)]);
    const { vcpus } = machine.vm.stats().engine as { vcpus: { faults: Record<string, unknown> }[] };
    expect(vcpus[0]?.faults).toEqual({ taken: 0, repeated: 0, endless: false, last: null });
    expect(vcpus[1]?.faults).toMatchObject({ endless: true });
    // A vCPU that only takes exceptions uses little of the host's time: one exception in each turn.
    expect(vcpus[1]?.faults['taken']).toBeLessThan(1100);
  });

  it('the VM ends when all vCPUs that are on fault forever', async () => {
    const machine = await MachineHarness.run(
      `ldr x0, =0xc4000003\n mov x1, #1\n adr x2, lost\n mov x3, #0\n hvc #0\n
      mov x5, #20000\n 1: subs x5, x5, #1\n b.ne 1b\n lost: ${vectorsAt(NOWHERE)} .word 0`,
      { vcpus: 3 },
    );
    expect(machine.exit).toMatchObject({ exitCode: 5 });
    expect(machine.exit?.reason).toContain('faults forever');
  });

  it('a vCPU that another one helps goes on', async () => {
    const machine = await MachineHarness.run(
      `ldr x0, =0xc4000003\n mov x1, #1\n adr x2, lost\n mov x3, #0\n hvc #0\n
      mov x5, #20000\n 1: subs x5, x5, #1\n b.ne 1b
      adr x1, good\n ldr w2, [x1]\n ldr x3, =${DATA + 0x200}\n str w2, [x3]\n dc cvau, x3\n ic ivau, x3\n
      ldr x1, =${DATA + 0x1000}\n 2: ldr x2, [x1]\n cbz x2, 2b\n ${log(2)} b 3f
      good: b saved - ${DATA + 0x200} + good\n
      lost: ${vectorsAt(DATA)} ldr x1, =${DATA + 0x1000}\n .word 0
      saved: mov x2, #7\n str x2, [x1]\n b .\n 3: nop`,
      { vcpus: 2 },
    );
    machine.expectEnd();
    expect(machine.log).toEqual([7n]);
  });

  it('statistics tell the last fault and how often it came', async () => {
    const machine = await MachineHarness.boot(
      `mov x1, #3\n 1: .word 0\n sub x1, x1, #1\n cbnz x1, 1b\n 2: brk #7\n b 2b`,
    );
    machine.onException = ({ esr, elr }) => {
      // Acts as a handler that returns to the faulting instruction.
      if (esr >>> 26 === 0x3c) machine.vcpus[0]?.state.setU64(machine.offset('ELR_EL1'), elr);
    };
    machine.run(30_000);
    const { vcpus } = machine.vm.stats().engine as { vcpus: { faults: Record<string, unknown> }[] };
    const faults = vcpus[0]?.faults as { taken: number; repeated: number };
    expect(faults).toMatchObject({
      endless: false,
      last: {
        exception: 'BRK',
        level: 1,
        syndrome: '0xf2000007',
        text: expect.stringMatching(/EL1: brk #0x7 .* is taken$/) as string,
      },
    });
    expect(faults.repeated).toBeGreaterThan(1000);
    expect(faults.taken).toBe(faults.repeated + 3);
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
    ['return from exceptions to itself', 'adr x1, .\n msr elr_el1, x1\n eret'],
    ['yield', '1: yield\n b 1b'],
    ['wait for events', '1: wfe\n b 1b'],
    ['read a device', '1: ldr w2, [x3]\n b 1b'],
    ['maintain its TLB', '1: tlbi vmalle1is\n dsb ish\n isb\n b 1b'],
    ['rewrite itself', '1: adr x1, .\n ldr w2, [x1]\n str w2, [x1]\n b 1b'],
  ])('a guest that does nothing but %s leaves its host in control', async (_, program) => {
    const machine = await MachineHarness.boot(`ldr x3, =0x08000000\n ${program}`);
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
    // Address 0 has no level 1 table entry; the other address is outside of both halves.
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
