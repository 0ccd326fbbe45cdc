import { Flag, State, Vector } from '@qvm/isa-x86_64';
import { Cr4 } from '../state/control-bits.js';
import type { MachineHarness } from './machine-harness.test.helper.js';
import { hex } from './machine-harness.test.helper.js';
import { compareWithTapped } from './tapped-twin.test.helper.js';

interface Setting {
  readonly code: string;
  readonly cpl?: 0 | 3;
  readonly rflags?: number;
  readonly rax?: bigint;
  readonly cr4?: number;
  readonly interrupt?: boolean;
}

function prepare(machine: MachineHarness, { code, cpl = 0, rflags = 2, rax = 0n, cr4 = 0, interrupt }: Setting): void {
  const { state, vcpu } = machine;
  for (const vector of [Vector.DB, Vector.GP, Vector.UD, Vector.AC]) machine.handler(vector, hex('f4'));
  // mov rax, [rsp]; out 0xe9, eax; hlt
  machine.handler(0x40, hex('48 8b 04 24 e7 e9 f4'));
  machine.enterLongMode(hex(`${code} 90 9c 5b f4`), cpl);
  state.setU32(State.cr4, state.u32(State.cr4) | cr4);
  state.setU64(State.cr2, 0x1234_5678_9abc_def0n);
  vcpu.setRegister('rax', rax);
  vcpu.setRegister('rflags', BigInt(rflags));
  vcpu.stateChanged();
  if (interrupt) {
    vcpu.processor.msrs.write(0x1b, 0xfee0_0d00, 0);
    vcpu.processor.msrs.write(0x80f, 0x1ff, 0);
    vcpu.apic.sendToSelf(0x40);
  }
}

const compare = (setting: Setting): MachineHarness =>
  compareWithTapped((machine) => prepare(machine, setting), 30).tapped;

const VALUES = [0, 0x8d5, 0x202, Flag.DF, Flag.NT, Flag.IOPL, Flag.IOPL | Flag.IF, Flag.AC, Flag.TF, Flag.RF, Flag.VM];
const BEFORE = [2, Flag.IOPL, Flag.IF | Flag.DF, 0x8d7];

describe('POPF in generated code does as the vCPU does', () => {
  it.each([...VALUES, Flag.VIF | Flag.VIP, Flag.ID, 0x3f_7fd5])('with the value %i', (value) => {
    for (const cpl of [0, 3] as const)
      for (const rflags of BEFORE)
        // push rax; popfq or popfw
        for (const code of ['50 9d', '50 66 9d']) compare({ code, cpl, rflags, rax: BigInt(value) });
  });

  it('lets an interrupt in', () => {
    expect(compare({ code: '50 9d', rax: 0x202n, interrupt: true }).log).toHaveLength(1);
  });
});

describe('MOV from control registers in generated code does as the vCPU does', () => {
  it.each(['c3', 'd3', 'db', 'e3', 'cb', 'eb', 'fb'])('with ModRM %s', (modrm) => {
    for (const prefix of ['', '44', '41', '48'])
      for (const cpl of [0, 3] as const) compare({ code: `${prefix} 0f 20 ${modrm}`, cpl });
  });

  it('reads CR2', () => {
    expect(compare({ code: '0f 20 d1' }).vcpu.registers()['rcx']).toBe(0x1234_5678_9abc_def0n);
  });
});

describe('RDFSBASE and its kind in generated code do as the vCPU does', () => {
  it.each([0, Cr4.FSGSBASE])('with CR4.FSGSBASE as %i', (cr4) => {
    for (const rax of [0x600n, 0xffff_8000_0000_0123n, 0x8000_0000_0000n])
      for (const wide of ['', '48'])
        for (const cpl of [0, 3] as const)
          // wrfsbase rax, rdfsbase rcx; wrgsbase rax, rdgsbase rdx
          for (const code of [`f3 ${wide} 0f ae d0 f3 ${wide} 0f ae c1`, `f3 ${wide} 0f ae d8 f3 ${wide} 0f ae ca`])
            compare({ code, cpl, cr4, rax });
  });
});
