import type { Reg, V } from '../describe/value.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { Flow } from './back-end.js';
import { Kind, node, value } from './graph.js';
import { ENGINE_CALL } from './engine-call.js';
import { BulkBuilder } from './bulk-builder.js';
import { isPart } from './register-file.js';
import type { RegisterFile } from './register-file.js';

/** A register plus a constant. @internal */
export interface Affine {
  readonly file: RegisterFile;
  readonly register: Reg;
  displacement: number;
}

/**
 * The class of an architecture's builders.
 *
 * @experimental
 */
export interface BuilderClass<B extends Builder> {
  /** Makes the builder of one function of a module. */
  new (...args: ConstructorParameters<typeof Builder>): B;
}

/**
 * Builds the code of one instruction at a time. A semantic function calls its methods; values become nodes, effects
 * are queued, and {@link commit} emits WebAssembly in a fixed order, so that reads always see the state before the
 * instruction.
 *
 * @experimental
 */
export class Builder extends BulkBuilder {
  #flow = Flow.Next;
  #flowCondition = -1;
  #flowTarget = -1;
  #flowReason = 0;

  /** Begins an instruction. */
  begin(): void {
    this.graph.clear();
    this.effects.clear();
    this.closeAll();
    this.#flow = Flow.Next;
    this.#flowCondition = this.#flowTarget = -1;
    this.locals.releaseAll();
  }

  /** Emits the effects of the instruction and its transfer of control. */
  commit(): void {
    this.effects.commit(this.backEnd, this.#flowCondition, this.#flowTarget);
    this.flushStores();
    this.backEnd.finish(this.#flow, this.#flowCondition, this.#flowTarget, this.#flowReason);
  }

  // --- control ---

  /**
   * Jumps to pc + `offset` (an operand of kind `target`). With `call`, the semantic function has stored the address of
   * the next instruction.
   */
  jump(offset: V, call = false): void {
    this.#setFlow(call ? Flow.Call : Flow.Jump, -1, this.useOf(offset));
  }

  /** Jumps to pc + `offset` if `condition`. */
  branch(condition: V, offset: V): void {
    this.#setFlow(Flow.Branch, this.useOf(this.as(condition, Ty.i32)), this.useOf(offset));
  }

  /** Jumps to a computed address (an i64). `call` as in {@link Builder.jump}. */
  jumpTo(address: V, call = false): void {
    this.#setFlow(call ? Flow.IndirectCall : Flow.Indirect, -1, this.useOf(address));
  }

  /** Continues at the next instruction, after looking up the translation of its page again. */
  refetch(): void {
    this.#setFlow(Flow.Refetch, -1, -1);
  }

  /**
   * Continues at a computed address (an i64), which is looked up again: what the instruction does may change translations and
   * privileges.
   */
  switchTo(address: V): void {
    this.#setFlow(Flow.Switch, -1, this.useOf(address));
  }

  /**
   * Calls the engine at this point of the instruction: `EngineVcpu.answer`, which gets `request` (an i32) and whose result, an
   * i32, is the value. The engine sees the instruction as retired, and changes neither registers nor the pc. Translations may
   * change if the instruction then calls {@link Builder.switchTo}.
   *
   * @param note - an i64 that is stored at an offset of the state for the engine before.
   */
  callEngine(request: V, note?: { readonly offset: number; readonly value: V }): V {
    if (note) {
      const n = this.useOf(note.value);
      this.code.get(this.cpu);
      this.emitter.emit(n);
      this.code.memory(Op.i64_store, note.offset);
    }
    return this.callNow(ENGINE_CALL, this.state(), this.backEnd.remaining(), request);
  }

  /** Returns to the engine after the effects of the instruction, with pc at that instruction. `info` is an i32. */
  leave(reason: number, info: V): void {
    this.#setFlow(Flow.Leave, -1, this.useOf(this.as(info, Ty.i32)));
    this.#flowReason = reason;
  }

  /**
   * Returns to the engine before any effect if `condition`.
   *
   * @param note - an i64 that is stored at an offset of the state for the engine in that case.
   */
  leaveIf(condition: V, reason: number, info: V, note?: { readonly offset: number; readonly value: V }): void {
    const i = this.useOf(this.as(info, Ty.i32));
    const n = note && this.useOf(note.value);
    const c = this.useOf(this.as(condition, Ty.i32));
    this.emitter.pinShared(i);
    if (n !== undefined) this.emitter.pinShared(n);
    this.emitter.emit(c);
    this.emitter.conditionally(() => {
      if (note && n !== undefined) {
        this.code.get(this.cpu);
        this.emitter.emit(n);
        this.code.memory(Op.i64_store, note.offset);
      }
      this.backEnd.leave(reason, () => this.emitter.emit(i));
    });
  }

  /** Continues at the next instruction without any effect if `condition`. */
  skipIf(condition: V): void {
    const c = this.useOf(this.as(condition, Ty.i32));
    this.emitter.emit(c);
    this.emitter.conditionally(() => this.backEnd.skip());
  }

  /**
   * Returns to the engine before any effect if a field of the state is not 0. The field may change only outside of
   * regions, so that a region tests it once on each path.
   */
  leaveIfState(offset: number, reason: number, info: V): void {
    const { facts } = this.backEnd;
    if (facts?.isZeroField(offset)) return;
    this.leaveIf(this.stateAt(offset, 4), reason, info);
    facts?.learnZeroField(offset);
  }

  /**
   * Returns to the engine before any effect if `register`, a stack pointer, has a bit set that is set in the state
   * field at `mask`.
   */
  leaveIfMisaligned(file: RegisterFile, register: Reg, mask: number, reason: number, info: V): void {
    const { facts } = this.backEnd;
    const offset = this.backEnd.registerOffset(file, register);
    if (offset !== undefined && facts?.isAlignedRegister(offset)) return;
    const low = this.as(this.readReg(file, register, Ty.i64), Ty.i32);
    this.leaveIf(this.and(low, this.stateAt(mask, 4)), reason, info);
    if (offset !== undefined) facts?.learnAlignedRegister(offset);
  }

  /**
   * Returns to the engine before any effect if a condition holds for the address of the instruction's last byte, an i64. It
   * must hold for all addresses of a page above one for which it holds, and may change only outside of regions. A
   * region tests the last byte of a page, once on each path, and leaves: the interpreter executes such pages.
   */
  leaveIfFetched(condition: (last: V) => V, reason: number, info: V): void {
    const last = this.backEnd.lastFetched();
    if (last !== undefined) this.leaveIf(condition(last), reason, info);
  }

  #setFlow(flow: Flow, condition: number, target: number): void {
    if (this.#flow !== Flow.Next) throw new Error('an instruction transfers control once');
    this.#flow = flow;
    this.#flowCondition = condition;
    this.#flowTarget = target;
  }

  // --- for back ends and for functions that are no instructions ---

  /** Whether the code that is being emitted runs conditionally. */
  get conditional(): boolean {
    return this.emitter.conditional;
  }

  /** Emits a value on the stack. */
  emit(v: V): void {
    this.emitter.emit(node(v));
  }

  /** Emits node `n`. @internal */
  emitNode(n: number): void {
    this.emitter.emit(n);
  }

  /** Emits node `n` as `ty`. @internal */
  emitAs(n: number, ty: Ty): void {
    this.emitter.emit(node(this.as(value(n), ty)));
  }

  /** The value of an operand: loaded from the record in a handler, a constant in a region. */
  operand(operand: number): V {
    return value(this.graph.add(Kind.Operand, 0, 0, operand));
  }

  /** The operand number of an operand node, or −1. @internal */
  operandOf(n: number): number {
    return this.graph.kind[n] === Kind.Operand ? (this.graph.a[n] as number) : -1;
  }

  /**
   * Whether registers of 64 bits hold numbers below 2^32, and addresses wrap there. Then `affine` also knows sums
   * of 32 bits.
   */
  protected get hasNarrowRegisters(): boolean {
    return false;
  }

  /** The register and constant whose sum a 64-bit value is, if it has that form. @internal */
  affine(n: number): Affine | undefined {
    const g = this.graph;
    if (g.ty[n] !== Ty.i64) return undefined;
    const isExtended = g.kind[n] === Kind.Op && g.op[n] === Op.i64_extend_i32_u;
    return isExtended && this.hasNarrowRegisters ? this.#sum(g.a[n] as number, 0) : this.#sum(n, 1);
  }

  /** The parts of a sum; `wide` is 1 for 64 bits, 0 for 32. */
  #sum(n: number, wide: 0 | 1): Affine | undefined {
    const g = this.graph;
    if (g.kind[n] === Kind.Register) {
      const file = g.files[g.a[n] as number] as RegisterFile;
      if (isPart(file)) return undefined;
      return { file, register: g.b[n] as unknown as Reg, displacement: 0 };
    }
    const sign = g.op[n] === IntOp.add[wide] ? 1 : g.op[n] === IntOp.sub[wide] ? -1 : 0;
    const constant = g.b[n] as number;
    if (g.kind[n] !== Kind.Op || sign === 0 || !g.isConst(constant)) return undefined;
    const inner = this.#sum(g.a[n] as number, wide);
    const low = g.lo[constant]!;
    if (inner) inner.displacement += sign * (wide ? g.hi[constant]! * 2 ** 32 + (low >>> 0) : low);
    return inner;
  }
}
