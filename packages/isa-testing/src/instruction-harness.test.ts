import { ExitReason } from '@qvm/jit';
import { Exit, a64Rows } from '@qvm/isa-aarch64';
import { CODE_BASE, DATA_BASE, InstructionHarness } from './instruction-harness.js';
import { MachineState } from './machine-state.js';

const ADD_X0_X0_1 = 0x91000400;
const LDR_X1_X2 = 0xf9400041;
const STR_X1_X2 = 0xf9000041;
const LDR_Q3_X2 = 0x3dc00043;
const SVC_5 = 0xd40000a1;

describe('InstructionHarness', () => {
  const harness = new InstructionHarness(a64Rows);
  let state: MachineState;
  beforeEach(() => {
    state = new MachineState();
    state.pc = BigInt(CODE_BASE + 0x100);
    harness.data.fill(0);
  });

  it('runs words until control reaches what is not a program', () => {
    state.setX(0, 41n);
    expect(harness.run(state, [ADD_X0_X0_1]).reason).toBe(ExitReason.Undefined);
    expect([state.x(0), state.pc]).toEqual([42n, BigInt(CODE_BASE + 0x104)]);
    expect(harness.run(state, []).reason).toBe(ExitReason.Undefined);
  });

  it('keeps all registers and flags', () => {
    for (let n = 0; n < 32; n++) state.setX(n, 0x0101_0101_0101_0101n * BigInt(n));
    for (let n = 0; n < 32; n++) state.setV(n, (BigInt(n) << 120n) | BigInt(n));
    Object.assign(state, { fpcr: 0x0340_0000, fpsr: 0x9f, nzcv: 0xa });
    const before = state.clone();
    harness.run(state, []);
    expect(state.bytes).toEqual(before.bytes);
    expect([state.x(31), state.v(31)]).toEqual([0x1f1f_1f1f_1f1f_1f1fn, (31n << 120n) | 31n]);
  });

  it('accesses the data pages, also across their border, and nothing else', () => {
    state.setX(1, 0x1122_3344_5566_7788n);
    state.setX(2, BigInt(DATA_BASE + 0xffc));
    harness.run(state, [STR_X1_X2, LDR_Q3_X2]);
    expect([...harness.data.subarray(0xffc, 0x1004)]).toEqual([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
    expect(state.v(3)).toBe(0x1122_3344_5566_7788n);
    state.setX(2, BigInt(DATA_BASE - 4));
    state.pc = BigInt(CODE_BASE);
    const outcome = harness.run(state, [LDR_X1_X2]);
    expect([outcome.reason, outcome.address, outcome.misaligned]).toEqual([
      ExitReason.Fault,
      BigInt(DATA_BASE - 4),
      false,
    ]);
    expect(state.pc).toBe(BigInt(CODE_BASE));
  });

  it('reports the exits of the architecture', () => {
    const { reason, info } = harness.run(state, [ADD_X0_X0_1, SVC_5]);
    expect([reason, info, state.pc]).toEqual([Exit.Svc, 5, BigInt(CODE_BASE + 0x104)]);
  });

  it('does not loop for ever', () => {
    expect(() => harness.run(state, [0x14000000])).toThrow(/did not end/);
  });
});
