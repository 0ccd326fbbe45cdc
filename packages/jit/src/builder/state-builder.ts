import type { Reg, V } from '../describe/value.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { Ty } from '../wasm/code-buffer.js';
import { Op } from '../wasm/opcodes.js';
import type { BackEnd, LazyOperands } from './back-end.js';
import { Effects } from './effects.js';
import { Graph, Kind, node, value } from './graph.js';
import type { Helper } from './helper.js';
import { EngineState } from './layout.js';
import type { LocalPool } from './local-pool.js';
import { NodeEmitter } from './node-emitter.js';
import { registerType } from './register-file.js';
import type { RegisterFile } from './register-file.js';
import { VectorBuilder } from './vector-builder.js';

/**
 * Reads and changes of registers, flags and state fields by an instruction, and calls of functions.
 *
 * @experimental
 */
export abstract class StateBuilder extends VectorBuilder {
  /** The function under construction. */
  readonly code: CodeBuffer;
  /** Its locals. */
  readonly locals: LocalPool;
  /** Emits values, each where it is first needed. */
  protected readonly emitter: NodeEmitter;
  /** Changes of state that the instruction has made and that are not emitted yet. */
  protected readonly effects: Effects;

  /**
   * @param cpu - the local that holds the address of the vCPU's state.
   * @param functionOf - returns the index of a function in the module under construction.
   * @param graph - the graph of the instruction's values; builders that work one after the other may share it.
   */
  constructor(
    code: CodeBuffer,
    locals: LocalPool,
    readonly cpu: number,
    private readonly functionOf: (helper: Helper) => number,
    graph = new Graph(),
  ) {
    super(graph);
    this.code = code;
    this.locals = locals;
    this.emitter = new NodeEmitter(graph, code, locals, cpu, functionOf);
    this.effects = new Effects(graph, code, this.emitter, cpu);
  }

  /** Connects the back end that emits operands, registers and control flow. */
  use(backEnd: BackEnd): void {
    this.emitter.use(backEnd);
  }

  /** The back end; throws an Error if none is connected. */
  protected get backEnd(): BackEnd {
    return this.emitter.backEnd;
  }

  // --- registers and state ---

  /**
   * Reads a register as `ty`: its low bits, or zero-extended. Of a vector, the whole value or its low 64 or 32 bits.
   */
  readReg(file: RegisterFile, register: Reg, ty: Ty): V {
    if (ty !== Ty.v128 && this.backEnd.registerOffset(file, register) === EngineState.zero)
      return this.halves(ty, 0, 0);
    return value(this.graph.add(Kind.Register, ty, 0, this.graph.fileIndex(file), register as unknown as number));
  }

  /** Writes a whole register. The value must have the type for the width of its file. */
  writeReg(file: RegisterFile, register: Reg, v: V): void {
    const n = this.useOf(v);
    const ty = this.graph.ty[n] as Ty | 0;
    if (ty !== registerType(file)) throw new Error(`${Ty[ty] ?? 'a number'} is written to a register of ${file.name}`);
    this.effects.push({ kind: 'register', file, register, value: n });
  }

  /** A field of the vCPU's state; `bytes` 4 gives an i32, 8 an i64. */
  stateAt(offset: number, bytes: 4 | 8): V {
    const n =
      bytes === 4
        ? this.graph.add(Kind.State, Ty.i32, Op.i32_load, -1, -1, offset)
        : this.graph.add(Kind.State, Ty.i64, Op.i64_load, -1, -1, offset);
    return value(n);
  }

  /** Writes a field of the state; the width is that of the value. */
  setState(offset: number, v: V): void {
    const n = this.useOf(v);
    const op = this.graph.ty[n] === Ty.i64 ? Op.i64_store : Op.i32_store;
    this.effects.push({ kind: 'state', op, offset, value: n });
  }

  /** The value of a local of the function, for back ends. */
  local(index: number, ty: Ty): V {
    return value(this.graph.add(Kind.Local, ty, 0, index));
  }

  /** Address of the vCPU's state, for helpers. */
  state(): V {
    return this.local(this.cpu, Ty.i32);
  }

  /** The address of the instruction. */
  pc(): V {
    return value(this.graph.add(Kind.Pc, Ty.i64));
  }

  /** The address of the next instruction in memory. */
  nextPc(): V {
    return value(this.graph.add(Kind.NextPc, Ty.i64));
  }

  // --- flags ---

  /** Sets the flags as the result of an operation on `x` and `y`; `kind` is one of the `FlagModel`. */
  setFlags(kind: number, x: V, y: V): void {
    if (this.backEnd.flagsAreDead) return;
    this.effects.push({ kind: 'flags', flags: kind, kindOf: -1, x: this.useOf(x), y: this.useOf(y) });
  }

  /** Sets the flags with a computed kind (an i32). */
  setFlagsOf(kind: V, x: V, y: V): void {
    if (this.backEnd.flagsAreDead) return;
    const kindOf = this.useOf(this.as(kind, Ty.i32));
    this.effects.push({ kind: 'flags', flags: -1, kindOf, x: this.useOf(x), y: this.useOf(y) });
  }

  /** Whether a condition, by its number in the `FlagModel`, holds: an i32. */
  cond(condition: number): V {
    return this.backEnd.condition(condition);
  }

  /** Kind and operands of the lazy flags, for an instruction that may leave them as they are. */
  lazyFlags(): LazyOperands {
    return this.backEnd.lazyFlags();
  }

  /** All flags as an i32, in the order of the `FlagModel`. */
  packedFlags(): V {
    return this.backEnd.packedFlags();
  }

  // --- functions ---

  /** Calls a function outside the graph. */
  call(helper: Helper, ...args: readonly V[]): V {
    const g = this.graph;
    const nodes = args.map((arg, i) => node(this.as(arg, helper.params[i] as Ty)));
    if (nodes.length !== helper.params.length)
      throw new Error(`${helper.name} takes ${helper.params.length} arguments`);
    g.calls.push({ helper, args: nodes });
    const n = g.add(Kind.Call, helper.result ?? 0, 0, g.calls.length - 1);
    for (const arg of nodes) {
      g.uses[arg]!++;
      g.traps[n]! |= g.traps[arg]!;
    }
    if (!helper.pure) this.order(n);
    return value(n);
  }

  /**
   * Calls a function at this point of the instruction, so that reads of the state that follow see what it has
   * written.
   */
  callNow(helper: Helper, ...args: readonly V[]): V {
    const result = this.call(helper, ...args);
    this.emitter.pin(this.useOf(result));
    return result;
  }

  /**
   * `native` if `condition`, otherwise the result of a function outside the graph. The function may have side effects:
   * it is called only if the condition does not hold.
   */
  chooseCall(condition: V, native: V, helper: Helper, ...args: readonly V[]): V {
    const ty = helper.result as Ty;
    const chosen = this.useOf(this.as(native, ty));
    const nodes = args.map((arg, i) => this.useOf(this.as(arg, helper.params[i] as Ty)));
    const c = this.useOf(this.as(condition, Ty.i32));
    for (const n of [chosen, ...nodes]) this.emitter.pinShared(n);
    this.emitter.emit(c);
    this.emitter.conditionally(() => this.emitter.emit(chosen), {
      ty,
      otherwise: () => {
        for (const n of nodes) this.emitter.emit(n);
        this.code.call(this.functionOf(helper));
      },
    });
    return this.keep(ty);
  }

  /** Keeps the value on the stack in a local until the end of the instruction. */
  protected keep(ty: Ty): V {
    const local = this.locals.take(ty);
    this.code.set(local);
    return this.local(local, ty);
  }

  /** Makes node `n` be evaluated once, in program order. */
  protected order(n: number): void {
    this.graph.uses[n]!++;
    this.effects.order(n);
  }
}
