import { Gpr, SegmentRegister, State, Vector } from '@qvm/isa-x86_64';
import { fromWords, highWord, lowWord, Rights } from '../system/linear-memory.js';
import type { Width } from '../system/linear-memory.js';
import type { Core } from '../vcpu/core.js';
import { withinLimit } from './limit.js';

const STACK_POINTER = State.gpr + Gpr.RSP * 8;

/** Where a stack is. @experimental */
export interface StackPlace {
  /** Linear base. */
  readonly base: number;
  /** Width of the stack pointer in bits. */
  readonly size: 16 | 32 | 64;
  /** Whether an offset is within the limit. */
  within(offset: number, bytes: number): boolean;
}

/**
 * A stack during one transfer of control. RSP is written by {@link Stack.commit} alone, so a transfer that fails has
 * changed no register.
 *
 * @experimental
 */
export class Stack {
  /** The stack pointer: in 64-bit mode a signed number, otherwise an offset in the segment. */
  pointer = 0;
  #place: StackPlace;
  #rights = Rights.Program;
  /** Error code of #SS. */
  #error = 0;

  constructor(private readonly core: Core) {
    this.#place = this.#present();
  }

  /** Begins with the present stack. @param error - error code of #SS: bit EXT. */
  begin(error = 0): void {
    const { state } = this.core;
    this.#place = this.#present();
    const lo = state.u32(STACK_POINTER);
    this.pointer = this.#place.size === 64 ? fromWords(lo, state.u32(STACK_POINTER + 4)) : this.#cut(lo);
    this.#rights = Rights.Program;
    this.#error = error;
  }

  /**
   * Begins with another stack.
   *
   * @param cpl - the privilege level whose stack it is.
   * @param error - error code of #SS: the selector of its segment, and bit EXT.
   */
  beginAt(place: StackPlace, pointer: number, cpl: number, error = 0): void {
    this.#place = place;
    this.pointer = place.size === 64 ? pointer : this.#cut(pointer);
    this.#rights = cpl === 3 ? Rights.Program : Rights.Processor;
    this.#error = error;
  }

  /** Pushes the low bytes of two words. */
  push(width: Width, lo: number, hi = 0): boolean {
    const pointer = this.#moved(-width);
    if (!this.#checked(pointer, width)) return false;
    const { memory } = this.core;
    if (!memory.write(this.#address(pointer), width, lo, hi, this.#rights)) return this.#stackFault();
    this.pointer = pointer;
    return true;
  }

  /** Pushes a number; in 64-bit form it is signed. */
  pushNumber(width: Width, value: number): boolean {
    return this.push(width, lowWord(value), highWord(value));
  }

  /** Reads the value on top into `memory.lo` and `memory.hi` and removes it. */
  pop(width: Width): boolean {
    const { pointer } = this;
    if (!this.#checked(pointer, width)) return false;
    if (!this.core.memory.read(this.#address(pointer), width, this.#rights)) return this.#stackFault();
    this.pointer = this.#moved(width);
    return true;
  }

  /** Reads a value that is `bytes` above the top. */
  peek(bytes: number, width: Width): boolean {
    const pointer = this.#moved(bytes);
    if (!this.#checked(pointer, width)) return false;
    return this.core.memory.read(this.#address(pointer), width, this.#rights) || this.#stackFault();
  }

  /** Reads a value at a pointer of this stack. */
  peekAt(pointer: number, width: Width): boolean {
    const at = this.#place.size === 64 ? pointer : this.#cut(pointer);
    if (!this.#checked(at, width)) return false;
    return this.core.memory.read(this.#address(at), width, this.#rights) || this.#stackFault();
  }

  /** Removes bytes. */
  release(bytes: number): void {
    this.pointer = this.#moved(bytes);
  }

  /** Whether `bytes` can be pushed. Nothing is written. */
  hasRoom(bytes: number): boolean {
    const pointer = this.#moved(-bytes);
    if (!this.#checked(pointer, bytes)) return false;
    return this.core.memory.probeWrite(this.#address(pointer), bytes, this.#rights) || this.#stackFault();
  }

  /** Writes RSP, ESP or SP: as wide as the stack pointer. */
  commit(): void {
    const { state } = this.core;
    const { size } = this.#place;
    if (size === 64) state.setHalves(STACK_POINTER, lowWord(this.pointer), highWord(this.pointer));
    else if (size === 32) state.setGpr32(Gpr.RSP, this.pointer);
    else state.setGpr16(Gpr.RSP, this.pointer);
  }

  #present(): StackPlace {
    const { state } = this.core;
    return {
      base: state.base(SegmentRegister.SS),
      size: state.stackSize,
      within: (offset, bytes) => withinLimit(state, SegmentRegister.SS, offset, bytes),
    };
  }

  #moved(bytes: number): number {
    const moved = this.pointer + bytes;
    return this.#place.size === 64 ? moved : this.#cut(moved);
  }

  #cut(pointer: number): number {
    return this.#place.size === 16 ? pointer & 0xffff : pointer >>> 0;
  }

  #address(pointer: number): number {
    return this.#place.size === 64 ? pointer : (this.#place.base + pointer) >>> 0;
  }

  #checked(pointer: number, bytes: number): boolean {
    return (
      this.#place.size === 64 || this.#place.within(pointer, bytes) || this.core.fault.raise(Vector.SS, this.#error)
    );
  }

  /** An address that is not canonical is #SS for the stack (SDM vol. 3, 6.15). */
  #stackFault(): false {
    const { fault } = this.core;
    return fault.vector === Vector.GP ? fault.raise(Vector.SS, this.#error) : false;
  }
}
