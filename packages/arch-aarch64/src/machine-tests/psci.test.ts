import { DATA, MachineHarness, goToEl0, log } from './machine-harness.test.helper.js';

const SUCCESS = 0n;
const NOT_SUPPORTED = 0xffff_ffff_ffff_ffffn;
const INVALID_PARAMETERS = NOT_SUPPORTED - 1n;
const ALREADY_ON = NOT_SUPPORTED - 3n;
const INVALID_ADDRESS = NOT_SUPPORTED - 8n;

/** A call; its result is logged. */
function call(id: number, args: readonly (number | string)[] = [], conduit = 'hvc'): string {
  const set = args
    .map((value, n) => (typeof value === 'string' ? `adr x${n + 1}, ${value}\n` : `ldr x${n + 1}, =${value}\n`))
    .join('');
  return `${set} ldr x0, =${id}\n ${conduit} #0\n ${log(0)}`;
}

/** A call whose arguments are numbers of 64 bits. */
const junkCall = (id: number, args: readonly string[]): string =>
  `${args.map((value, n) => `ldr x${n + 1}, =${value}\n`).join('')} ldr x0, =${id}\n hvc #0\n ${log(0)}`;

const VERSION = 0x8400_0000;
const CPU_ON = 0xc400_0003;
const AFFINITY_INFO = 0xc400_0004;
const CPU_OFF = 0x8400_0002;
const FEATURES = 0x8400_000a;

describe('PSCI and SMCCC', () => {
  it('say what they are, by HVC and SMC', async () => {
    const machine = await MachineHarness.run(
      call(VERSION) +
        call(VERSION, [], 'smc') +
        call(0x8000_0000) +
        call(0x8000_0001, [0x8000_0001]) +
        call(0x8000_0001, [0x8000_8000]) +
        call(0x8400_0006),
    );
    machine.expectEnd();
    expect(machine.log).toEqual([0x1_0001n, 0x1_0001n, 0x1_0001n, SUCCESS, NOT_SUPPORTED, 2n]);
  });

  it('know their functions', async () => {
    const known = [
      0x8400_0001,
      0xc400_0001,
      CPU_OFF,
      0x8400_0003,
      CPU_ON,
      0x8400_0004,
      AFFINITY_INFO,
      0x8400_0008,
      0x8400_0009,
      FEATURES,
      0x8000_0000,
    ];
    const unknown = [0x8400_0005, 0x8400_0100, 0xc400_0008, 0x0000_0000, 0xc500_0000];
    const machine = await MachineHarness.run(
      [...known, ...unknown].map((id) => call(FEATURES, [id])).join('') + unknown.map((id) => call(id)).join(''),
    );
    machine.expectEnd();
    expect(machine.log).toEqual([
      ...known.map(() => SUCCESS),
      ...unknown.map(() => NOT_SUPPORTED),
      ...unknown.map(() => NOT_SUPPORTED),
    ]);
  });

  it.each([2, 3, 4])('turn %i vCPUs on and off', async (vcpus) => {
    const others = Array.from({ length: vcpus - 1 }, (_, n) => n + 1);
    const machine = await MachineHarness.run(
      `
      mov x19, #5
      ${others.map((n) => call(AFFINITY_INFO, [n, 0]) + call(CPU_ON, [n, 'second', 0x100 + n])).join('')}
      ldr x1, =${DATA}
      1: ldr x2, [x1]
      cmp x2, #${vcpus - 1}
      b.ne 1b
      ${others.map((n) => call(AFFINITY_INFO, [n, 0]) + call(CPU_ON, [n, 'second', 0])).join('')}
      ldr x1, =${DATA}
      mov x2, #1
      str x2, [x1, #0x100]
      ${others.map((n) => `2: mov x1, #${n}\n mov x2, #0\n ldr x0, =${AFFINITY_INFO}\n hvc #0\n cmp x0, #1\n b.ne 2b\n`).join('')}
      ldr x9, =${DATA}
      str xzr, [x9]
      str xzr, [x9, #0x100]
      ${call(CPU_ON, [1, 'second', 0x200])}
      3: ldr x2, [x9]
      cbz x2, 3b
      b finished
      second: mrs x5, mpidr_el1
      and x5, x5, #0xff
      ldr x1, =${DATA}
      mrs x6, currentel
      mrs x7, daif
      mrs x8, spsel
      mrs x10, sctlr_el1
      and x10, x10, #1
      add x11, x1, x5, lsl #6
      add x11, x11, #0x200
      str x0, [x11]
      stp x6, x7, [x11, #8]
      stp x8, x10, [x11, #0x18]
      str x19, [x11, #0x28]
      mov x2, #1
      ldadd x2, x3, [x1]
      4: ldr x2, [x1, #0x100]
      cbz x2, 4b
      ldr x0, =${CPU_OFF}
      hvc #0
      b .
      finished: nop`,
      { vcpus },
    );
    machine.expectEnd();
    const expected = [...others.flatMap(() => [1n, SUCCESS]), ...others.flatMap(() => [0n, ALREADY_ON]), SUCCESS];
    expect(machine.log).toEqual(expected);
    for (const n of others) {
      const at = DATA + n * 64;
      expect([0x200, 0x208, 0x210, 0x218, 0x220, 0x228].map((offset) => machine.read64(at + offset))).toEqual([
        n === 1 ? 0x200n : BigInt(0x100 + n),
        4n,
        0x3c0n,
        1n,
        0n,
        0n,
      ]);
    }
  });

  it('read only the low words of 32-bit calls, and of what is 32 bits in the others', async () => {
    const junk = (low: number): string => `0x${(0xa5a5_a5a5_0000_0000n + BigInt(low)).toString(16)}`;
    const jump = `ldr x1, =${junk(1)}\n adr x2, second\n ldr x3, =0xa5a5a5a500000000\n orr x2, x2, x3\n ldr x3, =${junk(7)}\n`;
    const machine = await MachineHarness.run(
      `${junkCall(0x8400_0004, [junk(1), junk(0)])} ${junkCall(AFFINITY_INFO, ['1', junk(0)])}
      ${junkCall(FEATURES, [junk(AFFINITY_INFO)])} ${junkCall(AFFINITY_INFO, [junk(1), '0'])}
      ${jump} ldr x0, =0x84000003\n hvc #0\n ${log(0)} ldr x1, =${DATA}\n 1: ldr x2, [x1]\n cbz x2, 1b\n ${log(2)} b 2f
      second: ldr x1, =${DATA}\n str x0, [x1]\n b .\n 2: nop`,
      { vcpus: 2 },
    );
    machine.expectEnd();
    expect(machine.log).toEqual([1n, 1n, SUCCESS, INVALID_PARAMETERS, SUCCESS, 7n]);
  });

  it('look at all arguments', async () => {
    const refused = [
      ...[0x2_0000, 0x100_0000, 0x8000_0000].flatMap((state) => [
        call(0xc400_0001, [state]),
        call(0x8400_0001, [state]),
      ]),
      ...[1, 5, 0x7fff_ffff, 0x8000_0000, 0x8000_0001].flatMap((type) => [
        call(0x8400_0012, [type, 0]),
        call(0xc400_0012, [type, 0]),
      ]),
      call(AFFINITY_INFO, [1, 1]),
    ];
    const machine = await MachineHarness.run(refused.join(''), { vcpus: 2 });
    machine.expectEnd();
    expect(machine.log).toEqual(refused.map(() => INVALID_PARAMETERS));
  });

  it('SYSTEM_RESET2 resets for the one architectural type', async () => {
    const reset = await MachineHarness.run(`${call(0xc400_0012, [0, 5])} hvc #0x101`);
    expect(reset.exit).toEqual(expect.objectContaining({ exitCode: 0 }));
    expect(reset.log).toEqual([]);
  });

  it('turn no vCPU on where no instruction can be fetched', async () => {
    const entries = ['somewhere + 1', 'somewhere + 2', 0x0800_0000, 0x70_0000_0000, '0x4040000040200000'];
    const machine = await MachineHarness.run(
      entries
        .map((entry) => `ldr x2, =${entry}\n mov x1, #1\n mov x3, #0\n ldr x0, =${CPU_ON}\n hvc #0\n ${log(0)}`)
        .join('') + `${call(AFFINITY_INFO, [1, 0])} somewhere: nop\n`,
      { vcpus: 2 },
    );
    machine.expectEnd();
    expect(machine.log).toEqual([...entries.map(() => INVALID_ADDRESS), 1n]);
  });

  it('refuse vCPUs and addresses that are none', async () => {
    const machine = await MachineHarness.run(
      call(CPU_ON, [7, 'somewhere', 0]) +
        call(CPU_ON, [1, 0x1000_0000, 0]) +
        call(CPU_ON, [0, 'somewhere', 0]) +
        call(AFFINITY_INFO, [9, 0]) +
        call(AFFINITY_INFO, [0x1_0000_0000_0000, 0]) +
        'somewhere: nop\n',
      { vcpus: 2 },
    );
    machine.expectEnd();
    expect(machine.log).toEqual([
      INVALID_PARAMETERS,
      INVALID_ADDRESS,
      ALREADY_ON,
      INVALID_PARAMETERS,
      INVALID_PARAMETERS,
    ]);
  });

  it('CPU_SUSPEND waits for an interrupt', async () => {
    const machine = await MachineHarness.run(call(0xc400_0001, [0, 0, 0]));
    expect(machine.lastStep).toEqual({ kind: 'idle', until: undefined });
    machine.vcpus[0]?.setIrq(true);
    machine.run().expectEnd();
    expect(machine.log).toEqual([SUCCESS]);
  });

  it('SYSTEM_OFF and SYSTEM_RESET end the VM', async () => {
    const off = await MachineHarness.run('ldr x0, =0x84000008\n hvc #0\n mov x1, #1\n hvc #0x101');
    expect(off.exit).toEqual(expect.objectContaining({ exitCode: 0 }));
    const reset = await MachineHarness.run('ldr x0, =0x84000009\n smc #0\n mov x1, #1\n hvc #0x101');
    expect(reset.exit).toEqual(expect.objectContaining({ exitCode: 0 }));
    expect([off.log, reset.log]).toEqual([[], []]);
  });

  it('SYSTEM_RESET boots again when the VM is set so, with other vCPUs off and registers cleared', async () => {
    const machine = await MachineHarness.boot(
      `ldr x9, =${DATA}\n ldr x1, [x9]\n ${log(1)} ${log(19)} mrs x2, tpidr_el1\n ${log(2)} cbnz x1, 1f\n mov x1, #1\n str x1, [x9]\n mov x19, #5\n msr tpidr_el1, x19\n
      ${call(CPU_ON, [1, 'forever', 0])} ldr x0, =0x84000009\n hvc #0\n forever: b forever\n 1: ${call(AFFINITY_INFO, [1, 0])}`,
      { vcpus: 2, onReset: 'restart' },
    );
    machine.run();
    expect(machine.lastStep).toEqual({ kind: 'reset' });
    await machine.vm.restart();
    machine.run().expectEnd();
    expect(machine.log).toEqual([0n, 0n, 0n, SUCCESS, 1n, 0n, 0n, 1n]);
  });

  it('a last vCPU that turns itself off leaves the VM idle', async () => {
    const machine = await MachineHarness.run(call(CPU_OFF));
    expect(machine.lastStep).toEqual({ kind: 'idle', until: undefined });
    expect(machine.log).toEqual([]);
  });

  it('other immediates are not theirs, and EL0 cannot call', async () => {
    const machine = await MachineHarness.run(
      `ldr x0, =${VERSION}\n hvc #1\n ${log(0)} ${goToEl0()} hvc #0\n smc #0\n svc #0xee\n`,
    );
    machine.expectEnd();
    expect(machine.log).toEqual([NOT_SUPPORTED]);
    expect(machine.exceptions.map(({ vector, esr }) => [vector, esr])).toEqual([
      [0x400, 0x0200_0000],
      [0x400, 0x0200_0000],
    ]);
  });
});
