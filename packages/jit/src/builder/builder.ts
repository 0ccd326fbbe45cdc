import type { Reg, V } from '../describe/value.js';
import type { CodeBuffer} from '../wasm/code-buffer.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op, Simd } from '../wasm/opcodes.js';
import type { IntOpName, SimdName } from '../wasm/opcodes.js';
import { Flow } from './back-end.js';
import type { BackEnd, RegisterFile } from './back-end.js';
import { foldInt, isIdentity } from './fold.js';
import { Graph, Kind, node, value } from './graph.js';
import type { Helper } from './helper.js';
import { AccessInfo, EngineState, PAGE_BITS, TLB_ENTRIES, TlbEntry } from './layout.js';
import type { LocalPool } from './local-pool.js';
import { ATOMIC_RMW, LOAD_SIGNED, LOAD_UNSIGNED, STORE } from './memory-opcodes.js';
import type { AtomicOp } from './memory-opcodes.js';
import { NodeEmitter } from './node-emitter.js';
import { Probe } from './probe.js';

/**
 * Options of {@link Builder.open}.
 *
 * @experimental
 */
export interface AccessOptions {
  /** Bytes of one element when the access is several (a pair): alignment and device accesses go by element. */
  readonly element?: number;
  /** Alignment is required whatever the system says. */
  readonly aligned?: boolean;
  /** The access is made as if unprivileged. */
  readonly unprivileged?: boolean;
}

interface Opened {
  readonly address: number;
  readonly write: boolean;
}

interface FlagsEffect {
  readonly kind: 'flags';
  readonly flags: number;
  readonly flagsOf: number;
  readonly x: number;
  readonly y: number;
}

type Effect =
  | { readonly kind: 'store'; readonly op: number; readonly address: number; readonly offset: number; readonly value: number }
  | { readonly kind: 'state'; readonly op: number; readonly offset: number; readonly value: number }
  | FlagsEffect
  | { readonly kind: 'register'; readonly file: RegisterFile; readonly register: Reg; readonly op: number; readonly value: number };

const COMMUTATIVE: ReadonlySet<IntOpName> = new Set<IntOpName>(['add', 'mul', 'and', 'or', 'xor', 'eq', 'ne']);
const TRAPPING: ReadonlySet<number> = new Set([...IntOp.divs, ...IntOp.divu, ...IntOp.rems, ...IntOp.remu]);

/**
 * Builds the code of one instruction at a time. A semantic function calls its methods; values become nodes, effects are
 * queued, and {@link commit} emits WebAssembly in a fixed order, so that reads always see the state before the instruction.
 *
 * @experimental
 */
export class Builder {
  readonly code: CodeBuffer;
  readonly locals: LocalPool;
  /**
   * Whether a misaligned access takes the slow path, which knows if the system allows it. Regions run only while it does, and
   * compare the page of the last byte instead.
   */
  exactAlignment = true;
  /** A local that holds the address of the TLB bank, in code during which it cannot change. */
  bank: number | undefined;
  readonly #graph: Graph;
  readonly #effects: Effect[] = [];
  readonly #ordered: number[] = [];
  readonly #opened: Opened[] = [];
  #flow = Flow.Next;
  #flowCondition = -1;
  #flowTarget = -1;
  #flowReason = 0;
  readonly #emitter: NodeEmitter;

  /**
   * @param cpu - the local that holds the address of the vCPU's state.
   * @param graph - where the values of an instruction are; to be shared by builders that work one after the other.
   */
  constructor(
    code: CodeBuffer,
    locals: LocalPool,
    readonly cpu: number,
    private readonly functionOf: (helper: Helper) => number,
    graph = new Graph(),
  ) {
    this.#graph = graph;
    this.code = code;
    this.locals = locals;
    this.#emitter = new NodeEmitter(graph, code, locals, cpu, functionOf);
  }

  /** Connects the back end that emits operands, registers and control flow. */
  use(backEnd: BackEnd): void {
    this.#emitter.use(backEnd);
  }

  /** Begins an instruction. */
  begin(): void {
    this.#graph.clear();
    // What is empty stays as it is: to set a length takes longer than to look at it.
    if (this.#effects.length > 0) this.#effects.length = 0;
    if (this.#ordered.length > 0) this.#ordered.length = 0;
    if (this.#opened.length > 0) this.#opened.length = 0;
    this.#flow = Flow.Next;
    this.locals.releaseAll();
  }

  // --- constants and conversions ---

  /** A number that takes the width of the other operand. */
  imm(n: number | bigint): V {
    return this.#literal(0, n);
  }

  i32(n: number): V {
    return this.#literal(Ty.i32, n);
  }

  i64(n: number | bigint): V {
    return this.#literal(Ty.i64, n);
  }

  /** What a value is, if that is known now: fields are constants in a region. */
  constant(x: V): bigint | undefined {
    return this.#graph.isConst(node(x)) ? this.#constantOf(node(x)) : undefined;
  }

  /** Type of a value; 0 for a number that takes the type of its use. */
  type(x: V): Ty | 0 {
    return this.#graph.ty[node(x)] as Ty | 0;
  }

  /** `x` as `ty`: the low bits, or zero-extended. */
  as(x: V, ty: Ty): V {
    const n = node(x);
    const have = this.#graph.ty[n] as Ty | 0;
    if (have === ty) return x;
    if (have === 0) return this.#typed(n, ty);
    if (this.#graph.isConst(n)) return this.#halves(ty, this.#graph.lo[n]!, 0);
    return this.#op(ty === Ty.i64 ? Op.i64_extend_i32_u : Op.i32_wrap_i64, ty, n);
  }

  /** An i32 extended with its sign to i64. */
  widenSigned(x: V): V {
    const n = node(this.as(x, Ty.i32));
    if (this.#graph.isConst(n)) return this.#halves(Ty.i64, this.#graph.lo[n]!, this.#graph.lo[n]! >> 31);
    return this.#op(Op.i64_extend_i32_s, Ty.i64, n);
  }

  /** The low `bits` (8, 16, 32) of `x` extended with their sign to the width of `x`. */
  sx(x: V, bits: number): V {
    const ty = this.#known(x);
    if (bits === 64 || (bits === 32 && ty === Ty.i32)) return x;
    const op = ty === Ty.i32 ? { 8: Op.i32_extend8_s, 16: Op.i32_extend16_s }[bits] : { 8: Op.i64_extend8_s, 16: Op.i64_extend16_s, 32: Op.i64_extend32_s }[bits];
    if (op === undefined) throw new Error(`no sign extension from ${bits} bits`);
    if (this.#graph.isConst(node(x))) return this.#constant(ty, BigInt.asIntN(bits, this.#constantOf(node(x))));
    return this.#op(op, ty, node(x));
  }

  /** The low `bits` of `x`, zero-extended to its width. */
  zx(x: V, bits: number): V {
    const ty = this.#known(x);
    if (bits === 64 || (bits === 32 && ty === Ty.i32)) return x;
    return this.and(x, this.imm(2 ** bits - 1));
  }

  // --- integer arithmetic, by the operands' width ---

  add(x: V, y: V): V { return this.#binary('add', x, y); }
  sub(x: V, y: V): V { return this.#binary('sub', x, y); }
  mul(x: V, y: V): V { return this.#binary('mul', x, y); }
  and(x: V, y: V): V { return this.#binary('and', x, y); }
  or(x: V, y: V): V { return this.#binary('or', x, y); }
  xor(x: V, y: V): V { return this.#binary('xor', x, y); }
  /** Shift amounts are taken modulo the width and may have any integer type. */
  shl(x: V, y: V): V { return this.#shift('shl', x, y); }
  shr(x: V, y: V): V { return this.#shift('shr', x, y); }
  sar(x: V, y: V): V { return this.#shift('sar', x, y); }
  ror(x: V, y: V): V { return this.#shift('ror', x, y); }
  rotl(x: V, y: V): V { return this.#shift('rotl', x, y); }
  eq(x: V, y: V): V { return this.#binary('eq', x, y, Ty.i32); }
  ne(x: V, y: V): V { return this.#binary('ne', x, y, Ty.i32); }
  lts(x: V, y: V): V { return this.#binary('lts', x, y, Ty.i32); }
  ltu(x: V, y: V): V { return this.#binary('ltu', x, y, Ty.i32); }
  gts(x: V, y: V): V { return this.#binary('gts', x, y, Ty.i32); }
  gtu(x: V, y: V): V { return this.#binary('gtu', x, y, Ty.i32); }
  les(x: V, y: V): V { return this.#binary('les', x, y, Ty.i32); }
  leu(x: V, y: V): V { return this.#binary('leu', x, y, Ty.i32); }
  ges(x: V, y: V): V { return this.#binary('ges', x, y, Ty.i32); }
  geu(x: V, y: V): V { return this.#binary('geu', x, y, Ty.i32); }
  not(x: V): V { return this.xor(x, this.imm(-1)); }
  neg(x: V): V { return this.sub(this.#halves(this.#known(x), 0, 0), x); }
  clz(x: V): V { return this.#unary('clz', x); }
  ctz(x: V): V { return this.#unary('ctz', x); }
  popcnt(x: V): V { return this.#unary('popcnt', x); }
  eqz(x: V): V { const ty = this.#known(x); return this.#op(ty === Ty.i32 ? Op.i32_eqz : Op.i64_eqz, Ty.i32, node(x)); }
  /** Division traps on zero (and on overflow when signed): guard it with {@link choose}. */
  divs(x: V, y: V): V { return this.#binary('divs', x, y); }
  divu(x: V, y: V): V { return this.#binary('divu', x, y); }

  /** `c ? x : y`; both sides are evaluated. `c` is an i32. */
  select(c: V, x: V, y: V): V {
    const [p, q] = this.#unify(x, y);
    return this.#op(Op.select, this.#graph.ty[p] as Ty, p, q, node(this.as(c, Ty.i32)));
  }

  /** `c ? x : y`; only the chosen side is evaluated. */
  choose(c: V, x: V, y: V): V {
    const [p, q] = this.#unify(x, y);
    if (this.#graph.isConst(node(c))) return value(this.#graph.lo[node(c)] !== 0 ? p : q);
    return this.#add(Kind.Choose, this.#graph.ty[p] as Ty, 0, node(this.as(c, Ty.i32)), p, q);
  }

  /** Calls a function outside the graph. */
  call(helper: Helper, ...args: readonly V[]): V {
    const g = this.#graph;
    const nodes = args.map((arg, i) => node(this.as(arg, helper.params[i] as Ty)));
    if (nodes.length !== helper.params.length) throw new Error(`${helper.name} takes ${helper.params.length} arguments`);
    g.calls.push({ helper, args: nodes });
    const n = g.add(Kind.Call, helper.result ?? 0, 0, g.calls.length - 1);
    for (const arg of nodes) {
      g.uses[arg]!++;
      g.traps[n]! |= g.traps[arg]!;
    }
    if (!helper.pure) this.#order(n);
    return value(n);
  }

  /**
   * `native` if `condition`, else what a function outside the graph returns, which may have effects: it is called here and
   * only then.
   */
  chooseCall(condition: V, native: V, helper: Helper, ...args: readonly V[]): V {
    const ty = helper.result as Ty;
    const chosen = this.#use(this.as(native, ty));
    const nodes = args.map((arg, i) => this.#use(this.as(arg, helper.params[i] as Ty)));
    const c = this.#use(this.as(condition, Ty.i32));
    const { code } = this;
    for (const n of [chosen, ...nodes]) this.#emitter.pinShared(n);
    this.#emitter.emit(c);
    this.#emitter.conditionally(() => this.#emitter.emit(chosen), {
      ty,
      otherwise: () => {
        for (const n of nodes) this.#emitter.emit(n);
        code.call(this.functionOf(helper));
      },
    });
    const local = this.locals.take(ty);
    this.code.set(local);
    return this.local(local, ty);
  }

  // --- registers and state ---

  readReg(file: RegisterFile, register: Reg, ty: Ty): V {
    if (ty !== Ty.v128 && this.#requireBackEnd().registerOffset(file, register) === EngineState.zero) return this.#halves(ty, 0, 0);
    const op = ty === Ty.v128 ? Op.v128_load : ty === Ty.i64 ? Op.i64_load : Op.i32_load;
    return this.#reg(file, register, ty, op);
  }

  #reg(file: RegisterFile, register: Reg, ty: Ty, op: number): V {
    const n = this.#graph.add(Kind.Register, ty, op, this.#graph.fileIndex(file), register as unknown as number);
    return value(n);
  }

  /** Writes a whole register: an i64 for a general one, a v128 for a vector one. */
  writeReg(file: RegisterFile, register: Reg, v: V): void {
    const n = this.#use(v);
    const ty = this.#graph.ty[n] as Ty;
    const op = ty === Ty.v128 ? Op.v128_store : ty === Ty.i64 ? Op.i64_store : Op.i32_store;
    this.#effects.push({ kind: 'register', file, register, op, value: n });
  }

  /** A field of the vCPU's state; `bytes` 4 gives an i32, 8 an i64. */
  stateAt(offset: number, bytes: 4 | 8): V {
    return value(this.#graph.add(Kind.State, bytes === 4 ? Ty.i32 : Ty.i64, bytes === 4 ? Op.i32_load : Op.i64_load, -1, -1, offset));
  }

  /** A field of the state whose offset is an operand; an i64. */
  stateIndexed(offset: V): V {
    const address = this.add(this.state(), this.as(offset, Ty.i32));
    return this.loadAt(address, 0, 8);
  }

  setState(offset: number, v: V): void {
    const n = this.#use(v);
    this.#effects.push({ kind: 'state', op: this.#graph.ty[n] === Ty.i64 ? Op.i64_store : Op.i32_store, offset, value: n });
  }

  /** The value of a local of the function, for back ends. */
  local(index: number, ty: Ty): V {
    return value(this.#graph.add(Kind.Local, ty, 0, index));
  }

  /** Address of the vCPU's state, for helpers. */
  state(): V {
    return value(this.#graph.add(Kind.Local, Ty.i32, 0, this.cpu));
  }

  /** The address of the current instruction. */
  pc(): V {
    return value(this.#graph.add(Kind.Pc, Ty.i64));
  }

  // --- flags ---

  setFlags(kind: number, x: V, y: V): void {
    this.#effects.push({ kind: 'flags', flags: kind, flagsOf: -1, x: this.#use(x), y: this.#use(y) });
  }

  /** Sets flags whose kind is computed (an i32). */
  setFlagsOf(kind: V, x: V, y: V): void {
    this.#effects.push({ kind: 'flags', flags: -1, flagsOf: this.#use(this.as(kind, Ty.i32)), x: this.#use(x), y: this.#use(y) });
  }

  cond(condition: number): V {
    return this.#requireBackEnd().condition(condition);
  }

  packedFlags(): V {
    return this.#requireBackEnd().packedFlags();
  }

  // --- memory ---

  /**
   * Translates `va` for an access of `bytes`. May leave the instruction; so all opens come before any effect. The result is an
   * address for {@link loadAt} and {@link storeAt}.
   */
  open(va: V, bytes: number, access: 'read' | 'write' | 'readWrite', options: AccessOptions = {}): V {
    const element = options.element ?? bytes;
    const write = access !== 'read';
    const info =
      bytes |
      (write ? AccessInfo.write : 0) |
      (access === 'readWrite' ? AccessInfo.readWrite : 0) |
      (options.aligned ? AccessInfo.aligned : 0) |
      (options.unprivileged ? AccessInfo.unprivileged : 0) |
      (Math.log2(element) << AccessInfo.elementShift);
    const n = node(this.as(va, Ty.i64));
    const back = this.#requireBackEnd();
    const { exactAlignment } = this;
    const isPlain = !exactAlignment && !options.aligned && !options.unprivileged;
    const shared = isPlain ? back.shareProbe(n, bytes, write) : undefined;
    if (shared && !shared.begin) return this.add(this.local(shared.local, Ty.i32), this.i32(shared.displacement));
    const address = shared?.local ?? this.locals.take(Ty.i32);
    const from = this.#emitter.materialize(n);
    const probe = new Probe(this.code, {
      cpu: this.cpu,
      bank: this.bank,
      va: from,
      entry: this.locals.take(Ty.i32),
      address,
      bytes,
      element,
      info,
      exactAlignment,
      widening: shared !== undefined,
      miss: () => back.emitMiss(() => this.code.get(from), info),
    });
    shared?.begin?.(probe);
    this.#opened.push({ address, write });
    return this.local(address, Ty.i32);
  }

  /** An address as what can be an operand of a load or store, and its offset. */
  #place(m: V, offset: number): [number, number] {
    const g = this.#graph;
    const n = node(m);
    const by = g.b[n] as number;
    if (g.kind[n] !== Kind.Op || g.op[n] !== IntOp.add[0] || !g.isConst(by) || g.lo[by]! < 0) return [n, offset];
    return [g.a[n] as number, offset + g.lo[by]!];
  }

  /** Whether the TLB knows that `va` may be read: an i32. */
  isMapped(va: V): V {
    const shift = Math.log2(TlbEntry.bytes);
    const offset = this.and(this.as(this.shr(va, this.imm(PAGE_BITS - shift)), Ty.i32), this.imm((TLB_ENTRIES - 1) << shift));
    const entry = this.add(this.stateAt(EngineState.bank, 4), offset);
    return this.eq(this.loadAt(entry, TlbEntry.readTag, 8), this.and(va, this.imm(-(1 << PAGE_BITS))));
  }

  /** Loads from an opened address; zero-extended to i64 (i32 where `ty` says) unless `signed`. */
  loadAt(m: V, offset: number, bytes: number, signed = false, ty: Ty = Ty.i64): V {
    const op = bytes === 16 ? Op.v128_load : (signed ? LOAD_SIGNED : LOAD_UNSIGNED)[bytes]?.[ty === Ty.i32 ? 0 : 1];
    if (!op) throw new Error(`no load of ${bytes} bytes`);
    const [address, at] = this.#place(m, offset);
    const n = this.#add(Kind.Load, bytes === 16 ? Ty.v128 : ty, op, address);
    this.#graph.c[n as unknown as number] = at;
    this.#ordered.push(node(n));
    return n;
  }

  /** Stores the low `bytes` of `v`. */
  storeAt(m: V, offset: number, bytes: number, v: V): void {
    const ty = this.#known(v);
    const op = ty === Ty.v128 ? Op.v128_store : STORE[bytes]?.[ty === Ty.i32 ? 0 : 1];
    if (!op) throw new Error(`no store of ${bytes} bytes`);
    const [address, at] = this.#place(m, offset);
    this.#effects.push({ kind: 'store', op, address: this.#use(value(address)), offset: at, value: this.#use(v) });
  }

  /** An atomic read-modify-write of naturally aligned memory; gives the old value, zero-extended to i64. */
  atomic(kind: AtomicOp, m: V, bytes: number, v: V): V {
    return this.#atomic(ATOMIC_RMW[kind][bytes as 1], m, this.as(v, Ty.i64));
  }

  /** Stores `replacement` if memory holds `expected` (both taken modulo the size); gives the old value, zero-extended to i64. */
  cmpxchg(m: V, bytes: number, expected: V, replacement: V): V {
    const e = bytes === 8 ? this.as(expected, Ty.i64) : this.zx(this.as(expected, Ty.i64), bytes * 8);
    return this.#atomic(ATOMIC_RMW.cmpxchg[bytes as 1], m, e, this.as(replacement, Ty.i64));
  }

  #atomic(op: number, m: V, x: V, y?: V): V {
    const n = node(this.#add(Kind.Atomic, Ty.i64, op, node(m), node(x), y ? node(y) : -1));
    this.#order(n);
    return value(n);
  }

  // --- vectors ---

  /** A vector operation of one to three operands by its WebAssembly name. */
  simd(name: SimdName | 'v128_bitselect', x: V, y?: V, z?: V): V {
    const op = name === 'v128_bitselect' ? Op.v128_bitselect : Simd[name];
    const scalar = /(all_true|any_true)$/.test(name);
    return this.#op(op, scalar ? Ty.i32 : Ty.v128, node(x), y ? node(y) : -1, z ? node(z) : -1);
  }

  /** Reads lane `lane` (static). The result is i64 for 64-bit lanes, else i32. */
  extractLane(name: SimdName, x: V, lane: number): V {
    return this.#add(Kind.Lane, name.startsWith('i64') ? Ty.i64 : Ty.i32, Simd[name], node(x), -1, lane);
  }

  replaceLane(name: SimdName, x: V, lane: number, v: V): V {
    return this.#add(Kind.Lane, Ty.v128, Simd[name], node(x), node(this.as(v, name.startsWith('i64') ? Ty.i64 : Ty.i32)), lane);
  }

  /** Picks 16 bytes of the 32 in `x` and `y`. */
  shuffle(x: V, y: V, lanes: readonly number[]): V {
    this.#graph.lanes.push(lanes);
    return this.#add(Kind.Shuffle, Ty.v128, Op.i8x16_shuffle, node(x), node(y), this.#graph.lanes.length - 1);
  }

  /** A constant vector of 16 bytes. */
  vector(bytes: readonly number[]): V {
    this.#graph.lanes.push(bytes);
    return value(this.#graph.add(Kind.Vector, Ty.v128, Op.v128_const, -1, -1, this.#graph.lanes.length - 1));
  }

  /** An i64 in the low lane of a vector, zeros above. */
  vectorFrom64(v: V): V {
    return this.replaceLane('i64x2_replace_lane', this.vector(new Array<number>(16).fill(0)), 0, v);
  }

  // --- control ---

  /** Goes on at pc + `offset` (an operand of kind `target`). A `call` has stored the address of the next instruction. */
  jump(offset: V, call = false): void {
    this.#setFlow(call ? Flow.Call : Flow.Jump, -1, this.#use(offset));
  }

  /** Goes on at pc + `offset` if `condition`. */
  branch(condition: V, offset: V): void {
    this.#setFlow(Flow.Branch, this.#use(this.as(condition, Ty.i32)), this.#use(offset));
  }

  /** Goes on at a computed address (an i64). A `call` as in {@link Builder.jump}. */
  jumpTo(address: V, call = false): void {
    this.#setFlow(call ? Flow.IndirectCall : Flow.Indirect, -1, this.#use(address));
  }

  /** Goes on at the next instruction, with the translation of its page looked up again. */
  refetch(): void {
    this.#setFlow(Flow.Refetch, -1, -1);
  }

  /** Returns to the engine after the effects of the instruction, with pc still at it. `info` is an i32. */
  leave(reason: number, info: V): void {
    this.#setFlow(Flow.Leave, -1, this.#use(this.as(info, Ty.i32)));
    this.#flowReason = reason;
  }

  /** Returns to the engine before any effect if `condition`. */
  leaveIf(condition: V, reason: number, info: V): void {
    const i = this.#use(this.as(info, Ty.i32));
    const c = this.#use(this.as(condition, Ty.i32));
    this.#emitter.pinShared(i);
    this.#emitter.emit(c);
    this.#emitter.conditionally(() => this.#requireBackEnd().leave(reason, () => this.#emitter.emit(i)));
  }

  /**
   * Returns to the engine before any effect if a field of the state is not 0. Nothing but what leaves a region may change such a
   * field: a region tests it once on each way.
   */
  leaveIfState(offset: number, reason: number, info: V): void {
    const { facts } = this.#requireBackEnd();
    if (facts?.isZeroField(offset)) return;
    this.leaveIf(this.stateAt(offset, 4), reason, info);
    facts?.learnZeroField(offset);
  }

  /** Returns to the engine before any effect if `register`, a stack pointer, has bits of the field of the state at `mask`. */
  leaveIfMisaligned(file: RegisterFile, register: Reg, mask: number, reason: number, info: V): void {
    const back = this.#requireBackEnd();
    const offset = back.registerOffset(file, register);
    if (offset !== undefined && back.facts?.isAlignedRegister(offset)) return;
    const low = this.as(this.readReg(file, register, Ty.i64), Ty.i32);
    this.leaveIf(this.and(low, this.stateAt(mask, 4)), reason, info);
    if (offset !== undefined) back.facts?.learnAlignedRegister(offset);
  }

  /** The register and the constant whose sum a 64-bit value is, if it is one. */
  affine(n: number): { readonly file: RegisterFile; readonly register: Reg; displacement: number } | undefined {
    const g = this.#graph;
    if (g.ty[n] !== Ty.i64) return undefined;
    if (g.kind[n] === Kind.Register)
      return { file: g.files[g.a[n] as number] as RegisterFile, register: g.b[n] as unknown as Reg, displacement: 0 };
    const sign = g.op[n] === IntOp.add[1] ? 1 : g.op[n] === IntOp.sub[1] ? -1 : 0;
    const constant = g.b[n] as number;
    if (g.kind[n] !== Kind.Op || sign === 0 || !g.isConst(constant)) return undefined;
    const inner = this.affine(g.a[n] as number);
    if (inner) inner.displacement += sign * (g.hi[constant]! * 2 ** 32 + (g.lo[constant]! >>> 0));
    return inner;
  }

  /** Emits the effects of the instruction and its transfer of control. */
  commit(): void {
    const g = this.#graph;
    const back = this.#requireBackEnd();
    const writesMemory = this.#effects.some((e) => e.kind === 'store') || this.#ordered.some((n) => g.kind[n] !== Kind.Load);
    for (const n of this.#ordered) {
      if (g.kind[n] === Kind.Load ? writesMemory && g.uses[n]! > 0 : true) this.#emitter.pin(n);
    }
    const effects = this.#effects;
    if (effects.length > 1) effects.sort((x, y) => RANK[x.kind] - RANK[y.kind]);
    const hasFlow = this.#flow !== Flow.Next;
    effects.forEach((effect, i) => {
      if (i > 0) this.#pinEffect(effect);
      else if (effect.kind === 'flags') this.#pinLaterFlags(effect);
    });
    if (hasFlow && effects.length > 0) {
      if (this.#flowCondition >= 0) this.#emitter.pin(this.#flowCondition);
      if (this.#flowTarget >= 0) this.#emitter.pin(this.#flowTarget);
    }
    for (const effect of effects) this.#perform(effect, back);
    for (const { address, write } of this.#opened) if (write) back.flushStore(() => this.code.get(address));
    back.finish(this.#flow, this.#flowCondition, this.#flowTarget, this.#flowReason);
  }

  /** Whether what is emitted now runs on a condition only. */
  get conditional(): boolean {
    return this.#emitter.conditional;
  }

  /** Emits a value on the stack; for back ends and functions. */
  emit(v: V): void {
    this.#emitter.emit(node(v));
  }

  /** Emits node `n`; for back ends. @internal */
  emitNode(n: number): void {
    this.#emitter.emit(n);
  }

  /** Emits a value as `ty`. */
  emitAs(n: number, ty: Ty): void {
    this.#emitter.emit(node(this.as(value(n), ty)));
  }

  /** The operand of the record (or constant of the region) behind a field or decode-time value. */
  operand(operand: number): V {
    return value(this.#graph.add(Kind.Operand, 0, 0, operand));
  }

  /** The operand number of an operand node, or −1. */
  operandOf(n: number): number {
    return this.#graph.kind[n] === Kind.Operand ? (this.#graph.a[n] as number) : -1;
  }

  // --- the inside ---

  #requireBackEnd(): BackEnd {
    return this.#emitter.backEnd;
  }

  #setFlow(flow: Flow, condition: number, target: number): void {
    if (this.#flow !== Flow.Next) throw new Error('an instruction transfers control once');
    this.#flow = flow;
    this.#flowCondition = condition;
    this.#flowTarget = target;
  }

  /** A number may be as large as integers are exact. */
  #literal(ty: Ty | 0, n: number | bigint): V {
    return typeof n === 'number' ? this.#halves(ty, n | 0, Math.floor(n / 2 ** 32)) : this.#constant(ty, n);
  }

  #constant(ty: Ty | 0, n: bigint): V {
    return this.#halves(ty, Number(BigInt.asIntN(32, n)), Number(BigInt.asIntN(32, n >> 32n)));
  }

  #halves(ty: Ty | 0, lo: number, hi: number): V {
    return value(this.#graph.constant(ty, lo, ty === Ty.i32 ? lo >> 31 : hi));
  }

  #constantOf(n: number): bigint {
    return (BigInt(this.#graph.hi[n] as number) << 32n) | BigInt((this.#graph.lo[n] as number) >>> 0);
  }

  #typed(n: number, ty: Ty): V {
    const g = this.#graph;
    if (g.kind[n] === Kind.Const) return this.#halves(ty, g.lo[n]!, g.hi[n]!);
    return value(g.add(Kind.Operand, ty, 0, g.a[n]));
  }

  #known(x: V): Ty {
    const ty = this.#graph.ty[node(x)] as Ty | 0;
    if (ty === 0) throw new Error('the width of a value is not known here');
    return ty;
  }

  #unify(x: V, y: V): [number, number] {
    const tx = this.type(x);
    const ty = this.type(y);
    const known = tx !== 0 ? tx : ty;
    if (known === 0) throw new Error('two operands without a width');
    if (tx !== 0 && ty !== 0 && tx !== ty) throw new Error(`operands of different width: ${Ty[tx]} and ${Ty[ty]}`);
    return [node(this.as(x, known)), node(this.as(y, known))];
  }

  #binary(name: IntOpName, x: V, y: V, result?: Ty): V {
    const [p, q] = this.#unify(x, y);
    return this.#integer(name, p, q, result);
  }

  #shift(name: IntOpName, x: V, amount: V): V {
    const ty = this.#known(x);
    return this.#integer(name, node(x), node(this.as(amount, ty)));
  }

  #integer(name: IntOpName, p: number, q: number, result?: Ty): V {
    const g = this.#graph;
    const ty = g.ty[p] as Ty;
    const to = result ?? ty;
    if (g.isConst(p) && !g.isConst(q) && COMMUTATIVE.has(name)) [p, q] = [q, p];
    if (g.isConst(q)) {
      if (g.isConst(p)) {
        const folded = foldInt(name, ty === Ty.i64, this.#constantOf(p), this.#constantOf(q));
        if (folded !== undefined) return this.#constant(to, folded);
      }
      if (isIdentity(name, g.lo[q] as number, g.hi[q] as number)) return value(p);
    }
    return this.#op(IntOp[name][ty === Ty.i32 ? 0 : 1], to, p, q);
  }

  #unary(name: IntOpName, x: V): V {
    const ty = this.#known(x);
    return this.#op(IntOp[name][ty === Ty.i32 ? 0 : 1], ty, node(x));
  }

  #op(op: number, ty: Ty, a: number, b = -1, c = -1): V {
    return this.#add(Kind.Op, ty, op, a, b, c);
  }

  #add(kind: Kind, ty: Ty, op: number, a: number, b = -1, c = -1): V {
    const g = this.#graph;
    const n = g.add(kind, ty, op, a, b, c);
    if (kind === Kind.Op && TRAPPING.has(op)) g.traps[n] = 1;
    g.forInputs(n, (input) => {
      g.uses[input]!++;
      g.traps[n]! |= g.traps[input]!;
    });
    return value(n);
  }

  #order(n: number): void {
    this.#graph.uses[n]!++;
    this.#ordered.push(n);
  }

  #use(v: V): number {
    const n = node(v);
    this.#graph.uses[n]!++;
    return n;
  }

  #pinEffect(effect: Effect): void {
    if (effect.kind === 'flags') {
      this.#emitter.pin(effect.x);
      this.#emitter.pin(effect.y);
      if (effect.flagsOf >= 0) this.#emitter.pin(effect.flagsOf);
    } else this.#emitter.pin(effect.value);
  }

  /** Flags are several writes: what the later ones write may follow from the flags before. Registers do not. */
  #pinLaterFlags({ y, flagsOf }: FlagsEffect): void {
    for (const n of [y, flagsOf]) if (n >= 0 && this.#graph.kind[n] !== Kind.Register) this.#emitter.pin(n);
  }

  #perform(effect: Effect, back: BackEnd): void {
    switch (effect.kind) {
      case 'store':
        this.#emitter.emit(effect.address);
        this.#emitter.emit(effect.value);
        this.code.memory(effect.op, effect.offset);
        break;
      case 'state':
        this.code.get(this.cpu);
        this.#emitter.emit(effect.value);
        this.code.memory(effect.op, effect.offset);
        break;
      case 'flags':
        back.commitFlags(
          effect.flags,
          value(effect.x),
          value(effect.y),
          effect.flagsOf >= 0 ? value(effect.flagsOf) : undefined,
        );
        break;
      case 'register':
        back.writeRegister(effect.file, effect.register, effect.op, () => this.#emitter.emit(effect.value), effect.value);
        break;
    }
  }

}

/** The order in which effects are emitted. */
const RANK: Readonly<Record<Effect['kind'], number>> = { store: 0, state: 1, flags: 2, register: 3 };
