import { State, SystemOperation, Vector } from '@qvm/isa-x86_64';
import { Cr0, Cr4 } from '../state/control-bits.js';
import type { Core } from '../vcpu/core.js';
import type { Handlers } from '../vcpu/handlers.js';
import type { SystemOperands } from '../vcpu/operand.js';
import { next } from '../vcpu/outcome.js';

const BYTES = 512;
const ALIGNMENT = 16;
/** Offsets in the area (SDM vol. 1, table 10-2). */
const [FCW, FIP, FDP, MXCSR, ST, XMM] = [0, 8, 16, 24, 32, 160];
const [X87_REGISTERS, XMM_BYTES, VECTOR_BYTES] = [8, 16, 32];
/** The bits of MXCSR that exist, DAZ among them. @experimental */
export const MXCSR_BITS = 0xffff;
const ERROR_SUMMARY = 0x80;
const TOP_SHIFT = 11;

/**
 * FXSAVE, FXRSTOR and FWAIT (SDM vol. 1, 10.5; vol. 2).
 *
 * @experimental
 */
export class FxState {
  constructor(
    private readonly core: Core,
    private readonly operands: SystemOperands,
  ) {}

  /** By operation. */
  handlers(): Handlers {
    const Op = SystemOperation;
    return {
      [Op.Fxsave]: () => next(this.#ready('write') && this.#save()),
      [Op.Fxrstor]: () => next(this.#ready('read') && this.#restore()),
      [Op.Fwait]: () => next(this.#wait()),
    };
  }

  #ready(access: 'read' | 'write'): boolean {
    const { state, fault } = this.core;
    if (state.u32(State.cr0) & (Cr0.EM | Cr0.TS)) return fault.raise(Vector.NM);
    if (!this.operands.checkAddress(BYTES, access)) return false;
    return (this.operands.address & (ALIGNMENT - 1)) === 0 || fault.protection();
  }

  /** FWAIT: an unmasked exception that is pending. */
  #wait(): boolean {
    const { state, fault } = this.core;
    const switched = Cr0.MP | Cr0.TS;
    if ((state.u32(State.cr0) & switched) === Number(switched)) return fault.raise(Vector.NM);
    return (state.u32(State.fsw) & ERROR_SUMMARY) === 0 || fault.raise(Vector.MF);
  }

  /** Whether the XMM registers are part of the area (CR4.OSFXSR), and how many. */
  get #vectors(): number {
    const { state } = this.core;
    if (!(state.u32(State.cr4) & Cr4.OSFXSR)) return 0;
    return state.mode64 ? 16 : 8;
  }

  /** Whether the pointers have 64 bits. */
  get #wide(): boolean {
    return this.operands.size === 8;
  }

  #save(): boolean {
    const { core, operands } = this;
    const { state, memory } = core;
    const { address } = operands;
    if (!memory.probeWrite(address, BYTES)) return false;
    const put = (offset: number, lo: number, hi = 0): void => void memory.write(address + offset, 8, lo, hi);
    const fsw = state.u32(State.fsw);
    put(FCW, state.u32(State.fcw) | (fsw << 16), state.u32(State.ftw) | (state.u32(State.fop) << 16));
    for (const [offset, field] of [[FIP, State.fip] as const, [FDP, State.fdp] as const])
      put(offset, state.u32(field), this.#wide ? state.u32(field + 4) : 0);
    put(MXCSR, state.u32(State.mxcsr), MXCSR_BITS);
    for (let n = 0; n < X87_REGISTERS; n++) {
      const from = this.#stackRegister(n, fsw);
      put(ST + n * 16, state.u32(from), state.u32(from + 4));
      put(ST + n * 16 + 8, state.u32(from + 8) & 0xffff);
    }
    for (let n = 0; n < this.#vectors; n++)
      for (let half = 0; half < XMM_BYTES; half += 8) {
        const from = State.vector + n * VECTOR_BYTES + half;
        put(XMM + n * XMM_BYTES + half, state.u32(from), state.u32(from + 4));
      }
    return true;
  }

  #restore(): boolean {
    const { core, operands } = this;
    const { state, memory, fault } = core;
    const { address } = operands;
    // All bytes can be read before anything changes.
    if (!memory.read(address + BYTES - 8, 8) || !memory.read(address + MXCSR, 8)) return false;
    const mxcsr = memory.lo;
    if (mxcsr & ~MXCSR_BITS) return fault.protection();
    const get = (offset: number): void => void memory.read(address + offset, 8);
    get(FCW);
    const fsw = memory.lo >>> 16;
    state.setU32(State.fcw, (memory.lo & 0xffff) | FCW_ONE);
    state.setU32(State.fsw, fsw);
    state.setU32(State.ftw, memory.hi & 0xff);
    state.setU32(State.fop, (memory.hi >>> 16) & 0x7ff);
    for (const [offset, field] of [[FIP, State.fip] as const, [FDP, State.fdp] as const]) {
      get(offset);
      state.setHalves(field, memory.lo, this.#wide ? memory.hi : 0);
    }
    for (let n = 0; n < X87_REGISTERS; n++) {
      const to = this.#stackRegister(n, fsw);
      get(ST + n * 16);
      state.setHalves(to, memory.lo, memory.hi);
      get(ST + n * 16 + 8);
      state.setU32(to + 8, memory.lo & 0xffff);
    }
    this.#restoreVectors(address, mxcsr);
    return true;
  }

  #restoreVectors(address: number, mxcsr: number): void {
    const { state, memory } = this.core;
    if (this.#vectors === 0) return;
    state.setU32(State.mxcsr, mxcsr);
    for (let n = 0; n < this.#vectors; n++)
      for (let half = 0; half < XMM_BYTES; half += 8) {
        memory.read(address + XMM + n * XMM_BYTES + half, 8);
        state.setHalves(State.vector + n * VECTOR_BYTES + half, memory.lo, memory.hi);
      }
  }

  /** Place of a register of the x87 stack, counted from its top. */
  #stackRegister(n: number, fsw: number): number {
    return State.x87 + (((fsw >>> TOP_SHIFT) + n) & 7) * 16;
  }
}

/** Bit 6 of the x87 control word is always 1. */
const FCW_ONE = 0x40;
