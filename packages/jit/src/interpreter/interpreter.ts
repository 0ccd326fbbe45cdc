import { Flow } from '../builder/back-end.js';
import type { BackEnd } from '../builder/back-end.js';
import { Builder } from '../builder/builder.js';
import type { FlagModel } from '../builder/flag-model.js';
import type { Helper } from '../builder/helper.js';
import {
  AccessInfo,
  CODE_SLOT_BYTES,
  CODE_SLOT_REGIONS,
  EXACT_REGIONS,
  EngineState,
  ExitReason,
  PAGE_BITS,
  REGION_MINIMUM,
  TlbEntry,
} from '../builder/layout.js';
import { emitEntry } from '../builder/tlb-lookup.js';
import { REGION_SIGNATURE } from '../region/region-signature.js';
import { LocalPool } from '../builder/local-pool.js';
import type { Row } from '../describe/row.js';
import type { V } from '../describe/value.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import { ModuleWriter } from '../wasm/module-writer.js';
import type { FunctionBody, Signature } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { FLUSH, HandlerBackEnd, PACK_FLAGS, REACHES, Reach, SLOW_OPEN } from './handler-back-end.js';
import type { RunFrame, Slot } from './handler-back-end.js';
import { CHAIN, defineChain, emitRegionAddress } from './chain.js';
import { forEachStatic, operandsOf, staticsOf } from './operands.js';
import type { OperandInfo, StaticInfo } from './operands.js';
import { FILL, FillAccess, WALK, defineFill } from './tlb-fill.js';

/**
 * What an architecture gives the interpreter generator.
 *
 * @experimental
 */
export interface InterpreterDescription<B extends Builder> {
  readonly rows: readonly Row<B>[];
  readonly flags: FlagModel;
  /** Functions that semantics call and that are imported from other modules. */
  readonly helpers: readonly Helper[];
  /** The architecture's builder. */
  readonly builder: new (...args: ConstructorParameters<typeof Builder>) => B;
  /** The body of {@link WALK}; without it the engine fills the TLB. */
  readonly walk?: (code: CodeBuffer) => FunctionBody;
}

/**
 * One generated handler.
 *
 * @experimental
 */
export interface Handler<B> {
  readonly row: Row<B>;
  readonly slots: readonly Slot[];
  /** How control leaves the instruction. */
  readonly flow: Flow;
}

/**
 * The handlers of a row: `index[static combination * REACHES + reach]`, or −1 where not allocated.
 *
 * @experimental
 */
export interface RowHandlers {
  readonly statics: readonly StaticInfo[];
  readonly operands: readonly OperandInfo[];
  /** The operand that says how far a direct branch goes. */
  readonly target: OperandInfo | undefined;
  readonly index: Int32Array;
}

/**
 * A generated interpreter: the module and what the pre-decoder needs.
 *
 * @experimental
 */
export interface Interpreter<B> {
  readonly bytes: Uint8Array;
  readonly handlers: readonly Handler<B>[];
  readonly rows: ReadonlyMap<Row<B>, RowHandlers>;
}

/** Handler numbers that every interpreter has. @internal */
export const DECODE_HANDLER = 0;
/** Goes on in the next page. @internal */
export const PAGE_END_HANDLER = 1;
/** An encoding without a row. @internal */
export const UNDEFINED_HANDLER = 2;
const BUILT_IN_HANDLERS = 3;

const SLOW_IMPORT: Helper = { module: 'env', name: 'slow', params: [Ty.i32], result: Ty.i32, pure: false };
/** Regions of one vCPU: numbers are 16 bits wide, 0 is none. */
const REGION_TABLE_SIZE = 0x10000;
const PAGE_BYTES = 1 << PAGE_BITS;
const RUN: Signature = { params: [Ty.i32, Ty.i32], results: [Ty.i32] };

/**
 * Generates the interpreter of an instruction table: one WebAssembly function `run(cpu, budget) → ExitReason` over pre-decoded
 * records. The module imports `env.memory`, `env.slow(info) → address`, `env.flush()` and the helpers.
 *
 * @experimental
 */
export function generateInterpreter<B extends Builder>(description: InterpreterDescription<B>): Interpreter<B> {
  const writer = new ModuleWriter();
  const functions = new Map<string, number>();
  const key = (h: Helper): string => `${h.module}.${h.name}`;
  for (const helper of [SLOW_IMPORT, FLUSH, ...description.helpers]) {
    functions.set(key(helper), writer.import(helper.module, helper.name, signatureOf(helper)));
  }
  for (const helper of [SLOW_OPEN, PACK_FLAGS, CHAIN, WALK, FILL]) functions.set(key(helper), writer.declare());
  const functionOf = (helper: Helper): number => {
    const index = functions.get(key(helper));
    if (index === undefined) throw new Error(`helper ${key(helper)} is not imported`);
    return index;
  };
  defineSlowOpen(writer, functionOf);
  const walk = (description.walk ?? noWalk)(new CodeBuffer());
  writer.define(functionOf(WALK), signatureOf(WALK), walk.locals, walk.code, WALK.name);
  defineFill(writer, functionOf);
  definePackFlags(writer, functionOf, description.flags);
  return new RunFunction(description, writer, functionOf).generate(() => defineChain(writer, functionOf(CHAIN)));
}

function signatureOf(helper: Helper): Signature {
  return { params: helper.params, results: helper.result === undefined ? [] : [helper.result] };
}

/** A handler before and after its code is emitted. */
interface PendingHandler<B> {
  readonly row: Row<B>;
  readonly statics: Record<string, number>;
  readonly reach: Reach;
  slots: readonly Slot[];
  flow: Flow;
}

class RunFunction<B extends Builder> {
  readonly #code = new CodeBuffer(1 << 18);
  readonly #locals = new LocalPool(RUN.params.length);
  readonly #builder: B;
  readonly #handlers: PendingHandler<B>[] = [];
  readonly #rows = new Map<Row<B>, RowHandlers>();

  constructor(
    private readonly description: InterpreterDescription<B>,
    private readonly writer: ModuleWriter,
    private readonly functionOf: (helper: Helper) => number,
  ) {
    this.#builder = new description.builder(this.#code, this.#locals, 0, functionOf);
  }

  generate(defineOthers: () => void): Interpreter<B> {
    for (const row of this.description.rows) this.#enumerate(row);
    this.writer.defineTable('regions', REGION_TABLE_SIZE);
    defineOthers();
    const run = this.writer.declare();
    this.#emitRun();
    this.writer.define(run, RUN, this.#locals.types, this.#code.toBytes(), 'run');
    const builtIn = Array.from({ length: BUILT_IN_HANDLERS }, () => undefined);
    const handlers = [...builtIn, ...this.#handlers] as Handler<B>[];
    return { bytes: this.writer.toBytes(), handlers, rows: this.#rows };
  }

  #enumerate(row: Row<B>): void {
    const statics = staticsOf(row);
    const operands = operandsOf(row);
    const target = operands.find((o) => o.kind === 'target');
    const branches = target !== undefined;
    const total = statics.reduce((product, s) => product * s.count, 1);
    const index = new Int32Array(total * REACHES).fill(-1);
    forEachStatic(statics, (values, i) => {
      if (!row.valid(values)) return;
      for (let reach: Reach = Reach.Ahead; reach < REACHES; reach++) {
        const first = index[i * REACHES] as number;
        index[i * REACHES + reach] =
          reach === Reach.Ahead || branches ? BUILT_IN_HANDLERS + this.#handlers.length : first;
        if (reach === Reach.Ahead || branches)
          this.#handlers.push({ row, statics: values, reach, slots: [], flow: Flow.Next });
      }
    });
    this.#rows.set(row, { statics, operands, target, index });
  }

  #emitRun(): void {
    const code = this.#code;
    const [ip, reason, target] = [
      this.#locals.reserve(Ty.i32),
      this.#locals.reserve(Ty.i32),
      this.#locals.reserve(Ty.i64),
    ] as const;
    const [cpu, left] = [0, 1];
    code.get(cpu).memory(Op.i32_load, EngineState.ip).set(ip);
    // The first thing is to look for a region.
    this.#emitSetAside(cpu, left, 0);
    const exit = code.block();
    const abort = code.block();
    const next = code.loop();
    const enter = code.block();
    const transfer = code.block();
    const frame: RunFrame = { cpu, ip, left, reason, target, next, enter, transfer, exit, abort };
    code.get(left).i32(1).op(IntOp.sub[0]).tee(left).i32(0).op(IntOp.lts[0]).if();
    this.#emitResume(frame);
    code.i32(0).set(left).i32(ExitReason.Budget).set(reason).br(exit).end();
    const labels: number[] = [];
    const count = BUILT_IN_HANDLERS + this.#handlers.length;
    for (let i = 0; i < count; i++) labels[count - 1 - i] = code.block();
    code
      .get(ip)
      .memory(Op.i32_load16_u, 0)
      .brTable(labels, labels[UNDEFINED_HANDLER] as number);
    code.end();
    this.#emitRestart(frame, ExitReason.Decode);
    code.end();
    this.#emitPageEnd(frame);
    code.end();
    this.#emitRestart(frame, ExitReason.Undefined);
    for (const handler of this.#handlers) {
      code.end();
      this.#emitHandler(handler, frame);
    }
    code.end();
    this.#emitTransfer(frame);
    code.end();
    this.#emitEnter(frame);
    code.end();
    code.end();
    code.get(left).i32(1).op(IntOp.add[0]).set(left).i32(ExitReason.Fault).set(reason);
    code.end();
    code.get(cpu).get(ip).memory(Op.i32_store, EngineState.ip);
    code.get(cpu).get(left).memory(Op.i32_store, EngineState.left);
    code.get(reason);
  }

  #emitHandler(handler: PendingHandler<B>, frame: RunFrame): void {
    const { row, statics } = handler;
    const { operands } = this.#rows.get(row) as RowHandlers;
    const backEnd = new HandlerBackEnd(
      this.#builder,
      frame,
      operands,
      handler.reach,
      this.description.flags,
      this.functionOf,
    );
    this.#builder.use(backEnd);
    this.#builder.begin();
    const args: Record<string, unknown> = { ...statics };
    operands.forEach((operand, i) => {
      args[operand.name] = operand.kind === 'register' ? i : this.#builder.operand(i);
    });
    try {
      row.semantics(this.#builder, args as never);
      this.#builder.commit();
    } catch (cause) {
      throw new Error(`row "${row.name}" with ${JSON.stringify(statics)}: ${String(cause)}`, { cause });
    }
    handler.slots = backEnd.slots;
    handler.flow = backEnd.flow;
  }

  /** Puts the budget aside but for `keep` instructions: when those are done, {@link #emitResume} looks for a region. */
  #emitSetAside(cpu: number, left: number, keep: number): void {
    const code = this.#code;
    // In the state, not in a local: one that lives on in the dispatch loop would be copied for each instruction.
    code.get(cpu).get(left).i32(keep).op(IntOp.sub[0]).memory(Op.i32_store, EngineState.aside);
    code.i32(keep).set(left);
    code.get(cpu).get(cpu).memory(Op.i32_load, EngineState.stolen);
    code.get(cpu).memory(Op.i32_load, EngineState.aside).op(IntOp.add[0]);
    code.memory(Op.i32_store, EngineState.stolen);
  }

  /** The budget is used up; if some is put aside, takes that back and looks for a region. */
  #emitResume({ cpu, left, enter }: RunFrame): void {
    const code = this.#code;
    code.get(cpu).memory(Op.i32_load, EngineState.aside).tee(left).if();
    code.get(cpu).get(cpu).memory(Op.i32_load, EngineState.stolen).get(left).op(IntOp.sub[0]);
    code.memory(Op.i32_store, EngineState.stolen);
    code.get(cpu).i32(0).memory(Op.i32_store, EngineState.aside).br(enter).end();
  }

  /** Leaves with the instruction not begun. */
  #emitRestart({ left, reason, exit }: RunFrame, why: ExitReason): void {
    this.#code.get(left).i32(1).op(IntOp.add[0]).set(left).i32(why).set(reason).br(exit);
  }

  #emitPageEnd({ cpu, ip, left, target, transfer }: RunFrame): void {
    const code = this.#code;
    code.get(left).i32(1).op(IntOp.add[0]).set(left);
    code.get(cpu).memory(Op.i64_load, EngineState.pcBias);
    code.get(ip).i32(2).op(IntOp.shr[0]).op(Op.i64_extend_i32_u).op(IntOp.add[1]).set(target).br(transfer);
  }

  /** Finds the record of the pc in `target` through the TLB, or leaves with `Fetch`. */
  #emitTransfer({ cpu, ip, reason, target, exit }: RunFrame): void {
    const code = this.#code;
    const entry = this.#locals.reserve(Ty.i32);
    emitEntry(code, cpu, target, EngineState.bank);
    code.tee(entry).memory(Op.i64_load, TlbEntry.execTag);
    code
      .get(target)
      .i64(-(1 << PAGE_BITS) | 3, -1)
      .op(IntOp.and[1])
      .op(IntOp.ne[1])
      .if();
    this.#emitFetchFill(cpu, target);
    code.tee(entry).op(Op.i32_eqz).if();
    code.get(cpu).get(target).memory(Op.i64_store, EngineState.address);
    code.i32(ExitReason.Fetch).set(reason).br(exit).end();
    code.end();
    code.get(entry).memory(Op.i32_load, TlbEntry.code);
    code
      .get(target)
      .op(Op.i32_wrap_i64)
      .i32((1 << PAGE_BITS) - 1)
      .op(IntOp.and[0])
      .i32(2)
      .op(IntOp.shl[0])
      .op(IntOp.add[0])
      .set(ip);
    code
      .get(cpu)
      .get(target)
      .get(ip)
      .i32(2)
      .op(IntOp.shr[0])
      .op(Op.i64_extend_i32_u)
      .op(IntOp.sub[1])
      .memory(Op.i64_store, EngineState.pcBias);
  }

  /** Fills the TLB for the pc in `target`, if that is aligned and bits 63–55 are alike: leaves the entry or 0 on the stack. */
  #emitFetchFill(cpu: number, target: number): void {
    const code = this.#code;
    code.get(target).i64(8).op(IntOp.shl[1]).i64(8).op(IntOp.sar[1]).get(target).op(IntOp.eq[1]);
    code.get(target).op(Op.i32_wrap_i64).i32(3).op(IntOp.and[0]).op(Op.i32_eqz).op(IntOp.and[0]).if(Ty.i32);
    code.get(cpu).get(target).i32(FillAccess.execute).i32(0).call(this.functionOf(FILL));
    code.else().i32(0).end();
  }

  /**
   * Control came to `ip` by a jump: calls regions that begin here for as long as they get on. A region that leaves at once is at
   * an instruction for the interpreter.
   */
  #emitEnter(frame: RunFrame): void {
    const code = this.#code;
    const { cpu, ip, left, target, next } = frame;
    const [region, before, inside] = [
      this.#locals.reserve(Ty.i32),
      this.#locals.reserve(Ty.i32),
      this.#locals.reserve(Ty.i32),
    ];
    code.i32(0).set(inside);
    const none = code.block();
    const again = code.loop();
    code.get(cpu).get(cpu).memory(Op.i64_load, EngineState.leftFrom).memory(Op.i64_store, EngineState.cameFrom);
    code.get(cpu).i64(0).memory(Op.i64_store, EngineState.leftFrom);
    code.get(left).get(cpu).memory(Op.i32_load, EngineState.sampleAt).op(IntOp.lts[0]).if();
    code.i32(ExitReason.Budget).set(frame.reason).br(frame.exit).end();
    code.get(cpu).get(cpu).memory(Op.i64_load, EngineState.pcBias);
    code.get(ip).i32(2).op(IntOp.shr[0]).op(Op.i64_extend_i32_u).op(IntOp.add[1]);
    code.memory(Op.i64_store, EngineState.lastEntry);
    emitRegionAddress(code, ip);
    code.memory(Op.i32_load16_u, CODE_SLOT_REGIONS).tee(region).op(Op.i32_eqz).brIf(none);
    code.get(left).i32(REGION_MINIMUM).op(IntOp.lts[0]).brIf(next);
    code.get(cpu).memory(Op.i32_load, EngineState.alignmentCheck).i32(0).op(IntOp.ne[0]);
    code.get(region).i32(EXACT_REGIONS).op(IntOp.ltu[0]).op(IntOp.and[0]).brIf(next);
    code.get(left).set(before);
    code.get(cpu).get(left).get(cpu).memory(Op.i64_load, EngineState.pcBias);
    code
      .get(ip)
      .i32(-CODE_SLOT_BYTES)
      .op(IntOp.and[0])
      .i32(2)
      .op(IntOp.shr[0])
      .op(Op.i64_extend_i32_u)
      .op(IntOp.add[1]);
    code.get(region);
    this.writer.callIndirect(code, REGION_SIGNATURE);
    code.set(left);
    code.get(cpu).memory(Op.i32_load, EngineState.leftInside).set(inside);
    code.get(cpu).i32(0).memory(Op.i32_store, EngineState.leftInside);
    code.get(cpu).get(cpu).memory(Op.i32_load, EngineState.regionEntries).i32(1).op(IntOp.add[0]);
    code.memory(Op.i32_store, EngineState.regionEntries);
    code.get(left).get(before).op(IntOp.eq[0]).brIf(none);
    code.get(cpu).get(cpu).memory(Op.i32_load, EngineState.regionInstructions);
    code.get(before).get(left).op(IntOp.sub[0]).op(IntOp.add[0]);
    code.memory(Op.i32_store, EngineState.regionInstructions);
    code.get(cpu).memory(Op.i64_load, EngineState.address).set(target);
    this.#emitTransfer(frame);
    code.br(again).end();
    code.end();
    // What a region leaves to the interpreter is often one instruction: perhaps a region begins behind it.
    code.get(inside).op(Op.i32_eqz).brIf(next);
    code.get(left).i32(1).op(IntOp.les[0]).brIf(next);
    this.#emitSetAside(cpu, left, 1);
    code.br(next);
  }
}

/**
 * Accesses that missed the TLB as they were: those that are unaligned although the system allows it, and those whose page's
 * entry generated code can fill. The rest is the engine's.
 */
function defineSlowOpen(writer: ModuleWriter, functionOf: (helper: Helper) => number): void {
  const code = new CodeBuffer();
  const [cpu, va, info, entry, unprivileged] = [0, 1, 2, 3, 4];
  const bytes = (): CodeBuffer => code.get(info).i32(AccessInfo.bytesMask).op(IntOp.and[0]);
  emitMayOpen(code, cpu, va, info);
  code
    .get(va)
    .op(Op.i32_wrap_i64)
    .i32(PAGE_BYTES - 1)
    .op(IntOp.and[0]);
  bytes().op(IntOp.add[0]).i32(PAGE_BYTES).op(IntOp.leu[0]).op(IntOp.and[0]).if();
  code.get(info).i32(AccessInfo.unprivileged).op(IntOp.and[0]).i32(0).op(IntOp.ne[0]).set(unprivileged);
  emitEntry(code, cpu, va, EngineState.unprivilegedBank);
  emitEntry(code, cpu, va, EngineState.bank);
  code.get(unprivileged).op(Op.select).tee(entry);
  code.memory(Op.i64_load, TlbEntry.writeTag).get(entry).memory(Op.i64_load, TlbEntry.readTag);
  code.get(info).i32(AccessInfo.write).op(IntOp.and[0]).op(Op.select);
  code.get(va).i64(-PAGE_BYTES, -1).op(IntOp.and[1]).op(IntOp.ne[1]).if();
  code.get(cpu).get(va).i32(FillAccess.write).i32(FillAccess.read);
  code.get(info).i32(AccessInfo.write).op(IntOp.and[0]).op(Op.select);
  code.get(unprivileged).call(functionOf(FILL)).set(entry);
  code.end();
  code.get(entry).if();
  code.get(va).op(Op.i32_wrap_i64).get(entry).memory(Op.i32_load, TlbEntry.addend).op(IntOp.add[0]).op(Op.return);
  code.end();
  code.end();
  code.get(cpu).get(va).memory(Op.i64_store, EngineState.address);
  code.get(info).call(functionOf(SLOW_IMPORT));
  writer.define(functionOf(SLOW_OPEN), signatureOf(SLOW_OPEN), [Ty.i32, Ty.i32], code.toBytes());
}

/** Whether the alignment of an access is no reason to fault: an i32. */
function emitMayOpen(code: CodeBuffer, cpu: number, va: number, info: number): void {
  code.get(va).op(Op.i32_wrap_i64);
  code.i32(1).get(info).i32(AccessInfo.elementShift).op(IntOp.shr[0]).op(IntOp.shl[0]).i32(1).op(IntOp.sub[0]);
  code.op(IntOp.and[0]).op(Op.i32_eqz);
  code.get(cpu).memory(Op.i32_load, EngineState.alignmentCheck).op(Op.i32_eqz);
  code.get(info).i32(AccessInfo.aligned).op(IntOp.and[0]).op(Op.i32_eqz).op(IntOp.and[0]).op(IntOp.or[0]);
}

/** Nothing is simple. */
function noWalk(code: CodeBuffer): FunctionBody {
  return { locals: [], code: code.i64(-1).toBytes() };
}

function definePackFlags(writer: ModuleWriter, functionOf: (helper: Helper) => number, flags: FlagModel): void {
  const code = new CodeBuffer();
  const locals = new LocalPool(PACK_FLAGS.params.length);
  const b = new Builder(code, locals, 0, functionOf);
  b.use(NO_INSTRUCTION as BackEnd);
  b.begin();
  const packed: V = flags.pack(
    b,
    b.stateAt(EngineState.flagKind, 4),
    b.stateAt(EngineState.flagX, 8),
    b.stateAt(EngineState.flagY, 8),
  );
  b.emit(packed);
  writer.define(functionOf(PACK_FLAGS), signatureOf(PACK_FLAGS), locals.types, code.toBytes(), 'packFlags');
}

/** A function has no operands, registers or control flow. */
const NO_INSTRUCTION = {};
