import { VmMemory } from '@qvm/core/architecture';
import { Gpr, SegmentRegister, State } from '@qvm/isa-x86_64';
import { PLAN } from '../system/translation-bench.test.helper.js';
import { Attribute, CODE_ATTRIBUTES, DATA_ATTRIBUTES } from './attributes.js';
import { Cr0, Efer, Flag } from './control-bits.js';
import { packFlags, unpackFlags } from './packed-flags.js';
import { RegisterView } from './register-view.js';
import { initState, resetState, startupSegment } from './reset.js';
import { X86State } from './x86-state.js';

const SIGNATURE = 0x663;

function freshState(): X86State {
  const state = X86State.allocate(new VmMemory(0x2_0000), PLAN);
  resetState(state, SIGNATURE);
  return state;
}

describe('the state of a vCPU', () => {
  it('has the values of SDM vol. 3, table 10-1 after RESET', () => {
    const state = freshState();
    const counter = { rip: 0xfff0n };
    const registers = new RegisterView(state, counter).all();
    expect(registers).toMatchObject({
      ...{ rax: 0n, rdx: BigInt(SIGNATURE), rsp: 0n, rip: 0xfff0n, rflags: 2n },
      ...{ cr0: 0x6000_0010n, cr2: 0n, cr3: 0n, cr4: 0n, efer: 0n, xcr0: 1n },
      ...{ cs: 0xf000n, 'cs.base': 0xffff_0000n, 'cs.limit': 0xffffn, 'cs.attributes': 0x9bn },
      ...{ ds: 0n, 'ds.base': 0n, 'ds.limit': 0xffffn, 'ds.attributes': 0x93n },
      ...{ 'gdtr.base': 0n, 'gdtr.limit': 0xffffn, 'idtr.limit': 0xffffn, ldtr: 0n, tr: 0n, 'tr.limit': 0xffffn },
      ...{ dr6: 0xffff_0ff0n, dr7: 0x400n },
    });
    expect([state.u32(State.fcw), state.u32(State.mxcsr)]).toEqual([0x40, 0x1f80]);
    expect([state.codeSize, state.stackSize, state.realSegments]).toEqual([16, 16, true]);
  });

  it('keeps x87, SSE and the cache bits of CR0 at INIT', () => {
    const state = freshState();
    state.setU32(State.mxcsr, 0x1234);
    state.setU64(State.vector, 5n);
    state.setU64(State.cr0, BigInt((Cr0.PG | Cr0.PE | Cr0.CD) >>> 0));
    initState(state, SIGNATURE);
    expect([state.u32(State.mxcsr), state.u64(State.vector)]).toEqual([0x1234, 5n]);
    expect(state.u64(State.cr0)).toBe(0x4000_0010n);
    startupSegment(state, 0x9a);
    expect([state.selector(SegmentRegister.CS), state.base(SegmentRegister.CS)]).toEqual([0x9a00, 0x9_a000]);
  });

  it('packs and unpacks all arithmetic flags', () => {
    for (let packed = 0; packed < 64; packed++) expect(packFlags(unpackFlags(packed))).toBe(packed);
    expect(unpackFlags(1)).toBe(Flag.CF);
    expect(unpackFlags(2 | 32)).toBe(Flag.PF | Flag.AF);
    expect(unpackFlags(4 | 8 | 16)).toBe(Flag.ZF | Flag.SF | Flag.OF);
  });

  it('joins RFLAGS from its parts', () => {
    const state = freshState();
    for (const flags of [0x2, 0x3f_7fd7, 0x246, 0x402, 0x8d5 | 2]) {
      state.rflags = flags;
      expect(state.rflags).toBe(flags);
    }
    state.rflags = Flag.DF;
    expect(state.u32(State.direction) | 0).toBe(-1);
    state.zeroFlag = true;
    expect(state.rflags).toBe(Flag.DF | Flag.ZF | Flag.Fixed);
  });

  it('has no bases of ES, CS, SS and DS in 64-bit mode, and has them again in compatibility mode', () => {
    const state = freshState();
    const flat = (attributes: number): void =>
      state.setSegment(SegmentRegister.CS, 8, 0x1000, 0xffff_ffff, CODE_ATTRIBUTES | attributes);
    state.setSegment(SegmentRegister.DS, 16, 0x8000_0000, 0xfff, DATA_ATTRIBUTES);
    state.setSegment(SegmentRegister.GS, 16, -0x1_0000_0000, 0xfff, DATA_ATTRIBUTES);
    state.setU64(State.efer, BigInt(Efer.LMA));
    flat(Attribute.L);
    state.refreshBases();
    expect([state.codeSize, state.stackSize, state.base(SegmentRegister.DS)]).toEqual([64, 64, 0]);
    expect(state.u64(State.segmentBase + SegmentRegister.GS * 8)).toBe(0xffff_ffff_0000_0000n);
    expect(state.base(SegmentRegister.GS)).toBe(-0x1_0000_0000);
    flat(Attribute.DB);
    state.refreshBases();
    expect([state.codeSize, state.base(SegmentRegister.DS), state.base(SegmentRegister.CS)]).toEqual([
      32, 0x8000_0000, 0x1000,
    ]);
  });

  it('writes registers by name, and refuses others', () => {
    const state = freshState();
    const counter = { rip: 0n };
    const view = new RegisterView(state, counter);
    view.set('r15', 0x1_0000_0000_0000_0001n);
    view.set('rip', 0x1234n);
    view.set('rflags', 0xffff_ffffn);
    view.set('gs.base', 0xffff_8000_0000_0000n);
    expect([state.gpr(15), counter.rip, state.rflags]).toEqual([1n, 0x1234n, 0x3f_7fd7]);
    expect(state.base(SegmentRegister.GS)).toBe(-(2 ** 47));
    expect(() => view.set('x0', 1n)).toThrow(expect.objectContaining({ code: 'vcpu.register' }));
  });

  it('zero-extends 32-bit writes and merges those of 16 bits', () => {
    const state = freshState();
    state.setGpr(Gpr.RBX, 0x1122_3344_5566_7788n);
    state.setGpr16(Gpr.RBX, 0x1_9999);
    expect(state.gpr(Gpr.RBX)).toBe(0x1122_3344_5566_9999n);
    state.setGpr32(Gpr.RBX, 5);
    expect(state.gpr(Gpr.RBX)).toBe(5n);
  });
});
