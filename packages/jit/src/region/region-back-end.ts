import { Flow } from '../builder/back-end.js';
import type { BackEnd, LazyOperands, SharedProbe } from '../builder/back-end.js';
import type { Builder } from '../builder/builder.js';
import { testCondition } from '../builder/conditions.js';
import type { FlagModel } from '../builder/flag-model.js';
import { node } from '../builder/graph.js';
import { EngineState, LINK_BYTES, PAGE_BITS, REGION_MINIMUM, TlbEntry } from '../builder/layout.js';
import { isPart, registerType } from '../builder/register-file.js';
import type { RegisterFile } from '../builder/register-file.js';
import { emitEntryOffset } from '../builder/tlb-lookup.js';
import type { Reg, V } from '../describe/value.js';
import { FIXED_REGISTER } from '../interpreter/operands.js';
import { Ty } from '../wasm/code-buffer.js';
import { AccessWindows } from './access-windows.js';
import { Facts } from './facts.js';
import type { Displaced } from './facts.js';
import { FLAGS } from './register-homes.js';
import { pageNumber } from './page-number.js';
import type { RegisterHomes } from './register-homes.js';
import { IntOp, Op, Simd } from '../wasm/opcodes.js';
import { nextOffset } from './region-instruction.js';
import type { RegionInstruction } from './region-instruction.js';
import type { WaysOut } from './ways-out.js';

/** Locals and the exit label of a region's function. @internal */
export interface RegionFrame {
  readonly cpu: number;
  readonly left: number;
  /** Virtual address of the page. */
  readonly page: number;
  /** Address at which execution continues. */
  readonly pc: number;
  /** Address of the TLB bank. */
  readonly bank: number;
  readonly exit: number;
  /** Whether execution may continue in another region. */
  readonly chain: number;
  readonly ways: WaysOut;
}

/** The kind of the flags where several predecessors set different ones. @internal */
export const UNKNOWN_FLAGS = -1;

/**
 * Emits the instructions of a region: operands are constants, registers and flags are locals, and anything that is not
 * plain (a TLB miss, an instruction for the engine) leaves the region at that instruction, without any of its effects.
 *
 * @internal
 */
export class RegionBackEnd<B> implements BackEnd {
  /** Kind of the flags in the locals at this point, if known. */
  flagKind = UNKNOWN_FLAGS;
  /** Other accesses leave the region. */
  readonly opensDirectly = true;
  /** Whether the flags that the current instruction sets are of no use. */
  flagsAreDead = false;
  /** Facts known at this point. */
  facts = Facts.none();
  readonly #windows: AccessWindows;
  #instruction: RegionInstruction<B> | undefined;
  /**
   * Number of instructions of the block from the current one on; they are not retired if the region is left at this
   * point.
   */
  #rest = 0;
  /** Locals that tell whether a page has been looked up, by page number. */
  readonly #pages = new Map<number, number>();

  constructor(
    readonly builder: Builder,
    private readonly frame: RegionFrame,
    private readonly flags: FlagModel,
    private readonly homes: RegisterHomes,
    /** Flags are always in locals, because most instructions that set them are followed by others that do. */
    private readonly flagHomes: RegisterHomes,
  ) {
    this.#windows = new AccessWindows(builder.locals);
  }

  /** Begins a block, with the facts that hold at the end of all of its predecessors. */
  enterBlock(flagKind: number, facts: Facts): void {
    this.flagKind = flagKind;
    this.facts = facts;
    this.#windows.enterBlock();
  }

  /** Sets the instruction that is emitted next. */
  begin(instruction: RegionInstruction<B>, rest: number, flagsAreDead: boolean): void {
    this.flagsAreDead = flagsAreDead;
    this.#instruction = instruction;
    this.#rest = rest;
    this.#windows.enterInstruction();
  }

  /** Enough must remain for the way from here to the next loop header, which is the next test. */
  spareInstructions(): V {
    const { builder } = this;
    return builder.sub(builder.local(this.frame.left, Ty.i32), builder.i32(REGION_MINIMUM));
  }

  remaining(): V {
    const { builder } = this;
    return builder.add(builder.local(this.frame.left, Ty.i32), builder.i32(this.#rest - 1));
  }

  retireMore(count: () => void): void {
    const { code } = this.builder;
    const { left } = this.frame;
    code.get(left);
    count();
    code.op(IntOp.sub[0]).set(left);
  }

  emitOperand(operand: number, ty: Ty): void {
    const { operands } = this.#instruction as RegionInstruction<B>;
    const value = this.builder.immHalves(operands[2 * operand] as number, operands[2 * operand + 1] as number);
    this.builder.emitAs(node(value), ty);
  }

  emitRegister(file: RegisterFile, register: Reg, ty: Ty): void {
    const { code } = this.builder;
    const offset = file.readOffset(this.#number(register));
    if (offset === EngineState.zero) {
      if (ty === Ty.i64) code.i64(0);
      else code.i32(0);
      return;
    }
    if (offset === EngineState.pcBias) {
      // Operands of kind `place` count from the region's page.
      code.get(this.frame.page);
      if (ty === Ty.i32) code.op(Op.i32_wrap_i64);
      return;
    }
    if (isPart(file)) {
      this.#emitPart(file, offset, ty);
      return;
    }
    const home = registerType(file);
    const local = this.homes.read(offset, home, this.facts, this.builder.conditional);
    if (local !== undefined) code.get(local);
    if (home === Ty.v128 && ty === Ty.i64) code.op(Simd.i64x2_extract_lane).byte(0);
    else if (home === Ty.v128 && ty === Ty.i32) code.op(Simd.i32x4_extract_lane).byte(0);
    else if (home === Ty.i64 && ty === Ty.i32) code.op(Op.i32_wrap_i64);
    else if (home === Ty.i32 && ty === Ty.i64) code.op(Op.i64_extend_i32_u);
  }

  registerOffset(file: RegisterFile, register: Reg): number {
    return file.readOffset(this.#number(register));
  }

  writeRegister(file: RegisterFile, register: Reg, value: () => void, n: number): void {
    const offset = file.writeOffset(this.#number(register));
    if (isPart(file)) {
      this.#writePart(file, offset, value);
      return;
    }
    this.facts.noteWrite(offset, this.#displaced(n));
    if (offset === EngineState.trash) {
      value();
      this.builder.code.byte(DROP);
    } else this.homes.write(offset, registerType(file), this.facts, value);
  }

  /** Pushes a register that is a part of 64 bits. */
  #emitPart(file: RegisterFile, offset: number, ty: Ty): void {
    const { code } = this.builder;
    const whole = offset & -WHOLE_BYTES;
    const local = this.homes.read(whole, Ty.i64, this.facts, this.builder.conditional);
    if (local !== undefined) code.get(local);
    if (offset !== whole) code.i64((offset - whole) * 8).op(IntOp.shr[1]);
    if (ty === Ty.i32)
      code
        .op(Op.i32_wrap_i64)
        .i32(2 ** file.bits - 1)
        .op(IntOp.and[0]);
    else code.i64(2 ** file.bits - 1).op(IntOp.and[1]);
  }

  /** Replaces a part of 64 bits. */
  #writePart(file: RegisterFile, offset: number, value: () => void): void {
    const { builder, homes, facts } = this;
    const { code } = builder;
    const whole = offset & -WHOLE_BYTES;
    const shift = (offset - whole) * 8;
    const part = ((1n << BigInt(file.bits)) - 1n) << BigInt(shift);
    const mask = BigInt.asIntN(64, ~part);
    facts.noteWrite(whole, undefined);
    const written = builder.locals.take(Ty.i32);
    value();
    code.set(written);
    const old = homes.read(whole, Ty.i64, facts, builder.conditional);
    if (old === undefined) throw new Error('a part of a register is written conditionally');
    homes.write(whole, Ty.i64, facts, () => {
      code
        .get(old)
        .i64(Number(BigInt.asIntN(32, mask)), Number(mask >> 32n))
        .op(IntOp.and[1]);
      code
        .get(written)
        .i32(2 ** file.bits - 1)
        .op(IntOp.and[0])
        .op(Op.i64_extend_i32_u);
      if (shift !== 0) code.i64(shift).op(IntOp.shl[1]);
      code.op(IntOp.or[1]);
    });
  }

  shareProbe(va: number, bytes: number, write: boolean): SharedProbe | undefined {
    // Lookups in conditional code are not shared: the other path would lack it.
    const near = this.builder.conditional ? undefined : this.#displaced(va);
    if (near === undefined) return undefined;
    // Named members, because spreading is many times slower.
    const { register, displacement } = near;
    return this.#windows.share(this.facts, { register, displacement, bytes, write });
  }

  emitPc(): void {
    this.emitAddress((this.#instruction as RegionInstruction<B>).offset);
  }

  emitNextPc(): void {
    this.emitAddress(nextOffset(this.#instruction as RegionInstruction<B>));
  }

  /** The virtual address at an offset from the page's. */
  emitAddress(offset: number): void {
    this.builder.code.get(this.frame.page).i64(offset).op(0x7c);
  }

  lastFetched(): V | undefined {
    const { builder, facts } = this;
    const page = pageNumber((this.#instruction as RegionInstruction<B>).offset);
    if (facts.isFetchedPage(page)) return undefined;
    facts.learnFetchedPage(page);
    return builder.add(builder.local(this.frame.page, Ty.i64), builder.i64(((page + 1) << PAGE_BITS) - 1));
  }

  condition(condition: number): V {
    const x = this.#flagLocal(FLAGS.x, Ty.i64);
    const y = this.#flagLocal(FLAGS.y, Ty.i64);
    const known = this.flagKind === UNKNOWN_FLAGS ? undefined : this.flagKind;
    const kind = (): V => this.#kindOfFlags();
    const packed = (): V => this.flags.pack(this.builder, kind(), x, y);
    return testCondition(this.builder, this.flags, { known, kind, x, y, packed }, condition);
  }

  lazyFlags(): LazyOperands {
    const x = this.#flagLocal(FLAGS.x, Ty.i64);
    const y = this.#flagLocal(FLAGS.y, Ty.i64);
    return { known: this.flagKind === UNKNOWN_FLAGS ? undefined : this.flagKind, kind: this.#kindOfFlags(), x, y };
  }

  packedFlags(): V {
    const kind = this.#kindOfFlags();
    return this.flags.pack(this.builder, kind, this.#flagLocal(FLAGS.x, Ty.i64), this.#flagLocal(FLAGS.y, Ty.i64));
  }

  commitFlags(kind: number, x: V, y: V, computed?: V): void {
    const { builder, flagHomes: homes, facts } = this;
    const { code } = builder;
    // All three values are computed before any of the fields changes.
    const newX = builder.locals.take(Ty.i64);
    const newY = builder.locals.take(Ty.i64);
    builder.emitAs(node(x), Ty.i64);
    code.set(newX);
    builder.emitAs(node(y), Ty.i64);
    code.set(newY);
    if (computed !== undefined) homes.write(FLAGS.kind, Ty.i32, facts, () => builder.emit(computed));
    else if (kind !== this.flagKind) homes.write(FLAGS.kind, Ty.i32, facts, () => code.i32(kind));
    homes.write(FLAGS.y, Ty.i64, facts, () => code.get(newY));
    homes.write(FLAGS.x, Ty.i64, facts, () => code.get(newX));
    this.flagKind = computed !== undefined ? UNKNOWN_FLAGS : kind;
  }

  #kindOfFlags(): V {
    if (this.flagKind !== UNKNOWN_FLAGS) return this.builder.i32(this.flagKind);
    return this.#flagLocal(FLAGS.kind, Ty.i32);
  }

  #flagLocal(offset: number, ty: Ty): V {
    return this.builder.local(this.flagHomes.read(offset, ty, this.facts, false) as number, ty);
  }

  emitMiss(): void {
    this.#leaveHere();
  }

  flushStore(): void {
    // An address from the TLB is plain memory.
  }

  leave(): void {
    this.#leaveHere();
  }

  skip(): void {
    this.#leaveHere();
  }

  finish(flow: Flow, condition: number, target: number): void {
    if (flow === Flow.Branch) this.builder.emitNode(condition);
    if (flow === Flow.Indirect || flow === Flow.IndirectCall) {
      this.builder.emitNode(target);
      this.builder.code.set(this.frame.pc);
    }
  }

  /** Leaves for the address in `pc`, which the indirect branch at `from` has set. */
  leaveFrom(from: number): void {
    const { code } = this.builder;
    code.get(this.frame.cpu);
    this.emitAddress(from);
    code.memory(Op.i64_store, EngineState.leftFrom);
    code.i32(1).set(this.frame.chain).br(this.frame.exit);
  }

  /** Whether control goes to an offset: an i32. */
  emitGoesTo(offset: number): void {
    this.emitAddress(offset);
    this.builder.code.get(this.frame.pc).op(IntOp.eq[1]);
  }

  /**
   * Whether another page is mapped to the translated code: an i32. No translation changes while a region runs, so each
   * page is looked up once.
   *
   * @param link - number of the module's link to the page.
   */
  emitHasPage(number: number, link: number): void {
    const { code, locals } = this.builder;
    const { bank } = this.frame;
    let known = this.#pages.get(number);
    if (known === undefined) this.#pages.set(number, (known = locals.reserve(Ty.i32)));
    const entry = locals.take(Ty.i32);
    code.get(known).if(Ty.i32);
    code.i32(1).else().get(bank);
    this.emitAddress(number << PAGE_BITS);
    emitEntryOffset(code);
    code.op(IntOp.add[0]).tee(entry).memory(Op.i64_load, TlbEntry.execTag);
    this.emitAddress(number << PAGE_BITS);
    code.op(IntOp.eq[1]);
    code.get(entry).memory(Op.i32_load, TlbEntry.code);
    code
      .global(LINKS)
      .memory(Op.i32_load, link * LINK_BYTES)
      .op(IntOp.eq[0]);
    code.op(IntOp.and[0]).tee(known).end();
  }

  /** Continues at an address in or near the page, in another region if one begins there. */
  goTo(offset: number): void {
    this.frame.ways.go(offset);
  }

  /** Leaves the regions for an address in or near the page; all instructions before it have been executed. */
  leaveTo(offset: number): void {
    this.frame.ways.leave(offset, 0);
  }

  /** Leaves at the current instruction, which the interpreter executes with everything that it needs. */
  #leaveHere(): void {
    this.frame.ways.leave((this.#instruction as RegionInstruction<B>).offset, this.#rest);
  }

  /** The register and constant whose sum a value is, if it has that form. */
  #displaced(n: number): Displaced | undefined {
    const affine = this.builder.affine(n);
    if (affine === undefined) return undefined;
    return { register: this.registerOffset(affine.file, affine.register), displacement: affine.displacement };
  }

  #number(register: Reg): number {
    const number = register as unknown as number;
    if (number >= FIXED_REGISTER) return number - FIXED_REGISTER;
    return (this.#instruction as RegionInstruction<B>).operands[2 * number] as number;
  }
}

/** Number of the imported global with the address of the module's links. */
const LINKS = 0;
const DROP = 0x1a;
/** Size of the home of registers that are parts of it. */
const WHOLE_BYTES = 8;
