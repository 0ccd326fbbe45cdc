import { Flag, State, Vector } from '@qvm/isa-x86_64';
import { Cr4 } from '../state/control-bits.js';
import { hex, MachineHarness } from './machine-harness.test.helper.js';
import { compareWithTapped } from './tapped-twin.test.helper.js';

const [ENTRY, USER] = [0x1_1000, 0x1_2000];
const STAR = 0x001b_0008_0000_0000n;
const FLAGS = [
  ...[0x2, 0x202, 0x8d7, Flag.DF, Flag.NT, Flag.ID, Flag.IOPL, Flag.IF | Flag.IOPL, 1 << 12],
  ...[Flag.AC, Flag.TF, Flag.RF | Flag.VM, Flag.VIF | Flag.VIP, 0x8d5 | Flag.IF | Flag.DF | Flag.ID],
];

interface Setting {
  readonly rflags: number;
  readonly fmask: number;
  readonly star?: bigint;
  readonly cr4?: number;
  /** The instructions of the program after its system call. */
  readonly user?: string;
  /** Whether an interrupt waits for RFLAGS.IF. */
  readonly interrupt?: boolean;
}

/** SYSRET to a program, which makes a system call. */
function prepare(machine: MachineHarness, { rflags, fmask, star, cr4 = 0, user = '', interrupt }: Setting): void {
  const { state, vcpu } = machine;
  machine.write(ENTRY, hex('0f 01 f8 65 8b 04 25 00 00 00 00 0f 01 f8 f4'));
  machine.write(USER, hex(`90 ${user} 48 01 c0 0f 05`));
  for (const vector of [Vector.DB, Vector.GP, Vector.UD, Vector.AC]) machine.handler(vector, hex('f4'));
  // mov rax, [rsp]; out 0xe9, eax; hlt
  machine.handler(0x40, hex('48 8b 04 24 e7 e9 f4'));
  machine.enterLongMode(hex('48 0f 07'));
  state.setU64(State.star, star ?? STAR);
  state.setU64(State.lstar, BigInt(ENTRY));
  state.setU64(State.fmask, BigInt(fmask));
  state.setU64(State.kernelGsBase, 0x600n);
  state.setU32(State.cr4, state.u32(State.cr4) | cr4);
  vcpu.setRegister('rcx', BigInt(USER));
  vcpu.setRegister('r11', BigInt(rflags));
  vcpu.setRegister('rax', 0x1234_5678_9abc_def0n);
  vcpu.stateChanged();
  if (interrupt) {
    vcpu.processor.msrs.write(0x1b, 0xfee0_0d00, 0);
    vcpu.processor.msrs.write(0x80f, 0x1ff, 0);
    vcpu.apic.sendToSelf(0x40);
  }
}

describe('SYSCALL, SYSRET and SWAPGS in generated code', () => {
  it.each(FLAGS)('do as the vCPU does, with RFLAGS %i', (rflags) => {
    for (const fmask of [0, 0x4_7700, 0x3f_7fd5]) {
      const { causes } = compareWithTapped((machine) => prepare(machine, { rflags, fmask }), 30);
      expect(causes).toContain('systemCall');
    }
  });

  it.each([0n, 0x0023_0010_0000_0000n, 0xffff_ffff_0000_0000n, 0x1230_4567_0000_0000n])(
    'do as the vCPU does, with STAR %i',
    (star) => {
      compareWithTapped((machine) => prepare(machine, { rflags: 0x202, fmask: 0x200, star }), 30);
    },
  );

  it('leave privileges that programs do not have', () => {
    for (const user of ['fa', '0f 31', '0f 01 f8', '0f 06', '48 0f 07', 'f4', '0f 20 d8', '0f 01 38'])
      for (const rflags of [2, 0x3002])
        for (const cr4 of [0, Cr4.TSD])
          compareWithTapped((machine) => prepare(machine, { rflags, fmask: 0, user, cr4 }), 30);
  });

  it('let an interrupt in that SYSRET enables', () => {
    const { tapped } = compareWithTapped(
      (machine) => prepare(machine, { rflags: 0x202, fmask: 0x200, interrupt: true }),
      30,
    );
    expect(tapped.log).toEqual([USER]);
  });

  it('make no exits unless they are tapped', () => {
    const machine = new MachineHarness();
    prepare(machine, { rflags: 0x202, fmask: 0x200 });
    machine.run();
    expect(machine.vcpu.exits.counts()).not.toHaveProperty('systemCall');
    expect(machine.vcpu.fetch.pc).toBe(BigInt(ENTRY) + 15n);
  });

  it('call the hook for system calls', () => {
    const machine = new MachineHarness();
    prepare(machine, { rflags: 0x202, fmask: 0x200 });
    const seen: bigint[] = [];
    machine.vcpu.hooks.trap.for('systemCall').tap('test', ({ vcpu }) => {
      seen.push(vcpu.pc);
      return undefined;
    });
    machine.run();
    expect(seen).toEqual([BigInt(USER) + 4n]);
  });
});
