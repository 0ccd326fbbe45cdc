import { State } from '@qvm/isa-x86_64';
import type { Core } from '../vcpu/core.js';

/** Size of the area of FXSAVE in bytes. @experimental */
export const LEGACY_BYTES = 512;
/** Offsets in the area (SDM vol. 1, table 10-2). */
const [FCW, FIP, FDP, MXCSR, ST, XMM] = [0, 8, 16, 24, 32, 160];
const [X87_REGISTERS, XMM_BYTES] = [8, 16];
/** The bits of MXCSR that exist, DAZ among them. */
const MXCSR_BITS = 0xffff;
/** Values after a reset (SDM vol. 1, 13.6). */
const [FCW_INITIAL, MXCSR_INITIAL] = [0x37f, 0x1f80];
/** Bit 6 of the x87 control word is always 1. */
const FCW_ONE = 0x40;
const TOP_SHIFT = 11;

/**
 * The area of FXSAVE, which is the first part of that of XSAVE: x87 and SSE state (SDM vol. 1, 10.5.1, 13.4.1). All
 * functions need an area that the caller has checked to be accessible.
 *
 * @experimental
 */
export class LegacyArea {
  constructor(private readonly core: Core) {}

  /** Number of XMM registers that exist in the mode. */
  get #vectors(): number {
    return this.core.state.mode64 ? 16 : 8;
  }

  /** Place of a register of the x87 stack, counted from its top. */
  #stackRegister(n: number, fsw: number): number {
    return State.x87 + (((fsw >>> TOP_SHIFT) + n) & 7) * 16;
  }

  /** @param wide - whether pointers have 64 bits. */
  saveX87(address: number, wide: boolean): void {
    const { state, memory } = this.core;
    const put = (offset: number, lo: number, hi = 0): void => void memory.write(address + offset, 8, lo, hi);
    const fsw = state.u32(State.fsw);
    put(FCW, state.u32(State.fcw) | (fsw << 16), state.u32(State.ftw) | (state.u32(State.fop) << 16));
    for (const [offset, field] of [[FIP, State.fip] as const, [FDP, State.fdp] as const])
      put(offset, state.u32(field), wide ? state.u32(field + 4) : 0);
    for (let n = 0; n < X87_REGISTERS; n++) {
      const from = this.#stackRegister(n, fsw);
      put(ST + n * 16, state.u32(from), state.u32(from + 4));
      put(ST + n * 16 + 8, state.u32(from + 8) & 0xffff);
    }
  }

  /** See {@link LegacyArea.saveX87}. */
  restoreX87(address: number, wide: boolean): void {
    const { state, memory } = this.core;
    const get = (offset: number): void => void memory.read(address + offset, 8);
    get(FCW);
    const fsw = memory.lo >>> 16;
    state.setU32(State.fcw, (memory.lo & 0xffff) | FCW_ONE);
    state.setU32(State.fsw, fsw);
    state.setU32(State.ftw, memory.hi & 0xff);
    state.setU32(State.fop, (memory.hi >>> 16) & 0x7ff);
    for (const [offset, field] of [[FIP, State.fip] as const, [FDP, State.fdp] as const]) {
      get(offset);
      state.setHalves(field, memory.lo, wide ? memory.hi : 0);
    }
    for (let n = 0; n < X87_REGISTERS; n++) {
      const to = this.#stackRegister(n, fsw);
      get(ST + n * 16);
      state.setHalves(to, memory.lo, memory.hi);
      get(ST + n * 16 + 8);
      state.setU32(to + 8, memory.lo & 0xffff);
    }
  }

  /** The state of x87 after a reset. */
  resetX87(): void {
    const { state } = this.core;
    state.setU32(State.fcw, FCW_INITIAL);
    for (const field of [State.fsw, State.ftw, State.fop]) state.setU32(field, 0);
    for (const field of [State.fip, State.fdp]) state.setHalves(field, 0, 0);
    for (let at = State.x87; at < State.x87 + X87_REGISTERS * 16; at += 8) state.setHalves(at, 0, 0);
  }

  /** MXCSR and its mask. */
  saveMxcsr(address: number): void {
    const { state, memory } = this.core;
    memory.write(address + MXCSR, 8, state.u32(State.mxcsr), MXCSR_BITS);
  }

  /** Whether the area has a valid MXCSR; otherwise #GP, or the fault of the access. */
  checkMxcsr(address: number): boolean {
    const { memory, fault } = this.core;
    if (!memory.read(address + MXCSR, 4)) return false;
    return (memory.lo & ~MXCSR_BITS) === 0 || fault.protection();
  }

  /** Loads MXCSR, which was checked. */
  restoreMxcsr(address: number): void {
    const { state, memory } = this.core;
    memory.read(address + MXCSR, 4);
    state.setU32(State.mxcsr, memory.lo);
  }

  /** MXCSR after a reset. */
  resetMxcsr(): void {
    this.core.state.setU32(State.mxcsr, MXCSR_INITIAL);
  }

  /** The XMM registers. */
  saveVectors(address: number): void {
    saveRegisters(this.core, address + XMM, State.vector, this.#vectors);
  }

  /** See {@link LegacyArea.saveVectors}. */
  restoreVectors(address: number): void {
    restoreRegisters(this.core, address + XMM, State.vector, this.#vectors);
  }

  /** Sets the XMM registers to 0. */
  resetVectors(): void {
    clearRegisters(this.core, State.vector, this.#vectors);
  }
}

/** Saves registers of 128 bits that are next to each other in the state. @experimental */
export function saveRegisters({ state, memory }: Core, address: number, from: number, count: number): void {
  for (let at = 0; at < count * XMM_BYTES; at += 8)
    memory.write(address + at, 8, state.u32(from + at), state.u32(from + at + 4));
}

/** See {@link saveRegisters}. @experimental */
export function restoreRegisters({ state, memory }: Core, address: number, to: number, count: number): void {
  for (let at = 0; at < count * XMM_BYTES; at += 8) {
    memory.read(address + at, 8);
    state.setHalves(to + at, memory.lo, memory.hi);
  }
}

/** Sets registers of 128 bits to 0. @experimental */
export function clearRegisters({ state }: Core, at: number, count: number): void {
  for (let offset = 0; offset < count * XMM_BYTES; offset += 8) state.setHalves(at + offset, 0, 0);
}
