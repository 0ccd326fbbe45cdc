import { Ty } from '../wasm/code-buffer.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import type { Reg } from '../describe/value.js';
import type { BackEnd } from './back-end.js';
import { Kind } from './graph.js';
import type { Graph } from './graph.js';
import type { Helper } from './helper.js';
import type { LocalPool } from './local-pool.js';
import { atomicAlignment } from './memory-opcodes.js';
import type { RegisterFile } from './register-file.js';

/** The alternative of {@link NodeEmitter.conditionally}. Both alternatives push a value of type `ty`. */
interface Otherwise {
  readonly ty: Ty;
  readonly otherwise: () => void;
}

/**
 * Emits the values of one instruction: each node once, as late as possible, and into a local if it is needed again.
 *
 * @internal
 */
export class NodeEmitter {
  #backEnd: BackEnd | undefined;
  /** Number of open conditional blocks. */
  #conditions = 0;

  constructor(
    private readonly graph: Graph,
    private readonly code: CodeBuffer,
    private readonly locals: LocalPool,
    private readonly cpu: number,
    private readonly functionOf: (helper: Helper) => number,
  ) {}

  use(backEnd: BackEnd): void {
    this.#backEnd = backEnd;
  }

  get backEnd(): BackEnd {
    if (!this.#backEnd) throw new Error('no back end');
    return this.#backEnd;
  }

  /** Whether the code that is being emitted runs conditionally. */
  get conditional(): boolean {
    return this.#conditions > 0;
  }

  /** Emits `then`, which runs if the i32 on the stack is not 0, and the alternative, which runs if it is 0. */
  conditionally(then: () => void, other?: Otherwise): void {
    this.code.if(other?.ty);
    this.#conditions++;
    then();
    if (other) {
      this.code.else();
      other.otherwise();
    }
    this.#conditions--;
    this.code.end();
  }

  /** Evaluates a node into a local at this point. */
  pin(n: number): void {
    const g = this.graph;
    if (g.isStable(n) || g.kind[n] === Kind.Local) return;
    this.#fresh(n);
    const ty = g.ty[n] as Ty | 0;
    if (ty === 0) return;
    const local = this.locals.take(ty);
    this.code.set(local);
    g.local[n] = local;
  }

  /** Evaluates a node into a local and returns that local. */
  materialize(n: number): number {
    const g = this.graph;
    if (g.kind[n] === Kind.Local) return g.a[n] as number;
    if (g.local[n] === -1) {
      this.#fresh(n);
      const local = this.locals.take(g.ty[n] as Ty);
      this.code.set(local);
      g.local[n] = local;
    }
    return g.local[n] as number;
  }

  /**
   * Pins the nodes below `n` that have several uses, before conditional code. Nodes that may trap are excluded,
   * because the condition guards them.
   */
  pinShared(n: number): void {
    const g = this.graph;
    if (g.isStable(n) || g.kind[n] === Kind.Local) return;
    if (g.uses[n]! > 1 && !g.traps[n]) this.pin(n);
    else g.forInputs(n, (input) => this.pinShared(input));
  }

  /** Pushes the value of a node; keeps it in a local if it has further uses. */
  emit(n: number): void {
    const g = this.graph;
    if (g.local[n] !== -1) {
      this.code.get(g.local[n] as number);
      return;
    }
    this.#fresh(n);
    // A local that is set on one path only would be undefined on the others.
    const onePath = this.conditional && g.traps[n] === 1;
    if (g.uses[n]! > 1 && !onePath && !g.isStable(n) && g.kind[n] !== Kind.Local) {
      const local = this.locals.take(g.ty[n] as Ty);
      this.code.tee(local);
      g.local[n] = local;
    }
  }

  #fresh(n: number): void {
    const g = this.graph;
    const back = this.backEnd;
    const a = g.a[n] as number;
    const b = g.b[n] as number;
    const c = g.c[n] as number;
    const op = g.op[n] as number;
    switch (g.kind[n] as Kind) {
      case Kind.Const:
        if (g.ty[n] === Ty.i64) this.code.i64(g.lo[n] as number, g.hi[n] as number);
        else if (g.ty[n] === Ty.i32) this.code.i32(g.lo[n] as number);
        else throw new Error('the width of a constant is not known');
        break;
      case Kind.Operand:
        if (g.ty[n] === 0) throw new Error('the width of an operand is not known');
        back.emitOperand(a, g.ty[n] as Ty);
        break;
      case Kind.Register:
        back.emitRegister(g.files[a] as RegisterFile, b as unknown as Reg, g.ty[n] as Ty);
        break;
      case Kind.Op:
        this.emit(a);
        if (b >= 0) this.emit(b);
        if (c >= 0) this.emit(c);
        this.code.op(op);
        break;
      case Kind.Load:
        this.emit(a);
        this.code.memory(op, c);
        break;
      case Kind.State:
        this.code.get(this.cpu).memory(op, c);
        break;
      case Kind.Call:
        this.#call(a);
        break;
      case Kind.Choose:
        this.#choose(a, b, c, g.ty[n] as Ty);
        break;
      case Kind.Local:
        this.code.get(a);
        break;
      case Kind.Lane:
        this.emit(a);
        if (b >= 0) this.emit(b);
        this.code.op(op).byte(c);
        break;
      case Kind.Shuffle:
        this.emit(a);
        this.emit(b);
        this.code.op(op).append(Uint8Array.from(g.lanes[c] as readonly number[]));
        break;
      case Kind.Vector:
        this.code.op(op).append(Uint8Array.from(g.lanes[c] as readonly number[]));
        break;
      case Kind.Atomic:
        this.emit(a);
        this.emit(b);
        if (c >= 0) this.emit(c);
        // An atomic access must state its alignment exactly; the exponent follows from the opcode's width.
        this.code.memory(op, 0, atomicAlignment(op));
        break;
      case Kind.Pc:
        back.emitPc();
        break;
      case Kind.NextPc:
        back.emitNextPc();
        break;
    }
  }

  #call(number: number): void {
    const { helper, args } = this.graph.calls[number] as { helper: Helper; args: readonly number[] };
    for (const arg of args) this.emit(arg);
    this.code.call(this.functionOf(helper));
  }

  #choose(condition: number, then: number, otherwise: number, ty: Ty): void {
    this.pinShared(then);
    this.pinShared(otherwise);
    this.emit(condition);
    this.conditionally(() => this.emit(then), { ty, otherwise: () => this.emit(otherwise) });
  }
}
