import { Builder, Ty, fixedRegister } from '@qvm/jit';
import type { AccessOptions, Reg, RegisterFile, V } from '@qvm/jit';
import type { MemoryOperand, Operand, RegisterOperand } from '../describe/operand.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import type { SystemOperation } from './exits.js';
import { Exit, Vector, WITH_ERROR_CODE } from './exits.js';
import { Condition, FlagKind, PackedFlag, flagKind } from './flags.js';
import { Gpr, State } from './layout.js';
import { FLAT_SEGMENT, GPR, GPR16, GPR8, SEGMENT_BASE, SELECTOR, XMM, YMM_HIGH } from './register-files.js';

const HALVES = [0, 1] as const;
const FILES: readonly RegisterFile[] = [GPR8, GPR16, GPR, GPR];
/** Bits of `MemoryOperand.scale` by which an address is shifted left and right, so that it is cut. */
const CUT_BITS = 0x30;

/** Sign and exponent of an x87 register after an MMX instruction has written it. */
const X87_ONES = 0xffff;

/** Type of a value by log2 of its size in bytes. @experimental */
export const typeOf = (size: number): Ty => (size >= 4 ? Ty.v128 : size === 3 ? Ty.i64 : Ty.i32);

/** A place in a segment: of a memory operand or of a string. @experimental */
export interface SegmentPlace {
  /** The segment. */
  readonly segment: Reg;
  /** See `MemoryOperand.segmented`. */
  readonly segmented: boolean;
}

/** A jump to a relative target. @experimental */
export interface RelativeJump extends Pick<InstructionInfo, 'size' | 'target' | 'immediate'> {
  /** It takes place if this is not 0; absent: always. */
  readonly condition?: V;
  /** Whether the address of the next instruction has been stored. */
  readonly call?: boolean;
}

/**
 * The operations that instructions have in common, in 64-bit mode. `size` is log2 of bytes. Values of 8 and 16 bits are
 * i32, zero-extended. Builders of other modes override the methods that make addresses.
 *
 * @experimental
 */
export class X86 extends Builder {
  /** Whether this is code of 64-bit mode. */
  get isLong(): boolean {
    return true;
  }

  /** Whether addresses are those of real-address mode or virtual-8086 mode: an i32, 1 or 0. */
  realAddresses(): V {
    return this.i32(0);
  }

  /** The instruction pointer at this instruction, as x87 keeps it. */
  instructionPointer(): V {
    return this.pc();
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
        if (operand.registers === 'xmm') this.#writeVector(operand, v);
        else if (operand.registers === 'mmx') this.#writeMmx(operand, v);
        else this.setG(operand.register, operand.size, v);
        break;
      case 'memory':
        if (operand.whole) {
          this.storeAt(this.#openWhole(operand.whole, 'write'), operand.half === 1 ? 16 : 0, 16, v);
          break;
        }
        operand.opened ??= this.openOperand(operand, 1 << operand.size, 'write');
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
        if (operand.registers === 'xmm')
          return this.readReg(operand.half === 1 ? YMM_HIGH : XMM, operand.first, typeOf(size));
        return operand.registers === 'mmx' ? this.#readMmx(operand) : this.g(operand.register, size);
      case 'memory':
        if (operand.whole) return this.loadAt(this.#openWhole(operand.whole, 'read'), operand.half === 1 ? 16 : 0, 16);
        operand.opened = this.openOperand(operand, 1 << size, access);
        return this.loadAt(operand.opened, 0, 1 << size, false, typeOf(size));
      case 'immediate':
        return this.as(operand.value, typeOf(size));
    }
  }

  /** Opens an operand of 256 bits, once. */
  #openWhole(whole: MemoryOperand, access: 'read' | 'write'): V {
    return (whole.opened ??= this.openOperand(whole, 32, access, { element: 16 }));
  }

  /**
   * All 64 bits of an MMX register. They are in memory where x87 has its registers, and not a register file, because x87
   * instructions compute their places.
   */
  #readMmx(operand: RegisterOperand): V {
    return this.loadAt(this.#mmxSlot(operand), State.x87, 8);
  }

  /** Writes an MMX register, which is a NaN or an infinity to x87 then (SDM vol. 1, 9.5.1). */
  #writeMmx(operand: RegisterOperand, v: V): void {
    const slot = this.#mmxSlot(operand);
    this.storeAt(slot, State.x87, 8, this.as(v, Ty.i64));
    this.storeAt(slot, State.x87 + 8, 8, this.i64(X87_ONES));
  }

  #mmxSlot({ number }: RegisterOperand): V {
    return this.add(this.state(), this.shl(this.as(number, Ty.i32), this.imm(4)));
  }

  /** Raises #GP(0) before any effect if the instruction is not within the limit of CS; every one begins with this. */
  checkFetch(): void {
    // CS has no limit.
  }

  // --- exceptions ---

  /** Raises an exception before any effect if `condition`. */
  raiseIf(condition: V, vector: Vector, withErrorCode = false): void {
    this.leaveIf(condition, Exit.Exception, this.i32(vector | (withErrorCode ? WITH_ERROR_CODE : 0)));
  }

  /** The operand of `Exit.System` for an operation. */
  operation({ systemInfo }: InstructionInfo, operation: SystemOperation): V {
    return this.or(this.as(systemInfo, Ty.i32), this.imm(operation));
  }

  /** 0 if the turn ends after this instruction: an i32. */
  spareTurn(): V {
    return this.or(this.backEnd.remaining(), this.stateAt(State.aside, 4));
  }

  /** Leaves the whole instruction to the vCPU. */
  leaveToVcpu(info: InstructionInfo, operation: SystemOperation): void {
    this.leave(Exit.System, this.operation(info, operation));
  }

  /** Leaves the instruction to the vCPU before any effect if `condition`. */
  leaveToVcpuIf(condition: V, info: InstructionInfo, operation: SystemOperation): void {
    this.leaveIf(condition, Exit.System, this.operation(info, operation));
  }

  /** Leaves the instruction to the vCPU before any effect while `State.watched`. */
  leaveToVcpuIfWatched(info: InstructionInfo, operation: SystemOperation): void {
    this.leaveIfState(State.watched, Exit.System, this.operation(info, operation));
  }

  /** Raises #GP(0) before any effect unless the instruction may execute at this privilege level. */
  requirePrivilege(): void {
    this.leaveIfState(State.notPrivileged, Exit.Exception, this.i32(Vector.GP | WITH_ERROR_CODE));
  }

  /** Raises #GP(0) before any effect in virtual-8086 mode with IOPL below 3. */
  requireFlagAccess(): void {
    // There is no virtual-8086 mode.
  }

  /** Traps if SSE instructions, with a VEX prefix those of AVX, are not enabled; every one of them begins with this. */
  checkVectors(vex: boolean): void {
    const field = vex ? State.avxTrap : State.sseTrap;
    this.leaveIfState(field, Exit.Exception, this.stateAt(field, 4));
  }

  /** Raises #UD in real-address mode and virtual-8086 mode, which have no instructions with a VEX prefix (SDM vol. 2, 2.4). */
  requireProtectedMode(): void {
    // In 64-bit mode and in flat segments, it is neither.
  }

  // --- vectors ---

  #half: 0 | 1 | undefined;

  /** The half of vectors of 256 bits that is being computed; undefined: there is only one part. */
  get half(): 0 | 1 | undefined {
    return this.#half;
  }

  #mxcsr: V | undefined;

  /** Keeps the present value of MXCSR. */
  keepMxcsr(): void {
    this.#mxcsr = this.stateAt(State.mxcsr, 4);
    this.emitter.pin(this.useOf(this.#mxcsr));
  }

  /** The value that {@link X86.keepMxcsr} has kept. */
  get keptMxcsr(): V | undefined {
    return this.#mxcsr;
  }

  /** Computes both halves of vectors of 256 bits. */
  forHalves(compute: (half: 0 | 1) => void): void {
    for (const half of HALVES) {
      this.#half = half;
      compute(half);
    }
    this.#half = undefined;
  }

  /** 128 bits of an operand that is a vector register, whatever its size. */
  vectorRegister(operand: Operand): V {
    if (operand.kind !== 'register') throw new Error('a vector register');
    return this.readReg(operand.half === 1 ? YMM_HIGH : XMM, operand.first, Ty.v128);
  }

  /** Writes 128 bits of a vector register. With a VEX prefix, the upper half becomes 0 unless it is written, too. */
  #writeVector({ register, half, vex }: RegisterOperand, v: V): void {
    this.writeReg(half === 1 ? YMM_HIGH : XMM, register, v);
    if (half === undefined) this.clearUpper(register, vex);
  }

  /** Sets the upper half of a vector register to 0 if `vex`. */
  clearUpper(register: Reg, vex: boolean): void {
    if (vex) this.writeReg(YMM_HIGH, register, this.vectorFrom64(this.i64(0)));
  }

  /**
   * 128 bits of an operand. In memory it must be aligned unless there is a VEX prefix (SDM vol. 1, 10.4.1.1, 14.9).
   *
   * @param always - whether it must be aligned in any case.
   */
  readAligned(operand: Operand, always = false): V {
    if (operand.kind === 'memory') this.#requireAligned(operand, always);
    return this.read(operand);
  }

  /** Writes 128 bits of an operand, which must be aligned in memory in any case. */
  writeAligned(operand: Operand, v: V): void {
    if (operand.kind === 'memory') this.#requireAligned(operand, true);
    this.write(operand, v);
  }

  #requireAligned(operand: MemoryOperand, always: boolean): void {
    const { vex, half, whole } = operand;
    // The second half follows the first.
    if (half === 1 || (vex && !always)) return;
    const low = this.as(this.linearAddress(operand), Ty.i32);
    this.raiseIf(this.and(low, this.imm(whole ? 31 : 15)), Vector.GP, true);
  }

  // --- addresses ---

  /** Offset of a memory operand in its segment (SDM vol. 1, 3.7.5). */
  effectiveAddress({ base, index, scale, displacement, offset }: MemoryOperand): V {
    const bits = this.as(scale, Ty.i32);
    const scaled = this.shl(this.readReg(GPR, index, Ty.i64), this.and(bits, this.imm(3)));
    const placed = this.add(this.add(this.readReg(GPR, base, Ty.i64), scaled), this.as(displacement, Ty.i64));
    const sum = offset === undefined ? placed : this.add(placed, offset);
    const cut = this.and(bits, this.imm(CUT_BITS));
    return this.shr(this.shl(sum, cut), cut);
  }

  /** An offset in a segment, plus a distance: an i32, which is not negative. */
  advance(offset: V, distance: V): V {
    return this.add(offset, this.as(distance, Ty.i64));
  }

  /** Linear address of a memory operand, an i64. */
  linearAddress(operand: MemoryOperand): V {
    return this.linearIn(operand, this.effectiveAddress(operand));
  }

  /** Opens an access to a memory operand: see `Builder.open`. */
  openOperand(
    operand: MemoryOperand,
    bytes: number,
    access: 'read' | 'write' | 'readWrite',
    options?: AccessOptions,
  ): V {
    return this.openIn(operand, this.effectiveAddress(operand), bytes, access, options);
  }

  /** Opens an access to an offset in a segment: an i64, or an i32 that is zero-extended from the address size. */
  openIn(
    place: SegmentPlace,
    offset: V,
    bytes: number,
    access: 'read' | 'write' | 'readWrite',
    options?: AccessOptions,
  ): V {
    return this.open(this.linearIn(place, offset), bytes, access, options);
  }

  /**
   * Opens an access to an offset as {@link X86.openIn} does if `condition`; otherwise one that reads the instruction, which
   * cannot fault.
   */
  openInIf(condition: V, place: SegmentPlace, offset: V, bytes: number, access: 'read' | 'write'): V {
    return this.open(this.select(condition, this.linearIn(place, offset), this.pc()), bytes, access);
  }

  /** Number of vector registers. */
  get vectorRegisters(): number {
    return 16;
  }

  /** ES, the segment of the destination of strings. */
  get extraSegment(): SegmentPlace {
    return { segment: fixedRegister(FLAT_SEGMENT), segmented: false };
  }

  /** Linear address, an i64, of an offset as in {@link X86.openIn}. */
  linearIn({ segment }: SegmentPlace, offset: V): V {
    return this.add(this.as(offset, Ty.i64), this.readReg(SEGMENT_BASE, segment, Ty.i64));
  }

  /**
   * Number of bytes from an offset on that the segment allows to access, but at most `most`: an i32; undefined if it is not
   * limited.
   */
  roomIn(_place: SegmentPlace, _offset: V, _access: 'read' | 'write', _most: number): V | undefined {
    return undefined;
  }

  // --- stack ---

  /** log2 of the bytes of the stack pointer, as values have it. */
  get stackSize(): number {
    return 3;
  }

  /** The stack pointer plus a number of bytes. */
  stackPointer(bytes = 0): V {
    return this.stackPointerPlus(this.imm(bytes));
  }

  /** The stack pointer plus a distance. */
  stackPointerPlus(distance: V): V {
    const { stackSize } = this;
    return this.add(this.fixed(Gpr.RSP, stackSize), this.as(distance, typeOf(stackSize)));
  }

  /** Writes the stack pointer. */
  setStackPointer(pointer: V): void {
    this.setFixed(Gpr.RSP, this.stackSize, pointer);
  }

  /** Opens an access to the stack at a pointer. */
  openStack(pointer: V, bytes: number, access: 'read' | 'write'): V {
    return this.open(this.as(pointer, Ty.i64), bytes, access);
  }

  /** Pushes a value of 16, 32 or 64 bits. */
  push(v: V, size: number): void {
    const bytes = 1 << size;
    const top = this.stackPointer(-bytes);
    this.storeAt(this.openStack(top, bytes, 'write'), 0, bytes, this.as(v, typeOf(size)));
    this.setStackPointer(top);
  }

  /** The value at a pointer to the stack. Default: on top. The caller moves the stack pointer. */
  onStack(size: number, pointer = this.stackPointer()): V {
    return this.loadAt(this.openStack(pointer, 1 << size, 'read'), 0, 1 << size, false, typeOf(size));
  }

  // --- control ---

  /** The instruction pointer after this instruction: an i64. */
  nextIp(): V {
    return this.nextPc();
  }

  /** Jumps to a relative target. */
  jumpRelative({ target, condition, call }: RelativeJump): void {
    if (condition === undefined) this.jump(target, call);
    else this.branch(condition, target);
  }

  /** Jumps to an instruction pointer, an i64, or an i32 that is zero-extended from the operand size. */
  jumpNear(address: V, call = false): void {
    this.jumpTo(this.as(address, Ty.i64), call);
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
