import { VmMemory } from '@qvm/core/architecture';
import { CodeMode, Gpr, SegmentRegister, State } from '@qvm/isa-x86_64';
import { Attribute } from '../state/attributes.js';
import { codeMode } from '../state/code-mode.js';
import { resetState } from '../state/reset.js';
import { X86State } from '../state/x86-state.js';
import { PLAN } from '../system/translation-bench.test.helper.js';
import { applyInitialState } from './apply-state.js';
import { longState, protectedState, RESET_STATE } from './initial-state.js';

function freshState(): X86State {
  const state = X86State.allocate(new VmMemory(0x2_0000), PLAN);
  resetState(state, 0x663);
  return state;
}

const GDT = { base: 0x1000, limit: 0x1f };

describe('applyInitialState', () => {
  it('enters 64-bit mode', () => {
    const state = freshState();
    applyInitialState(state, longState(0x10_0000, { [Gpr.RSI]: 0x9000 }, GDT, 0x2000));
    expect(state.mode64).toBe(true);
    expect(codeMode(state)).toBe(CodeMode.Code64);
    expect([state.gpr(Gpr.RSI), state.gpr(Gpr.RDX)]).toEqual([0x9000n, 0n]);
    expect([state.u64(State.cr3), state.u64(State.gdtr), state.u32(State.gdtr + 8)]).toEqual([0x2000n, 0x1000n, 0x1f]);
    expect(state.u32(State.cpl)).toBe(0);
  });

  it('enters protected mode with flat segments of 32 bits and without paging', () => {
    const state = freshState();
    applyInitialState(state, protectedState(0x10_0000, { [Gpr.RBX]: 0xffff_fff0 }, GDT));
    expect(codeMode(state)).toBe(CodeMode.Flat32);
    expect(state.gpr(Gpr.RBX)).toBe(0xffff_fff0n);
    expect(state.u64(State.cr0)).toBe(0x11n);
    for (const register of [SegmentRegister.CS, SegmentRegister.SS, SegmentRegister.DS, SegmentRegister.GS]) {
      expect([state.base(register), state.limit(register)]).toEqual([0, 0xffff_ffff]);
      expect(state.attributes(register) & Attribute.DB).toBe(Attribute.DB);
    }
    expect([state.selector(SegmentRegister.CS), state.selector(SegmentRegister.SS)]).toEqual([0x10, 0x18]);
  });

  it('leaves the state after RESET to firmware', () => {
    const [state, reset] = [freshState(), freshState()];
    applyInitialState(state, RESET_STATE);
    expect(state.base(SegmentRegister.CS) + RESET_STATE.entry).toBe(0xffff_fff0);
    expect([state.gpr(Gpr.RDX), state.u64(State.cr0)]).toEqual([reset.gpr(Gpr.RDX), reset.u64(State.cr0)]);
  });
});
