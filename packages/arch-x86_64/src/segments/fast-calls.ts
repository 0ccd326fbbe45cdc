import { FLAT_CODE_64, FLAT_DATA, Gpr, SegmentRegister, State } from '@qvm/isa-x86_64';
import { Attribute, CODE_ATTRIBUTES } from '../state/attributes.js';
import { Efer, Flag, WRITABLE_FLAGS } from '../state/control-bits.js';
import { fromWords, highWord, lowWord } from '../system/linear-memory.js';
import { isCanonical } from '../system/mmu.js';
import type { Core } from '../vcpu/core.js';
import { isNull } from './descriptor-tables.js';

const USER = 3;
const DPL_USER = USER << 5;
const FLAT_LIMIT = 0xffff_ffff;
const FLAT_CODE_32 = CODE_ATTRIBUTES | Attribute.DB | Attribute.Granularity;

/** The MSRs of the fast system calls, by their places in the state. @experimental */
export interface FastCallRegisters {
  /** IA32_STAR, IA32_LSTAR, IA32_CSTAR, IA32_FMASK. */
  readonly star: number;
  /** See {@link FastCallRegisters.star}. */
  readonly lstar: number;
  /** See {@link FastCallRegisters.star}. */
  readonly fmask: number;
  /** IA32_SYSENTER_CS, ESP, EIP. */
  readonly sysenterCs: number;
  /** See {@link FastCallRegisters.sysenterCs}. */
  readonly sysenterEsp: number;
  /** See {@link FastCallRegisters.sysenterCs}. */
  readonly sysenterEip: number;
  /** IA32_KERNEL_GS_BASE. */
  readonly kernelGsBase: number;
}

/**
 * SYSCALL, SYSRET, SYSENTER, SYSEXIT and SWAPGS (SDM vol. 3, 5.8.7 and 5.8.8; vol. 2). The segments have fixed
 * attributes; no descriptor is read.
 *
 * @experimental
 */
export class FastCalls {
  constructor(
    private readonly core: Core,
    private readonly registers: FastCallRegisters,
  ) {}

  /** SYSCALL: of 64-bit code alone, as on Intel processors. */
  syscall(): boolean {
    const { core, registers } = this;
    const { state, fault } = core;
    if (!(state.u32(State.efer) & Efer.SCE) || !state.mode64) return fault.undefined();
    const next = core.nextRip;
    state.setHalves(State.gpr + Gpr.RCX * 8, lowWord(next), highWord(next));
    state.setGpr32(Gpr.R11, state.rflags & ~Flag.RF);
    const mask = state.u32(registers.fmask) | Flag.RF;
    state.rflags = (state.rflags & ~mask) | Flag.Fixed;
    this.#enter(state.u32(registers.star + 4) & 0xfffc, 0, FLAT_CODE_64);
    core.jump(fromWords(state.u32(registers.lstar), state.u32(registers.lstar + 4)));
    return true;
  }

  /** SYSRET: to 64-bit code with an operand size of 64 bits, otherwise to compatibility mode. */
  sysret(wide: boolean): boolean {
    const { core, registers } = this;
    const { state, fault } = core;
    if (!(state.u32(State.efer) & Efer.SCE) || !state.mode64) return fault.undefined();
    if (state.cpl !== 0) return fault.protection();
    const lo = state.gpr32(Gpr.RCX);
    const hi = state.u32(State.gpr + Gpr.RCX * 8 + 4);
    // On Intel processors the fault is in ring 0, with the stack pointer of the program.
    if (wide && !isCanonical(hi)) return fault.protection();
    const changeable = WRITABLE_FLAGS & ~(Flag.RF | Flag.VM);
    state.rflags = (state.gpr32(Gpr.R11) & changeable) | Flag.Fixed;
    const base = state.u32(registers.star + 4) >>> 16;
    this.#enter(wide ? base + 16 : base, USER, wide ? FLAT_CODE_64 : FLAT_CODE_32, base + 8);
    core.jump(wide ? fromWords(lo, hi) : lo);
    return true;
  }

  sysenter(): boolean {
    const { core, registers } = this;
    const { state, fault } = core;
    const selector = state.u32(registers.sysenterCs) & 0xffff;
    if (!state.protectedMode || isNull(selector)) return fault.protection();
    state.changeSystemFlags(Flag.VM | Flag.IF | Flag.RF, 0);
    this.#enter(selector & 0xfffc, 0, state.longMode ? FLAT_CODE_64 : FLAT_CODE_32);
    state.copy64(registers.sysenterEsp, State.gpr + Gpr.RSP * 8);
    const lo = state.u32(registers.sysenterEip);
    core.jump(state.longMode ? fromWords(lo, state.u32(registers.sysenterEip + 4)) : lo);
    return true;
  }

  /** SYSEXIT. @param wide - whether the operand size is 64 bits. */
  sysexit(wide: boolean): boolean {
    const { core, registers } = this;
    const { state, fault } = core;
    const selector = state.u32(registers.sysenterCs) & 0xfffc;
    if (!state.protectedMode || isNull(selector) || state.cpl !== 0) return fault.protection();
    const target = this.#words(Gpr.RDX);
    if (wide && !(isCanonical(target.hi) && isCanonical(this.#words(Gpr.RCX).hi))) return fault.protection();
    this.#enter(selector + (wide ? 32 : 16), USER, wide ? FLAT_CODE_64 : FLAT_CODE_32);
    if (wide) state.copy64(State.gpr + Gpr.RCX * 8, State.gpr + Gpr.RSP * 8);
    else state.setGpr32(Gpr.RSP, state.gpr32(Gpr.RCX));
    core.jump(wide ? fromWords(target.lo, target.hi) : target.lo);
    return true;
  }

  swapgs(): boolean {
    const { state, fault } = this.core;
    if (!state.mode64) return fault.undefined();
    if (state.cpl !== 0) return fault.protection();
    const gs = State.segmentBase + SegmentRegister.GS * 8;
    const [lo, hi] = [state.u32(gs), state.u32(gs + 4)];
    state.copy64(this.registers.kernelGsBase, gs);
    state.setHalves(this.registers.kernelGsBase, lo, hi);
    return true;
  }

  #words(register: Gpr): { readonly lo: number; readonly hi: number } {
    const { state } = this.core;
    return { lo: state.gpr32(register), hi: state.u32(State.gpr + register * 8 + 4) };
  }

  /** Loads CS and SS with flat segments. */
  #enter(code: number, cpl: number, attributes: number, stack = code + 8): void {
    const { state, controls } = this.core;
    const level = cpl === USER ? DPL_USER : 0;
    state.cpl = cpl;
    state.setSegment(SegmentRegister.CS, (code & 0xfffc) | cpl, 0, FLAT_LIMIT, attributes | level);
    state.setSegment(SegmentRegister.SS, (stack & 0xfffc) | cpl, 0, FLAT_LIMIT, FLAT_DATA | level);
    if (state.longMode) state.refreshBases();
    controls.select();
  }
}
