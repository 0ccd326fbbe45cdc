import { Builder, fixedRegister, Ty } from '@qvm/jit';
import type { Reg, V } from '@qvm/jit';
import { FlagKind } from './flags.js';
import { Exit, State } from './layout.js';
import { GPR, GPR_SP, VECTOR } from './register-files.js';

/** Shift types of the data-processing instructions. @experimental */
export enum ShiftType {
  LSL,
  LSR,
  ASR,
  ROR,
}

/**
 * The builder of the A64 tables: the operations that A64 instructions have in common. `sf` is 1 for 64-bit operations,
 * 0 for 32-bit ones.
 *
 * @experimental
 */
export class A64 extends Builder {
  /** A general register; 31 reads as zero. */
  x(r: Reg, sf: number): V {
    return this.readReg(GPR, r, sf ? Ty.i64 : Ty.i32);
  }

  /** A general register; 31 is SP. */
  xsp(r: Reg, sf: number): V {
    return this.readReg(GPR_SP, r, sf ? Ty.i64 : Ty.i32);
  }

  /** Writes a general register; 32-bit values are zero-extended, 31 is discarded. */
  setX(r: Reg, v: V): void {
    this.writeReg(GPR, r, this.as(v, Ty.i64));
  }

  /** Writes a general register; 31 is SP. */
  setXsp(r: Reg, v: V): void {
    this.writeReg(GPR_SP, r, this.as(v, Ty.i64));
  }

  /** All 128 bits of a vector register. */
  v(r: Reg): V {
    return this.readReg(VECTOR, r, Ty.v128);
  }

  /** The low 64 bits of a vector register, as an i64. */
  d(r: Reg): V {
    return this.readReg(VECTOR, r, Ty.i64);
  }

  /** The low 32 bits of a vector register, as an i32. */
  s(r: Reg): V {
    return this.readReg(VECTOR, r, Ty.i32);
  }

  /** Writes all 128 bits. */
  setV(r: Reg, v: V): void {
    this.writeReg(VECTOR, r, v);
  }

  /** Writes the low 64 bits and clears the rest; a narrower scalar must be zero-extended. */
  setD(r: Reg, v: V): void {
    this.writeReg(VECTOR, r, this.vectorFrom64(this.as(v, Ty.i64)));
  }

  /** A vector result of 64 (`q` = 0) or 128 bits. */
  setVq(r: Reg, v: V, q: number): void {
    this.writeReg(VECTOR, r, q ? v : this.simd('v128_and', v, this.vector(LOW_HALF)));
  }

  /** Address of FPCR and FPSR, for softfloat. */
  fpStatus(): V {
    return this.add(this.state(), this.imm(State.fpcr));
  }

  /** Traps if access to FP and SIMD registers is disabled; every FP and SIMD instruction begins with this. */
  checkFp(): void {
    this.leaveIfState(State.fpTrap, Exit.FpTrap, this.i32(0));
  }

  /** Sets NZCV for `x + y` by storing the operands; the flags are computed when they are needed. */
  addFlags(x: V, y: V): V {
    return this.#arithmeticFlags(FlagKind.Add, x, y, this.add(x, y));
  }

  /** Sets NZCV for `x - y` by storing the operands; the flags are computed when they are needed. */
  subFlags(x: V, y: V): V {
    return this.#arithmeticFlags(FlagKind.Sub, x, y, this.sub(x, y));
  }

  /** Sets N and Z for a logical result; C and V become 0. */
  logicFlags(result: V): V {
    return this.#arithmeticFlags(FlagKind.Add, result, this.imm(0), result);
  }

  /** Sets NZCV from an i32, 0–15. */
  setNzcv(packed: V): void {
    this.setFlags(FlagKind.Packed, this.as(packed, Ty.i64), this.i64(0));
  }

  /** Sets the flags of an operation if `condition`, otherwise NZCV = `packed`. */
  setFlagsIf(condition: V, kind: FlagKind, x: V, y: V, packed: V): void {
    const kindOf = this.select(condition, this.i32(kind), this.i32(FlagKind.Packed));
    this.setFlagsOf(kindOf, this.select(condition, x, this.as(packed, Ty.i64)), y);
  }

  /** The carry flag as 0 or 1 in the given width. */
  carry(sf: number): V {
    return this.as(this.and(this.shr(this.packedFlags(), this.imm(1)), this.imm(1)), sf ? Ty.i64 : Ty.i32);
  }

  /** x + y + C; sets the flags if `flags`. */
  addWithCarry(x: V, y: V, sf: number, flags: boolean): V {
    const carry = this.carry(sf);
    const partial = this.add(x, y);
    const result = this.add(partial, carry);
    if (flags) {
      const carryOut = this.or(this.ltu(partial, x), this.ltu(result, partial));
      const overflow = this.and(this.xor(x, result), this.xor(this.as(y, sf ? Ty.i64 : Ty.i32), result));
      const top = this.imm(sf ? 63 : 31);
      const bit = (v: V): V => this.as(this.shr(v, top), Ty.i32);
      const nz = this.or(this.shl(bit(result), this.imm(3)), this.shl(this.eqz(result), this.imm(2)));
      this.setNzcv(this.or(nz, this.or(this.shl(carryOut, this.imm(1)), bit(overflow))));
    }
    return result;
  }

  /** Shifts by an amount that is less than the width. */
  shift(x: V, kind: number, amount: V): V {
    switch (kind as ShiftType) {
      case ShiftType.LSL:
        return this.shl(x, amount);
      case ShiftType.LSR:
        return this.shr(x, amount);
      case ShiftType.ASR:
        return this.sar(x, amount);
      case ShiftType.ROR:
        return this.ror(x, amount);
    }
  }

  /** Register extension (Arm ARM shared pseudocode, ExtendReg), in 64 bits before the shift; `option` as encoded. */
  extend(r: Reg, option: number): V {
    const bits = 8 << (option & 3);
    const x = this.x(r, 1);
    return option & 4 ? this.sx(x, bits) : this.zx(x, bits);
  }

  /** Writes the address of the next instruction to X30. */
  link(): void {
    this.setX(fixedRegister(30), this.nextPc());
  }

  /**
   * The value of a base register. If it is SP (`isSp` is static), misalignment faults before anything else (Arm ARM
   * D1.8.2).
   */
  base(r: Reg, isSp: number): V {
    if (isSp) this.leaveIfMisaligned(GPR_SP, r, State.spAlignmentCheck, Exit.SpAlignment, this.i32(0));
    return this.xsp(r, 1);
  }

  #arithmeticFlags(kind: FlagKind, x: V, y: V, result: V): V {
    const ty = this.type(x);
    if (ty === Ty.i64) this.setFlags(kind, x, this.as(y, Ty.i64));
    else this.setFlags(kind, this.#toTop(x), this.#toTop(this.as(y, Ty.i32)));
    return result;
  }

  #toTop(x: V): V {
    return this.shl(this.as(x, Ty.i64), this.imm(32));
  }
}

const LOW_HALF = [255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0];
