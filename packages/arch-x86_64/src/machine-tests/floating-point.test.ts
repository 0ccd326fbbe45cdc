import { VcpuExit } from '@qvm/core/architecture';
import { Gpr, State, Vector } from '@qvm/isa-x86_64';
import { Cr0, Cr4 } from '../state/control-bits.js';
import { CODE, hex, MachineHarness, STACK } from './machine-harness.test.helper.js';

/** MXCSR with only division by zero unmasked. */
const ZERO_DIVISION_UNMASKED = 0x1d80;
const ZE = 4;
/** mov al, 1; out 0xe9, al; hlt */
const LOG_1 = hex('b0 01 e6 e9 f4');
/** mov al, 2; out 0xe9, al; hlt */
const LOG_2 = hex('b0 02 e6 e9 f4');

const word = (value: number): string =>
  [0, 8, 16, 24].map((shift) => ((value >>> shift) & 0xff).toString(16).padStart(2, '0')).join(' ');

/** Divides 1.0 by 0.0 after setting bits of CR4. */
function divideByZero(cr4: number): MachineHarness {
  const machine = new MachineHarness();
  machine.handler(Vector.XM, LOG_1);
  machine.handler(Vector.UD, LOG_2);
  // mov rax, cr4; or eax, imm32; mov cr4, rax; mov eax, 1; cvtsi2ss xmm0, eax; divss xmm0, xmm1; hlt
  machine.enterLongMode(hex(`0f 20 e0 0d ${word(cr4)} 0f 22 e0 b8 01 00 00 00 f3 0f 2a c0 f3 0f 5e c1 f4`));
  machine.state.setU32(State.mxcsr, ZERO_DIVISION_UNMASKED);
  expect(machine.run()).toBe(VcpuExit.Halted);
  return machine;
}

describe('exceptions of SSE', () => {
  it('are #XM, with the destination unchanged', () => {
    const machine = divideByZero(Cr4.OSFXSR | Cr4.OSXMMEXCPT);
    expect(machine.log).toEqual([1]);
    expect(machine.state.u32(State.vector)).toBe(0x3f80_0000);
    expect(machine.state.u32(State.mxcsr)).toBe(ZERO_DIVISION_UNMASKED | ZE);
    expect(machine.state.u32(State.pendingSse)).toBe(0);
  });

  it('are #UD if the system does not handle #XM', () => {
    expect(divideByZero(Cr4.OSFXSR).log).toEqual([2]);
  });
});

describe('control instructions of x87', () => {
  it('find the processor as Linux does: FNINIT, FNSTSW, FNSTCW', () => {
    const machine = new MachineHarness();
    // fninit; fnstsw ax; out 0xe9, ax; push 0; fnstcw [rsp]; pop rax; out 0xe9, ax; hlt
    machine.enterLongMode(hex('db e3 df e0 66 e7 e9 6a 00 d9 3c 24 58 66 e7 e9 f4'));
    machine.state.setU32(State.fsw, 0x3f);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [0, 0x37f]]);
  });

  it('raise #MF at the next waiting instruction after FLDCW has unmasked an exception', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.MF, LOG_1);
    // push 0; fldcw [rsp]; fnop; hlt
    machine.enterLongMode(hex('6a 00 d9 2c 24 d9 d0 f4'));
    machine.state.setU32(State.fsw, ZE);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [1]]);
  });
});

describe('arithmetic of x87', () => {
  it('computes on the stack of registers', () => {
    const machine = new MachineHarness();
    // fninit; fld1; fldpi; fadd st(1), st(0); fxch; fmulp; push 0; fistp dword [rsp]; pop rax; out 0xe9, eax; hlt
    machine.enterLongMode(hex('db e3 d9 e8 d9 eb dc c1 d9 c9 de c9 6a 00 db 1c 24 58 e7 e9 f4'));
    // (1 + π) · π = 13.01
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [13]]);
    expect([machine.state.u32(State.fsw) & 0x3800, machine.state.u32(State.ftw)]).toEqual([0, 0]);
  });

  it('reports a masked stack underflow, whose result is the indefinite number', () => {
    const machine = new MachineHarness();
    // fninit; fld1; fadd st(0), st(3); push 0; fstp dword [rsp]; pop rax; out 0xe9, eax; fnstsw ax; out 0xe9, ax; hlt
    machine.enterLongMode(hex('db e3 d9 e8 d8 c3 6a 00 d9 1c 24 58 e7 e9 df e0 66 e7 e9 f4'));
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [0xffc0_0000, 0x41]]);
  });

  it('raises #MF at the instruction after one with an unmasked exception', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.MF, LOG_1);
    // fninit; push 0x37b (ZM = 0); fldcw [rsp]; fld1; fldz; fdivp; mov al, 2; out 0xe9, al; fldz; hlt
    machine.enterLongMode(hex('db e3 68 7b 03 00 00 d9 2c 24 d9 e8 d9 ee de f9 b0 02 e6 e9 d9 ee f4'));
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [2, 1]]);
  });
});

describe('the environment of x87', () => {
  it('has the opcode and the pointers of the last instruction that is no control instruction', () => {
    const machine = new MachineHarness();
    // fninit; fld qword [rsp - 8]; sub rsp, 32; fnstenv [rsp]; hlt
    machine.enterLongMode(hex('db e3 dd 44 24 f8 48 83 ec 20 d9 34 24 f4'));
    expect(machine.run()).toBe(VcpuExit.Halted);
    const to = machine.ram.offset + Number(machine.state.gpr(Gpr.RSP));
    const image = [0, 4, 8, 12, 16, 20, 24].map((offset) => machine.memory.data.getUint32(to + offset, true));
    // The first tag is that of R7: a zero.
    expect(image.slice(0, 3)).toEqual([0xffff_037f, 0xffff_3800, 0xffff_7fff]);
    expect(image.slice(3)).toEqual([CODE + 2, 0x544 << 16, STACK - 8, 0xffff_0000]);
  });

  it('makes an exception pending that FLDENV unmasks', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.MF, LOG_1);
    // fninit; sub rsp, 32; fnstenv [rsp]; mov byte [rsp], 0; mov byte [rsp + 4], 4; fldenv [rsp]; fnop; hlt
    machine.enterLongMode(hex('db e3 48 83 ec 20 d9 34 24 c6 04 24 00 c6 44 24 04 04 d9 24 24 d9 d0 f4'));
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [1]]);
  });
});

describe('MMX', () => {
  const paddb = '0f fc c1 f4';

  it.each([
    ['#UD if CR0.EM is set', Cr0.EM, Vector.UD],
    ['#NM if CR0.TS is set', Cr0.TS, Vector.NM],
  ] as const)('raises %s', (_, bit, vector) => {
    const machine = new MachineHarness();
    machine.handler(vector, LOG_1);
    // mov rax, cr0; or al, bit; mov cr0, rax; paddb mm0, mm1; hlt
    machine.enterLongMode(hex(`0f 20 c0 0c ${bit.toString(16).padStart(2, '0')} 0f 22 c0 ${paddb}`));
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [1]]);
  });

  it('raises #MF if an exception of x87 is pending', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.MF, LOG_1);
    // push 0; fldcw [rsp]; paddb mm0, mm1; hlt
    machine.enterLongMode(hex(`6a 00 d9 2c 24 ${paddb}`));
    machine.state.setU32(State.fsw, ZE);
    expect([machine.run(), machine.log]).toEqual([VcpuExit.Halted, [1]]);
  });

  it('does not report an x87 exception that FNCLEX has cleared, after FXRSTOR has brought it', () => {
    const machine = new MachineHarness();
    machine.handler(Vector.MF, hex('b0 77 e6 e9 f4'));
    // mov dword [0x600], 0x37b; fldcw [0x600]; fld1; fldz; fdivp; fxsave [0x800]; fxrstor [0x800]; fnclex
    // paddb mm0, mm1; emms; fnop; mov al, 1; out 0xe9, al; hlt
    const code =
      'c7 04 25 00 06 00 00 7b 03 00 00 d9 2c 25 00 06 00 00 d9 e8 d9 ee de f9 0f ae 04 25 00 08 00 00 0f ae 0c 25 00 08 00 00 db e2 0f fc c1 0f 77 d9 d0 b0 01 e6 e9 f4';
    machine.enterLongMode(hex(code));
    machine.run();
    expect(machine.log).toEqual([1]);
  });
});
