import { Flow } from '../builder/back-end.js';
import type { BackEnd, LazyOperands } from '../builder/back-end.js';
import type { Builder, BuilderClass } from '../builder/builder.js';
import { Graph } from '../builder/graph.js';
import { LocalPool } from '../builder/local-pool.js';
import type { RegisterFile } from '../builder/register-file.js';
import type { Reg, V } from '../describe/value.js';
import { FIXED_REGISTER } from '../interpreter/operands.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import { Op } from '../wasm/opcodes.js';
import { runForAllOperands, runSemantics } from './run-semantics.js';
import type { RegionInstruction } from './region-instruction.js';

/** The use of the flags by an instruction. @internal */
export interface FlagTraits {
  /**
   * Its effect, the flags that it sets or its successor depend on the flags, or it may leave the region, which stores
   * them.
   */
  readonly reads: boolean;
  /** It reads the flags even if those that it sets are of no use: the flags that it keeps do not count. */
  readonly readsIfDead: boolean;
  /** It sets all flags. */
  readonly writes: boolean;
}

/**
 * Finds the traits of instructions by running their semantic functions: once for all instructions with the same static
 * choices, unless their traits may depend on the operands.
 *
 * @internal
 */
export class FlagTraitsFinder<B extends Builder> {
  /** By the object of static choices; undefined: they are found by the operands. */
  readonly #byChoices = new WeakMap<object, FlagTraits | undefined>();
  readonly #byOperands = new WeakMap<object, FlagTraits>();
  readonly #code = new CodeBuffer();
  readonly #graph = new Graph();

  constructor(private readonly builder: BuilderClass<B>) {}

  /** The traits of an instruction. */
  of(instruction: RegionInstruction<B>): FlagTraits {
    const { statics, operands } = instruction;
    const common = this.#byChoices.get(statics);
    if (common !== undefined) return common;
    if (!this.#byChoices.has(statics)) {
      const found = this.#find(instruction, runForAllOperands);
      this.#byChoices.set(statics, found.dependsOnOperands ? undefined : found);
      return this.of(instruction);
    }
    const known = this.#byOperands.get(operands);
    if (known !== undefined) return known;
    const traits = this.#find(instruction, runSemantics);
    this.#byOperands.set(operands, traits);
    return traits;
  }

  #find(instruction: RegionInstruction<B>, run: typeof runSemantics<B>): FoundTraits {
    const { reads, writes, dependsOnOperands } = this.#run(instruction, run, false);
    // Only where an instruction does both, its reads may be those of flags that it keeps.
    if (!reads || !writes) return { reads, writes, readsIfDead: reads, dependsOnOperands };
    const ifDead = this.#run(instruction, run, true);
    return {
      reads,
      writes,
      readsIfDead: ifDead.reads,
      dependsOnOperands: dependsOnOperands || ifDead.dependsOnOperands,
    };
  }

  #run(instruction: RegionInstruction<B>, run: typeof runSemantics<B>, flagsAreDead: boolean): FoundUse {
    const code = this.#code;
    code.clear();
    const locals = new LocalPool(1);
    const builder = new this.builder(code, locals, 0, () => 0, this.#graph);
    const backEnd = new TraitsBackEnd<B>(builder, instruction, flagsAreDead);
    builder.use(backEnd);
    run(builder, instruction);
    const { leaves, usesFlags, usesNumbers, writes } = backEnd;
    // Where a value is known, fewer others may be needed.
    const dependsOnOperands = this.#graph.asked || (usesFlags && !leaves && usesNumbers);
    return { reads: leaves || usesFlags, writes, dependsOnOperands };
  }
}

interface FoundTraits extends FlagTraits {
  /** Whether the traits may be others with other operands. */
  readonly dependsOnOperands: boolean;
}

type FoundUse = Omit<FoundTraits, 'readsIfDead'>;

/** The operand for the flags: they count as read only where their value is emitted. */
const FLAGS_OPERAND = -1;

/** A back end whose code is not used. */
class TraitsBackEnd<B extends Builder> implements BackEnd {
  readonly facts = undefined;
  readonly opensDirectly = true;
  /** Whether the region may be left. */
  leaves = false;
  usesFlags = false;
  /** Whether a value is needed that depends on operands other than registers. */
  usesNumbers = false;
  writes = false;

  constructor(
    private readonly builder: B,
    private readonly instruction: RegionInstruction<B>,
    readonly flagsAreDead: boolean,
  ) {}

  spareInstructions(): V {
    return this.builder.i32(0);
  }

  remaining(): V {
    return this.spareInstructions();
  }

  retireMore(count: () => void): void {
    count();
  }

  emitOperand(operand: number, ty: Ty): void {
    if (operand === FLAGS_OPERAND) this.usesFlags = true;
    else this.usesNumbers = true;
    this.#push(ty);
  }

  emitRegister(_file: RegisterFile, _register: Reg, ty: Ty): void {
    this.#push(ty);
  }

  registerOffset(file: RegisterFile, register: Reg): number {
    const number = register as unknown as number;
    return file.readOffset(
      number >= FIXED_REGISTER ? number - FIXED_REGISTER : (this.instruction.operands[2 * number] as number),
    );
  }

  writeRegister(_file: RegisterFile, _register: Reg, value: () => void): void {
    value();
  }

  shareProbe(): undefined {
    // Each access may miss.
  }

  emitPc(): void {
    this.#push(Ty.i64);
  }

  emitNextPc(): void {
    this.#push(Ty.i64);
  }

  lastFetched(): V {
    return this.builder.nextPc();
  }

  condition(): V {
    return this.#flags(Ty.i32);
  }

  packedFlags(): V {
    return this.#flags(Ty.i32);
  }

  lazyFlags(): LazyOperands {
    return { known: undefined, kind: this.#flags(Ty.i32), x: this.#flags(Ty.i64), y: this.#flags(Ty.i64) };
  }

  commitFlags(_kind: number, x: V, y: V, computed?: V): void {
    this.writes = true;
    for (const v of [x, y, ...(computed === undefined ? [] : [computed])]) this.builder.emit(v);
  }

  emitMiss(va: () => void): void {
    this.leaves = true;
    va();
  }

  flushStore(): void {
    // Nothing to emit.
  }

  skip(): void {
    this.leaves = true;
  }

  leave(): void {
    this.leaves = true;
  }

  finish(flow: Flow, condition: number, target: number): void {
    if (flow === Flow.Leave) this.leaves = true;
    if (flow === Flow.Branch) this.builder.emitNode(condition);
    if (flow === Flow.Indirect || flow === Flow.IndirectCall) this.builder.emitNode(target);
  }

  #flags(ty: Ty): V {
    return this.builder.as(this.builder.operand(FLAGS_OPERAND), ty);
  }

  #push(ty: Ty): void {
    const { code } = this.builder;
    if (ty === Ty.v128) code.op(Op.v128_load);
    else if (ty === Ty.i64) code.i64(0);
    else code.i32(0);
  }
}
