import type { V } from '../describe/value.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { Kind, node, value } from './graph.js';
import { AccessInfo, EngineState, PAGE_BITS, TlbEntry } from './layout.js';
import { ATOMIC_RMW, LOAD_SIGNED, LOAD_UNSIGNED, STORE } from './memory-opcodes.js';
import type { AtomicOp } from './memory-opcodes.js';
import { Probe } from './probe.js';
import { StateBuilder } from './state-builder.js';
import { emitEntry } from './tlb-lookup.js';

/**
 * Options of {@link Builder.open}.
 *
 * @experimental
 */
export interface AccessOptions {
  /** Size of one element in bytes, for accesses to several (a pair): alignment and device accesses are by element. */
  readonly element?: number;
  /** Alignment is required even if the system allows misaligned accesses. */
  readonly aligned?: boolean;
  /** For accesses that read and write: every fault is reported as a write's, even if a read would have faulted. */
  readonly faultsAsWrite?: boolean;
  /** The access has the permissions of unprivileged code. */
  readonly unprivileged?: boolean;
}

/** An access that {@link MemoryBuilder.open} has translated. */
interface Opened {
  /** The local of its address. */
  readonly address: number;
  readonly write: boolean;
}

/**
 * Accesses of an instruction to guest memory.
 *
 * @experimental
 */
export abstract class MemoryBuilder extends StateBuilder {
  /**
   * Whether a misaligned access takes the slow path, which knows whether the system allows it. Otherwise the code runs
   * only while the system does, and compares the page of the last byte instead.
   */
  exactAlignment = true;
  /** A local that holds the address of the TLB bank, in code during which it cannot change. */
  bank: number | undefined;
  readonly #opened: Opened[] = [];

  /**
   * Translates `va` for an access of `bytes`. The instruction may end here, so all calls must come before any effect.
   * The result is an address for {@link loadAt} and {@link storeAt}.
   */
  open(va: V, bytes: number, access: 'read' | 'write' | 'readWrite', options: AccessOptions = {}): V {
    const element = options.element ?? bytes;
    const write = access !== 'read';
    const info = accessInfo(bytes, access, options);
    const n = node(this.as(va, Ty.i64));
    const { backEnd, exactAlignment } = this;
    const isPlain = !exactAlignment && !options.aligned && !options.unprivileged;
    const shared = isPlain ? backEnd.shareProbe(n, bytes, write) : undefined;
    if (shared && !shared.begin) return this.add(this.local(shared.local, Ty.i32), this.i32(shared.displacement));
    const address = shared?.local ?? this.locals.take(Ty.i32);
    const from = this.emitter.materialize(n);
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
      miss: () => backEnd.emitMiss(() => this.code.get(from), info),
    });
    shared?.begin?.(probe);
    this.#opened.push({ address, write });
    return this.local(address, Ty.i32);
  }

  /** Whether the TLB has an entry that allows an access at `va`; does not fill the TLB. An i32. */
  isMapped(va: V, access: 'read' | 'write' = 'read'): V {
    const from = this.emitter.materialize(node(this.as(va, Ty.i64)));
    const { code } = this;
    emitEntry(code, this.cpu, from, EngineState.bank);
    code.memory(Op.i64_load, access === 'read' ? TlbEntry.readTag : TlbEntry.writeTag);
    code
      .get(from)
      .i64(-(1 << PAGE_BITS), -1)
      .op(IntOp.and[1])
      .op(IntOp.eq[1]);
    return this.keep(Ty.i32);
  }

  /** Loads from an opened address; zero-extended to i64 (or i32, according to `ty`) unless `signed`. */
  loadAt(m: V, offset: number, bytes: number, signed = false, ty: Ty = Ty.i64): V {
    const op = bytes === 16 ? Op.v128_load : (signed ? LOAD_SIGNED : LOAD_UNSIGNED)[bytes]?.[ty === Ty.i32 ? 0 : 1];
    if (!op) throw new Error(`no load of ${bytes} bytes`);
    const addend = this.#addendOf(m);
    const v = this.node(Kind.Load, bytes === 16 ? Ty.v128 : ty, op, this.#baseOf(m));
    this.graph.c[node(v)] = offset + addend;
    this.effects.order(node(v));
    return v;
  }

  /** Stores the low `bytes` of `v`. */
  storeAt(m: V, offset: number, bytes: number, v: V): void {
    const ty = this.known(v);
    const op = ty === Ty.v128 ? Op.v128_store : STORE[bytes]?.[ty === Ty.i32 ? 0 : 1];
    if (!op) throw new Error(`no store of ${bytes} bytes`);
    this.effects.push({
      kind: 'store',
      op,
      address: this.useOf(value(this.#baseOf(m))),
      offset: offset + this.#addendOf(m),
      value: this.useOf(v),
    });
  }

  /** A field of the state whose offset is an operand; an i64. */
  stateIndexed(offset: V): V {
    return this.loadAt(this.add(this.state(), this.as(offset, Ty.i32)), 0, 8);
  }

  /** An atomic read-modify-write of naturally aligned memory; returns the old value, zero-extended to i64. */
  atomic(kind: AtomicOp, m: V, bytes: number, v: V): V {
    return this.#atomic(ATOMIC_RMW[kind][bytes as 1], m, this.as(v, Ty.i64));
  }

  /**
   * Stores `replacement` if memory holds `expected` (both taken modulo the size); returns the old value, zero-extended
   * to i64.
   */
  cmpxchg(m: V, bytes: number, expected: V, replacement: V): V {
    const e = bytes === 8 ? this.as(expected, Ty.i64) : this.zx(this.as(expected, Ty.i64), bytes * 8);
    return this.#atomic(ATOMIC_RMW.cmpxchg[bytes as 1], m, e, this.as(replacement, Ty.i64));
  }

  /** Discards the accesses of the last instruction. */
  protected closeAll(): void {
    if (this.#opened.length > 0) this.#opened.length = 0;
  }

  /** Emits the writes to devices for the accesses that were opened for writing. */
  protected flushStores(): void {
    if (this.#opened.length > 0) this.#flushOpened();
  }

  #flushOpened(): void {
    for (const { address, write } of this.#opened) if (write) this.backEnd.flushStore(() => this.code.get(address));
  }

  #atomic(op: number, m: V, x: V, y?: V): V {
    const v = this.node(Kind.Atomic, Ty.i64, op, node(m), node(x), y ? node(y) : -1);
    this.order(node(v));
    return v;
  }

  /** Whether an address is a sum of which a load or store adds the constant. */
  #isSplit(n: number): boolean {
    const g = this.graph;
    const addend = g.b[n] as number;
    return g.kind[n] === Kind.Op && g.op[n] === IntOp.add[0] && g.isConst(addend) && g.lo[addend]! >= 0;
  }

  /** The operand of a load or store at an address. */
  #baseOf(m: V): number {
    return this.#isSplit(node(m)) ? (this.graph.a[node(m)] as number) : node(m);
  }

  /** The constant for its immediate. */
  #addendOf(m: V): number {
    return this.#isSplit(node(m)) ? (this.graph.lo[this.graph.b[node(m)] as number] as number) : 0;
  }
}

/** {@link AccessInfo} of an access. */
function accessInfo(
  bytes: number,
  access: 'read' | 'write' | 'readWrite',
  { element = bytes, aligned, faultsAsWrite, unprivileged }: AccessOptions,
): number {
  return (
    bytes |
    (access !== 'read' ? AccessInfo.write : 0) |
    (access === 'readWrite' ? AccessInfo.readWrite : 0) |
    (faultsAsWrite ? AccessInfo.faultsAsWrite : 0) |
    (aligned ? AccessInfo.aligned : 0) |
    (unprivileged ? AccessInfo.unprivileged : 0) |
    ((31 - Math.clz32(element)) << AccessInfo.elementShift)
  );
}
