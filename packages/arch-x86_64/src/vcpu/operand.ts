import { State, SystemInfo } from '@qvm/isa-x86_64';
import type { SegmentRegister } from '@qvm/isa-x86_64';
import { segmentAllows, segmentVector } from '../state/segment-checks.js';
import { fromWords } from '../system/linear-memory.js';
import type { Width } from '../system/linear-memory.js';
import { isCanonical } from '../system/mmu.js';
import type { Core } from './core.js';

/**
 * The operands of an instruction that the vCPU executes, from the operand of `Exit.System`.
 *
 * @experimental
 */
export class SystemOperands {
  #info = 0;

  constructor(private readonly core: Core) {}

  /** Takes the operands of the next instruction. */
  set info(info: number) {
    this.#info = info;
  }

  /** ModRM.reg, or the register in the opcode. */
  get reg(): number {
    return (this.#info >>> SystemInfo.regShift) & 15;
  }

  /** ModRM.rm, if it is a register. */
  get rm(): number {
    return (this.#info >>> SystemInfo.rmShift) & 15;
  }

  /** Operand size in bytes. */
  get size(): Width {
    return (1 << ((this.#info >>> SystemInfo.sizeShift) & 3)) as Width;
  }

  /** The immediate byte. */
  get immediate(): number {
    return (this.#info >>> SystemInfo.immediateShift) & 0xff;
  }

  /** Whether the operand is in memory. */
  get inMemory(): boolean {
    return (this.#info & SystemInfo.memory) !== 0;
  }

  /** The segment register of the memory operand. */
  get segment(): SegmentRegister {
    return (this.#info >>> SystemInfo.segmentShift) & 7;
  }

  /** Whether a string instruction has REP or REPNE. */
  get repeats(): boolean {
    return ((this.#info >>> SystemInfo.repeatShift) & 1) !== 0;
  }

  /** Bytes of an address of an instruction without ModRM. */
  get addressBytes(): number {
    return 1 << ((this.#info >>> SystemInfo.rmShift) & 15);
  }

  /**
   * Whether the segment allows an access to the memory operand, and its address is canonical; otherwise #GP(0) or
   * #SS(0).
   *
   * @param bytes - size of the access.
   */
  checkAddress(bytes: number, access: 'read' | 'write' = 'read'): boolean {
    const { state, fault } = this.core;
    const { segment } = this;
    const allowed = state.mode64
      ? isCanonical(state.u32(State.operandAddress + 4))
      : segmentAllows(state, segment, (this.address - state.base(segment)) >>> 0, bytes, access);
    return allowed || fault.raise(segmentVector(segment), 0);
  }

  /** Linear address of the memory operand, as a signed number. */
  get address(): number {
    const { state } = this.core;
    return fromWords(state.u32(State.operandAddress), state.u32(State.operandAddress + 4));
  }

  /** Reads the register or memory operand into `memory.lo` and `memory.hi`. */
  read(width: Width): boolean {
    const { state, memory } = this.core;
    if (this.inMemory) return this.checkAddress(width) && memory.read(this.address, width);
    const value = state.gpr32(this.rm);
    memory.lo = width === 2 ? value & 0xffff : value;
    memory.hi = width === 8 ? state.u32(State.gpr + this.rm * 8 + 4) : 0;
    return true;
  }

  /** Writes a register: 16 bits are merged, 32 are zero-extended. */
  writeRegister(register: number, lo: number, hi = 0, width: Width = this.size): void {
    const { state } = this.core;
    if (width === 2) state.setGpr16(register, lo);
    else state.setHalves(State.gpr + register * 8, lo, width === 8 ? hi : 0);
  }
}
