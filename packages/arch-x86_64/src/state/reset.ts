import { Gpr, SegmentRegister, State } from '@qvm/isa-x86_64';
import { Attribute, CODE_ATTRIBUTES, DATA_ATTRIBUTES, SystemType } from './attributes.js';
import { Cr0, Flag } from './control-bits.js';
import type { X86State } from './x86-state.js';

/** Limit of every segment in real-address mode. */
const REAL_LIMIT = 0xffff;
const RESET_CS_BASE = 0xffff_0000;
/** First address of the code that a vCPU executes after RESET and INIT. @experimental */
export const RESET_VECTOR = 0xffff_fff0;
const MXCSR_RESET = 0x1f80;
const FCW_RESET = 0x40;
const FTW_RESET = 0xff;
/** DR6 after RESET. @experimental */
export const DR6_RESET = 0xffff_0ff0;
/** DR7 after RESET. @experimental */
export const DR7_RESET = 0x400;
/** IA32_PAT after RESET (SDM vol. 3, 12.12.4). @experimental */
export const PAT_RESET = 0x0007_0406_0007_0406n;

/**
 * Sets the state after RESET (SDM vol. 3, table 10-1). The MSRs are reset by their table.
 *
 * @param signature - CPUID.1:EAX, which EDX contains.
 * @experimental
 */
export function resetState(state: X86State, signature: number): void {
  state.clear();
  resetFloatingPoint(state);
  state.setU64(State.xcr0, 1n);
  state.setU64(State.cr0, BigInt.asUintN(32, BigInt(Cr0.CD | Cr0.NW | Cr0.ET)));
  resetRegisters(state, signature);
}

/**
 * Sets the state after INIT (SDM vol. 3, table 10-1): the x87 and SSE registers, XCR0, MSRs and CR0.CD and CR0.NW are
 * kept.
 *
 * @param signature - CPUID.1:EAX, which EDX contains.
 * @experimental
 */
export function initState(state: X86State, signature: number): void {
  const cacheBits = state.u32(State.cr0) & (Cr0.CD | Cr0.NW);
  state.setU64(State.cr0, BigInt((cacheBits | Cr0.ET) >>> 0));
  resetRegisters(state, signature);
}

/**
 * Starts at the address of a startup IPI in real-address mode (SDM vol. 3, 11.4.4).
 *
 * @param vector - bits 19–12 of the address.
 * @experimental
 */
export function startupSegment(state: X86State, vector: number): void {
  state.setSegment(SegmentRegister.CS, vector << 8, vector << 12, REAL_LIMIT, CODE_ATTRIBUTES);
}

function resetRegisters(state: X86State, signature: number): void {
  for (let n = 0; n < 16; n++) state.setGpr(n, 0n);
  state.setGpr32(Gpr.RDX, signature);
  state.rflags = Flag.Fixed;
  for (const field of [State.cr2, State.cr3, State.cr4, State.efer, State.pdpte]) state.setU64(field, 0n);
  for (let n = SegmentRegister.ES; n <= SegmentRegister.GS; n++) state.setSegment(n, 0, 0, REAL_LIMIT, DATA_ATTRIBUTES);
  state.setSegment(SegmentRegister.CS, 0xf000, RESET_CS_BASE, REAL_LIMIT, CODE_ATTRIBUTES);
  state.setSegment(SegmentRegister.LDTR, 0, 0, REAL_LIMIT, Attribute.Present | SystemType.Ldt);
  state.setSegment(SegmentRegister.TR, 0, 0, REAL_LIMIT, Attribute.Present | SystemType.BusyTss);
  for (const table of [State.gdtr, State.idtr]) {
    state.setU64(table, 0n);
    state.setU32(table + 8, REAL_LIMIT);
  }
  for (let n = 0; n < 4; n++) state.setU64(State.dr + n * 8, 0n);
  state.setU64(State.dr + 6 * 8, BigInt(DR6_RESET));
  state.setU64(State.dr + 7 * 8, BigInt(DR7_RESET));
  state.setU32(State.cpl, 0);
  state.setU32(State.shadow, 0);
}

function resetFloatingPoint(state: X86State): void {
  state.setU32(State.fcw, FCW_RESET);
  state.setU32(State.ftw, FTW_RESET);
  state.setU32(State.mxcsr, MXCSR_RESET);
}
