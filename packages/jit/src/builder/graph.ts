import type { V } from '../describe/value.js';
import type { Ty } from '../wasm/code-buffer.js';
import type { Helper } from './helper.js';
import type { RegisterFile } from './register-file.js';

/** Kinds of nodes. @internal */
export enum Kind {
  Const,
  /** `a`: operand. */
  Operand,
  /** `a`: register file, `b`: register. */
  Register,
  /** `op` on `a`, `b`, `c`. */
  Op,
  /** `op` at address `a`, offset `c`. */
  Load,
  /** `op` at state offset `c`. */
  State,
  /** `a`: index in calls. */
  Call,
  /** `a ? b : c`; only the chosen side is evaluated. */
  Choose,
  /** The value of local `a`. */
  Local,
  /** `op` on `a` (and `b`) with lane `c`. */
  Lane,
  /** `a`, `b` and the lanes at `c`. */
  Shuffle,
  /** 16 bytes at `c`. */
  Vector,
  /** An atomic operation: `op` at address `a`, operand `b`, replacement `c` (−1 when none). */
  Atomic,
  /** The address of the instruction. */
  Pc,
  /** The address of the next instruction in memory. */
  NextPc,
}

const NONE = -1;
const CAPACITY = 4096;

/**
 * The values of one instruction: nodes in typed arrays, discarded when the instruction is committed.
 *
 * @internal
 */
export class Graph {
  readonly kind = new Uint8Array(CAPACITY);
  readonly op = new Uint16Array(CAPACITY);
  /** `Ty`, or 0 for a number that takes the type of its use. */
  readonly ty = new Uint8Array(CAPACITY);
  readonly a = new Int32Array(CAPACITY);
  readonly b = new Int32Array(CAPACITY);
  readonly c = new Int32Array(CAPACITY);
  readonly lo = new Int32Array(CAPACITY);
  readonly hi = new Int32Array(CAPACITY);
  readonly uses = new Uint16Array(CAPACITY);
  /** 1 if the evaluation of the value or of one of its inputs may trap. */
  readonly traps = new Uint8Array(CAPACITY);
  /** The local that holds the value, or −1. */
  readonly local = new Int32Array(CAPACITY);
  readonly calls: { helper: Helper; args: readonly number[] }[] = [];
  readonly lanes: (readonly number[])[] = [];
  /** Register files by number; kept from one instruction to the next. */
  readonly files: RegisterFile[] = [];
  /** Whether the semantic function has asked for the value of a constant, on which its effects may depend then. */
  asked = false;
  length = 0;

  clear(): void {
    this.length = 0;
    this.asked = false;
    if (this.calls.length > 0) this.calls.length = 0;
    if (this.lanes.length > 0) this.lanes.length = 0;
  }

  add(kind: Kind, ty: Ty | 0, op = 0, a = NONE, b = NONE, c = NONE): number {
    const n = this.length++;
    if (n >= CAPACITY) throw new Error('an instruction has too many values');
    this.kind[n] = kind;
    this.ty[n] = ty;
    this.op[n] = op;
    this.a[n] = a;
    this.b[n] = b;
    this.c[n] = c;
    this.uses[n] = 0;
    this.traps[n] = 0;
    this.local[n] = NONE;
    return n;
  }

  constant(ty: Ty | 0, lo: number, hi: number): number {
    const n = this.add(Kind.Const, ty);
    this.lo[n] = lo;
    this.hi[n] = hi;
    return n;
  }

  /** Stores static lanes and returns their number. */
  addLanes(lanes: readonly number[]): number {
    return this.lanes.push(lanes) - 1;
  }

  fileIndex(file: RegisterFile): number {
    const found = this.files.indexOf(file);
    return found >= 0 ? found : this.files.push(file) - 1;
  }

  isConst(n: number): boolean {
    return this.kind[n] === Kind.Const;
  }

  /** Whether evaluating the node again or later costs nothing and gives the same value. */
  isStable(n: number): boolean {
    return (
      this.local[n] !== NONE ||
      this.kind[n] === Kind.Const ||
      this.kind[n] === Kind.Operand ||
      this.kind[n] === Kind.Vector
    );
  }

  /** Calls `visit` on each direct input. */
  forInputs(n: number, visit: (input: number) => void): void {
    const kind = this.kind[n] as Kind;
    if (kind === Kind.Call) {
      for (const arg of (this.calls[this.a[n] as number] as { args: readonly number[] }).args) visit(arg);
      return;
    }
    const inputs = INPUTS[kind] as number;
    if (inputs > 0) visit(this.a[n] as number);
    if (inputs > 1 && (this.b[n] as number) >= 0) visit(this.b[n] as number);
    if (inputs > 2 && (this.c[n] as number) >= 0) visit(this.c[n] as number);
  }

  /** Counts node `n` as a use of its inputs, which are no list of arguments. */
  useInputs(n: number): void {
    const inputs = INPUTS[this.kind[n] as Kind] as number;
    if (inputs > 0) this.#use(n, this.a[n] as number);
    if (inputs > 1 && (this.b[n] as number) >= 0) this.#use(n, this.b[n] as number);
    if (inputs > 2 && (this.c[n] as number) >= 0) this.#use(n, this.c[n] as number);
  }

  #use(n: number, input: number): void {
    this.uses[input]!++;
    this.traps[n]! |= this.traps[input]!;
  }
}

/** Number of the fields `a`, `b`, `c` that may be inputs, by kind. */
const INPUTS = new Uint8Array(Kind.NextPc + 1);
for (const kind of [Kind.Op, Kind.Choose, Kind.Atomic]) INPUTS[kind] = 3;
for (const kind of [Kind.Lane, Kind.Shuffle]) INPUTS[kind] = 2;
INPUTS[Kind.Load] = 1;

/** The node number of an opaque value. @internal */
export const node = (v: V): number => v as unknown as number;
/** The opaque value of a node number. @internal */
export const value = (n: number): V => n as unknown as V;
