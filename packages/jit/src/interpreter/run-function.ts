import { Flow } from '../builder/back-end.js';
import type { Builder } from '../builder/builder.js';
import type { Helper } from '../builder/helper.js';
import { EngineState, ExitReason } from '../builder/layout.js';
import { LocalPool } from '../builder/local-pool.js';
import type { Row } from '../describe/row.js';
import { BuiltIn } from '../records/built-in.js';
import type { RecordPlan } from '../records/record-plan.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import type { ModuleWriter, Signature } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { Handler, InterpreterDescription, RowHandlers } from './description.js';
import { HandlerBackEnd } from './handler-back-end.js';
import type { HandlerContext } from './handler-back-end.js';
import { forEachStatic, operandsOf, staticsOf } from './operands.js';
import { REACHES, Reach } from './reach.js';
import type { RecordField } from './record-fields.js';
import { emitEnter, emitResume, emitSetAside } from './region-entry.js';
import type { RunFrame } from './run-frame.js';
import { emitStraddle } from './straddle.js';
import { emitTransfer } from './transfer.js';
import type { RunContext } from './transfer.js';

const RUN: Signature = { params: [Ty.i32, Ty.i32], results: [Ty.i32] };
const [CPU, LEFT] = [0, 1];

/** A handler, before and after its code has been emitted. */
interface PendingHandler<B> {
  readonly row: Row<B>;
  readonly statics: Record<string, number>;
  readonly reach: Reach;
  fields: readonly RecordField[];
  flow: Flow;
}

/**
 * The function that contains the handlers: a loop that jumps to the handler of the record at `ip`.
 *
 * @internal
 */
export class RunFunction<B extends Builder> {
  readonly #code = new CodeBuffer(1 << 18);
  readonly #locals = new LocalPool(RUN.params.length);
  readonly #builder: B;
  readonly #context: RunContext;
  readonly #handlers: PendingHandler<B>[] = [];
  readonly #rows = new Map<Row<B>, RowHandlers>();
  readonly #builtIns: readonly ((frame: RunFrame) => void)[];

  constructor(
    private readonly description: InterpreterDescription<B>,
    plan: RecordPlan,
    private readonly writer: ModuleWriter,
    functionOf: (helper: Helper) => number,
  ) {
    this.#builder = new description.builder(this.#code, this.#locals, CPU, functionOf);
    this.#builder.exactAlignment = description.anyAlignment !== true;
    this.#context = { code: this.#code, locals: this.#locals, plan, functionOf };
    this.#builtIns = this.#builtInHandlers();
    for (const row of description.rows) this.#enumerate(row);
  }

  /** Defines the function and exports it as `run`. */
  define(): void {
    const run = this.writer.declare();
    this.#emit();
    this.writer.define(run, RUN, this.#locals.types, this.#code.toBytes(), 'run');
  }

  /** The handlers by their numbers; built-in ones are undefined. */
  get handlers(): readonly Handler<B>[] {
    return [...this.#builtIns.map(() => undefined), ...this.#handlers] as Handler<B>[];
  }

  get rows(): ReadonlyMap<Row<B>, RowHandlers> {
    return this.#rows;
  }

  /** Emitters of the {@link BuiltIn} handlers. */
  #builtInHandlers(): ((frame: RunFrame) => void)[] {
    const { plan } = this.#context;
    const handlers: ((frame: RunFrame) => void)[] = [];
    handlers[BuiltIn.Decode] = (frame) => this.#emitRestart(frame, ExitReason.Decode);
    handlers[BuiltIn.PageEnd] = (frame) => this.#emitPageEnd(frame);
    handlers[BuiltIn.Undefined] = (frame) => this.#emitRestart(frame, ExitReason.Undefined);
    if (plan.sparse) {
      handlers[BuiltIn.Goto] = (frame) => this.#emitGoto(frame);
      handlers[BuiltIn.Straddle] = (frame) => emitStraddle(this.#context, frame);
    }
    return handlers;
  }

  /** Assigns numbers to the handlers of a row. */
  #enumerate(row: Row<B>): void {
    const statics = staticsOf(row);
    const operands = operandsOf(row);
    const target = operands.find((o) => o.kind === 'target');
    const branches = target !== undefined;
    const placed = target ?? operands.find((o) => o.kind === 'place');
    const total = statics.reduce((product, s) => product * s.count, 1);
    const index = new Int32Array(total * REACHES).fill(-1);
    forEachStatic(statics, (values, i) => {
      if (!row.valid(values)) return;
      for (let reach: Reach = Reach.Ahead; reach < REACHES; reach++) {
        const first = index[i * REACHES] as number;
        index[i * REACHES + reach] =
          reach === Reach.Ahead || branches ? this.#builtIns.length + this.#handlers.length : first;
        if (reach === Reach.Ahead || branches)
          this.#handlers.push({ row, statics: values, reach, fields: [], flow: Flow.Next });
      }
    });
    this.#rows.set(row, { statics, operands, target, placed, index });
  }

  #emit(): void {
    const code = this.#code;
    const [ip, reason, target] = [
      this.#locals.reserve(Ty.i32),
      this.#locals.reserve(Ty.i32),
      this.#locals.reserve(Ty.i64),
    ] as const;
    const [cpu, left] = [CPU, LEFT];
    code.get(cpu).memory(Op.i32_load, EngineState.ip).set(ip);
    // At first, a region is looked for.
    emitSetAside(code, { cpu, left }, 0);
    const exit = code.block();
    const abort = code.block();
    const next = code.loop();
    const enter = code.block();
    const transfer = code.block();
    const frame: RunFrame = { cpu, ip, left, reason, target, next, enter, transfer, exit, abort };
    code.get(left).i32(1).op(IntOp.sub[0]).tee(left).i32(0).op(IntOp.lts[0]).if();
    emitResume(code, frame);
    code.i32(0).set(left).i32(ExitReason.Budget).set(reason).br(exit).end();
    this.#emitDispatch(frame);
    code.end();
    emitTransfer(this.#context, frame);
    code.end();
    emitEnter(this.#context, this.writer, frame);
    code.end();
    code.end();
    code.get(left).i32(1).op(IntOp.add[0]).set(left).i32(ExitReason.Fault).set(reason);
    code.end();
    code.get(cpu).get(ip).memory(Op.i32_store, EngineState.ip);
    code.get(cpu).get(left).memory(Op.i32_store, EngineState.left);
    code.get(reason);
  }

  /** Emits the jump to the handler of the record at `ip`, and all handlers. */
  #emitDispatch(frame: RunFrame): void {
    const code = this.#code;
    const { plan, functionOf } = this.#context;
    const labels: number[] = [];
    const count = this.#builtIns.length + this.#handlers.length;
    for (let i = 0; i < count; i++) labels[count - 1 - i] = code.block();
    code
      .get(frame.ip)
      .memory(Op.i32_load16_u, 0)
      .brTable(labels, labels[BuiltIn.Undefined] as number);
    for (const emit of this.#builtIns) {
      code.end();
      emit(frame);
    }
    const context = { frame, plan, flags: this.description.flags, functionOf };
    for (const handler of this.#handlers) {
      code.end();
      this.#emitHandler(handler, context);
    }
  }

  #emitHandler(handler: PendingHandler<B>, context: HandlerContext): void {
    const { row, statics } = handler;
    const { operands } = this.#rows.get(row) as RowHandlers;
    const backEnd = new HandlerBackEnd(this.#builder, context, operands, handler.reach);
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
    handler.fields = backEnd.fields.all;
    handler.flow = backEnd.flow;
  }

  /** Returns without starting the instruction. */
  #emitRestart({ left, reason, exit }: RunFrame, why: ExitReason): void {
    this.#code.get(left).i32(1).op(IntOp.add[0]).set(left).i32(why).set(reason).br(exit);
  }

  #emitPageEnd({ cpu, ip, left, target, transfer }: RunFrame): void {
    const code = this.#code;
    code.get(left).i32(1).op(IntOp.add[0]).set(left);
    this.#context.plan.emitNextPage(code, cpu, ip);
    code.set(target).br(transfer);
  }

  /** Continues at another record. If control arrived by a jump, a region may begin there. */
  #emitGoto({ ip, left, enter }: RunFrame): void {
    const code = this.#code;
    code.get(left).i32(1).op(IntOp.add[0]).set(left);
    code.get(ip).get(ip).memory(Op.i32_load, this.#context.plan.headerBytes);
    code.op(IntOp.add[0]).set(ip).br(enter);
  }
}
