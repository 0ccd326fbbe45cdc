import type { Builder } from '../builder/builder.js';
import type { FlagModel } from '../builder/flag-model.js';
import type { Helper } from '../builder/helper.js';
import { LocalPool } from '../builder/local-pool.js';
import type { RecordPlan } from '../records/record-plan.js';
import { CodeBuffer } from '../wasm/code-buffer.js';
import type { InterpreterDescription, RowHandlers } from './description.js';
import { HandlerBackEnd } from './handler-back-end.js';
import type { HandlerTable, PendingHandler } from './handler-table.js';
import type { RunFrame } from './run-frame.js';

/** Shared by the functions of an interpreter that contain handlers. @internal */
export interface HandlerSetting<B extends Builder> {
  readonly description: InterpreterDescription<B>;
  readonly table: HandlerTable<B>;
  readonly plan: RecordPlan;
  readonly functionOf: (helper: Helper) => number;
}

/**
 * Code and locals of a function that contains handlers.
 *
 * @internal
 */
export class HandlerFunction<B extends Builder> {
  readonly code: CodeBuffer;
  readonly locals: LocalPool;
  readonly #builder: B;
  readonly #flags: FlagModel;

  /**
   * @param parameters - number of parameters; the first is the address of the state.
   * @param capacity - expected size in bytes.
   */
  constructor(
    private readonly setting: HandlerSetting<B>,
    parameters: number,
    capacity: number,
  ) {
    const { description, functionOf } = setting;
    this.code = new CodeBuffer(capacity);
    this.locals = new LocalPool(parameters);
    this.#builder = new description.builder(this.code, this.locals, 0, functionOf);
    this.#builder.exactAlignment = description.anyAlignment !== true;
    this.#flags = description.flags;
  }

  /**
   * Emits the code of a handler, and notes what the pre-decoder must know of it.
   *
   * @throws Error when its row cannot be compiled.
   */
  emit(handler: PendingHandler<B>, frame: RunFrame): void {
    const { plan, functionOf, table } = this.setting;
    const { row, statics } = handler;
    const { operands } = table.rows.get(row) as RowHandlers;
    const builder = this.#builder;
    const backEnd = new HandlerBackEnd(
      builder,
      { frame, plan, flags: this.#flags, functionOf },
      operands,
      handler.reach,
    );
    builder.use(backEnd);
    builder.begin();
    const args: Record<string, unknown> = { ...statics };
    operands.forEach((operand, i) => {
      args[operand.name] = operand.kind === 'register' ? i : builder.operand(i);
    });
    try {
      row.semantics(builder, args as never);
      builder.commit();
    } catch (cause) {
      throw new Error(`row "${row.name}" with ${JSON.stringify(statics)}: ${String(cause)}`, { cause });
    }
    handler.fields = backEnd.fields.all;
    handler.flow = backEnd.flow;
  }
}
