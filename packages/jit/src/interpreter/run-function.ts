import type { Builder } from '../builder/builder.js';
import type { Helper } from '../builder/helper.js';
import { EngineState, ExitReason } from '../builder/layout.js';
import type { LocalPool } from '../builder/local-pool.js';
import type { Row } from '../describe/row.js';
import { BuiltIn, builtInCount } from '../records/built-in.js';
import type { RecordPlan } from '../records/record-plan.js';
import { Ty } from '../wasm/code-buffer.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import type { ModuleWriter, Signature } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { Handler, InterpreterDescription, RowHandlers } from './description.js';
import { HandlerFunction } from './handler-function.js';
import { HandlerTable } from './handler-table.js';
import { RareHandlers } from './rare-handlers.js';
import { emitEnter, emitResume, emitSetAside } from './region-entry.js';
import type { RunFrame } from './run-frame.js';
import { emitStraddle } from './straddle.js';
import { emitTransfer } from './transfer.js';
import type { RunContext } from './transfer.js';

const RUN: Signature = { params: [Ty.i32, Ty.i32], results: [Ty.i32] };
const [CPU, LEFT] = [0, 1];

/**
 * The function that contains the handlers: a loop that jumps to the handler of the record at `ip`.
 *
 * @internal
 */
export class RunFunction<B extends Builder> {
  readonly #main: HandlerFunction<B>;
  readonly #code: CodeBuffer;
  readonly #locals: LocalPool;
  readonly #context: RunContext;
  readonly #builtIns: readonly ((frame: RunFrame) => void)[];
  readonly #table: HandlerTable<B>;
  readonly #rare: RareHandlers<B>;

  constructor(
    description: InterpreterDescription<B>,
    plan: RecordPlan,
    private readonly writer: ModuleWriter,
    functionOf: (helper: Helper) => number,
  ) {
    this.#builtIns = this.#builtInHandlers(plan);
    this.#table = new HandlerTable(description, builtInCount(plan));
    const setting = { description, table: this.#table, plan, functionOf };
    this.#main = new HandlerFunction(setting, RUN.params.length, 1 << 18);
    this.#rare = new RareHandlers(setting, writer);
    const { code, locals } = this.#main;
    this.#code = code;
    this.#locals = locals;
    this.#context = { code, locals, plan, functionOf };
  }

  /** Defines the function and exports it as `run`. */
  define(): void {
    const run = this.writer.declare();
    this.#emit();
    this.writer.define(run, RUN, this.#locals.types, this.#code.toBytes(), 'run');
  }

  /** The handlers by their numbers; built-in ones are undefined. */
  get handlers(): readonly Handler<B>[] {
    return [...this.#builtIns.map(() => undefined), ...this.#table.handlers] as Handler<B>[];
  }

  get rows(): ReadonlyMap<Row<B>, RowHandlers> {
    return this.#table.rows;
  }

  /** Emitters of the {@link BuiltIn} handlers. */
  #builtInHandlers(plan: RecordPlan): ((frame: RunFrame) => void)[] {
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
    const handlers = this.#table.handlers.filter((handler) => !handler.rare);
    const labels: number[] = [];
    this.#rare.openBlocks(code, labels);
    for (const { number } of handlers.toReversed()) labels[number] = code.block();
    for (let i = this.#builtIns.length - 1; i >= 0; i--) labels[i] = code.block();
    code
      .get(frame.ip)
      .memory(Op.i32_load16_u, 0)
      .brTable(labels, labels[BuiltIn.Undefined] as number);
    for (const emit of this.#builtIns) {
      code.end();
      emit(frame);
    }
    for (const handler of handlers) {
      code.end();
      this.#main.emit(handler, frame);
    }
    this.#rare.closeBlocks(code, frame);
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
