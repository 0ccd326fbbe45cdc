import { Builder, Ty, fixedRegister } from '@qvm/jit';
import type { Reg, RegisterFile, V } from '@qvm/jit';
import type { MemoryOperand, Operand } from '../describe/operand.js';
import { Exit, Vector, WITH_ERROR_CODE } from './exits.js';
import { Condition, FlagKind, PackedFlag, flagKind } from './flags.js';
import { Gpr, State } from './layout.js';
import { GPR, GPR16, GPR8, SEGMENT_BASE, SELECTOR, XMM } from './register-files.js';

const FILES: readonly RegisterFile[] = [GPR8, GPR16, GPR, GPR];
/** Bits of `MemoryOperand.scale` by which an address is shifted left and right, so that it is cut to 32 or 16 bits. */
const CUT_BITS = 0x30;

/** Type of a value by log2 of its size in bytes. @experimental */
export const typeOf = (size: number): Ty => (size === 4 ? Ty.v128 : size === 3 ? Ty.i64 : Ty.i32);

/**
 * The builder of the tables for 64-bit mode: the operations that instructions have in common. `size` is log2 of bytes.
 * Values of 8 and 16 bits are i32, zero-extended.
 *
 * @experimental
 */
export class X86 extends Builder {
  /** Whether ES, CS, SS and DS have base 0 and no limits. */
  get flat(): boolean {
    return true;
  }

  // --- operands ---

  /** A general register. */
  g(register: Reg, size: number): V {
    return this.readReg(FILES[size] as RegisterFile, register, typeOf(size));
  }

  /** Writes a general register; 32 bits are zero-extended, 8 and 16 bits replace a part of it. */
  setG(register: Reg, size: number, v: V): void {
    const value = size === 2 ? this.as(this.as(v, Ty.i32), Ty.i64) : this.as(v, typeOf(size));
    this.writeReg(FILES[size] as RegisterFile, register, value);
  }

  /** A general register by its number. */
  fixed(register: Gpr, size: number): V {
    return this.g(fixedRegister(register), size);
  }

  /** Writes a general register by its number. */
  setFixed(register: Gpr, size: number, v: V): void {
    this.setG(fixedRegister(register), size, v);
  }

  /** Offset of a memory operand in its segment (SDM vol. 1, 3.7.5). */
  effectiveAddress({ base, index, scale, displacement, offset }: MemoryOperand): V {
    const bits = this.as(scale, Ty.i32);
    const scaled = this.shl(this.readReg(GPR, index, Ty.i64), this.and(bits, this.imm(3)));
    const placed = this.add(this.add(this.readReg(GPR, base, Ty.i64), scaled), this.as(displacement, Ty.i64));
    const sum = offset === undefined ? placed : this.add(placed, offset);
    const cut = this.and(bits, this.imm(CUT_BITS));
    return this.shr(this.shl(sum, cut), cut);
  }

  /** Linear address of a memory operand. */
  linearAddress(operand: MemoryOperand): V {
    return this.add(this.effectiveAddress(operand), this.readReg(SEGMENT_BASE, operand.segment, Ty.i64));
  }

  /** Linear address of an offset, cut to the address size, in the segment with a base. */
  inSegment(offset: V, addressSize: number, segment: Reg): V {
    const cut = addressSize === 3 ? offset : this.zx(offset, 8 << addressSize);
    return this.add(cut, this.readReg(SEGMENT_BASE, segment, Ty.i64));
  }

  /** The selector of a segment register, an i32. */
  selector(register: Reg): V {
    return this.readReg(SELECTOR, register, Ty.i32);
  }

  /** The value of an operand. */
  read(operand: Operand): V {
    return this.#read(operand, 'read');
  }

  /** The value of an operand that is written afterwards. */
  modify(operand: Operand): V {
    return this.#read(operand, 'readWrite');
  }

  /** Writes an operand. */
  write(operand: Operand, v: V): void {
    switch (operand.kind) {
      case 'register':
        if (operand.registers === 'xmm') this.writeReg(XMM, operand.register, v);
        else this.setG(operand.register, operand.size, v);
        break;
      case 'memory':
        operand.opened ??= this.open(this.linearAddress(operand), 1 << operand.size, 'write');
        this.storeAt(operand.opened, 0, 1 << operand.size, this.as(v, typeOf(operand.size)));
        break;
      case 'immediate':
        throw new Error('an immediate is not written');
    }
  }

  #read(operand: Operand, access: 'read' | 'readWrite'): V {
    const { size } = operand;
    switch (operand.kind) {
      case 'register':
        return operand.registers === 'xmm'
          ? this.readReg(XMM, operand.register, typeOf(size))
          : this.g(operand.register, size);
      case 'memory':
        operand.opened = this.open(this.linearAddress(operand), 1 << size, access);
        return this.loadAt(operand.opened, 0, 1 << size, false, typeOf(size));
      case 'immediate':
        return this.as(operand.value, typeOf(size));
    }
  }

  // --- exceptions ---

  /** Raises an exception before any effect if `condition`. */
  raiseIf(condition: V, vector: Vector, withErrorCode = false): void {
    this.leaveIf(condition, Exit.Exception, this.i32(vector | (withErrorCode ? WITH_ERROR_CODE : 0)));
  }

  /** Raises #GP(0) before any effect unless the instruction may execute at this privilege level. */
  requirePrivilege(): void {
    this.leaveIfState(State.notPrivileged, Exit.Exception, this.i32(Vector.GP | WITH_ERROR_CODE));
  }

  /** Traps if SSE instructions are not enabled; every one of them begins with this. */
  checkSse(): void {
    this.leaveIfState(State.sseTrap, Exit.Exception, this.stateAt(State.sseTrap, 4));
  }

  // --- vectors ---

  /** A vector register. */
  xmm(register: Reg): V {
    return this.readReg(XMM, register, Ty.v128);
  }

  /** Writes all 128 bits of a vector register. */
  setXmm(register: Reg, v: V): void {
    this.writeReg(XMM, register, v);
  }

  /** All 128 bits of an operand, which must be aligned in memory (SDM vol. 1, 10.4.1.1). */
  readAligned(operand: Operand): V {
    if (operand.kind === 'memory') this.#requireAligned(operand);
    return this.read(operand);
  }

  /** Writes all 128 bits of an operand, which must be aligned in memory. */
  writeAligned(operand: Operand, v: V): void {
    if (operand.kind === 'memory') this.#requireAligned(operand);
    this.write(operand, v);
  }

  #requireAligned(operand: MemoryOperand): void {
    const misaligned = this.and(this.as(this.linearAddress(operand), Ty.i32), this.imm(15));
    this.raiseIf(misaligned, Vector.GP, true);
  }

  // --- stack ---

  /** Pushes a value of 16 or 64 bits. */
  push(v: V, size = 3): void {
    const bytes = 1 << size;
    const top = this.sub(this.fixed(Gpr.RSP, 3), this.i64(bytes));
    this.storeAt(this.open(top, bytes, 'write'), 0, bytes, this.as(v, typeOf(size)));
    this.setFixed(Gpr.RSP, 3, top);
  }

  /** The value on top of the stack. The caller moves the stack pointer. */
  top(size = 3): V {
    return this.loadAt(this.open(this.fixed(Gpr.RSP, 3), 1 << size, 'read'), 0, 1 << size, false, typeOf(size));
  }

  // --- flags ---

  /** Sets the flags of `x - y`. */
  subFlags(x: V, y: V, size: number): V {
    this.setFlags(flagKind(FlagKind.Sub, size), this.as(x, Ty.i64), this.as(y, Ty.i64));
    return this.#cut(this.sub(x, y), size);
  }

  /** Sets the flags of `x + y`. */
  addFlags(x: V, y: V, size: number): V {
    this.setFlags(flagKind(FlagKind.Add, size), this.as(x, Ty.i64), this.as(y, Ty.i64));
    return this.#cut(this.add(x, y), size);
  }

  /** Sets the flags of a logical result: CF = OF = 0. */
  logicFlags(result: V, size: number): V {
    this.setFlags(flagKind(FlagKind.Logic, size), this.as(result, Ty.i64), this.i64(0));
    return result;
  }

  /** Sets ZF, SF and PF by a result, and CF, OF and AF from `others`, an i32 of {@link PackedFlag} bits. */
  resultFlags(result: V, others: V, size: number): V {
    const cut = this.#cut(result, size);
    this.setFlags(flagKind(FlagKind.Result, size), this.as(cut, Ty.i64), this.as(this.as(others, Ty.i32), Ty.i64));
    return cut;
  }

  /**
   * A result that has the present ZF, SF and PF, and the present AF as a {@link PackedFlag} bit.
   *
   * @param kind - the present kind of the flags, which is not packed.
   */
  resultOfFlags(kind: number): {
    /** The result, of which ZF, SF and PF are. */
    readonly result: V;
    /** AF. */
    readonly adjust: V;
    /** log2 of the operand size in bytes. */
    readonly size: number;
  } {
    const { x, y } = this.lazyFlags();
    const size = kind & 3;
    const operation = (kind & ~3) as FlagKind;
    const ty = typeOf(size);
    if (operation === FlagKind.Result || operation === FlagKind.Logic)
      return { result: this.as(x, ty), adjust: this.and(this.as(y, Ty.i32), this.imm(PackedFlag.AF)), size };
    const whole = operation === FlagKind.Sub ? this.sub(x, y) : this.add(x, y);
    const changed = this.as(this.xor(this.xor(x, y), whole), Ty.i32);
    const adjust = this.and(this.shl(changed, this.imm(1)), this.imm(PackedFlag.AF));
    return { result: this.#cut(this.as(whole, ty), size), adjust, size };
  }

  /** Sets all flags from an i32 of {@link PackedFlag} bits. */
  setPackedFlags(packed: V): void {
    this.setFlags(FlagKind.Packed, this.as(this.as(packed, Ty.i32), Ty.i64), this.i64(0));
  }

  /** CF as an i32. */
  carry(): V {
    return this.cond(Condition.B);
  }

  /** A flag that is set if `condition` holds, which is 0 or 1. */
  flag(condition: V, flag: (typeof PackedFlag)[keyof typeof PackedFlag]): V {
    return this.shl(this.as(condition, Ty.i32), this.imm(Math.log2(flag)));
  }

  /** The low bits of a value: zero-extended for 8 and 16 bits. */
  #cut(v: V, size: number): V {
    return size < 2 ? this.zx(v, 8 << size) : v;
  }

  /** The low bits of a value as `zx` of a size. */
  cut(v: V, size: number): V {
    return this.#cut(v, size);
  }

  /** The sign bit of a value: an i32. */
  sign(v: V, size: number): V {
    return this.lts(size === 3 ? v : this.sx(v, 8 << size), this.imm(0));
  }
}
