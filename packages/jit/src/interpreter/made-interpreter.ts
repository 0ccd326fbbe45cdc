import type { Flow } from '../builder/back-end.js';
import type { Builder } from '../builder/builder.js';
import type { Row } from '../describe/row.js';
import { builtInCount } from '../records/built-in.js';
import { recordPlanOf } from '../records/plan-of.js';
import { Ty } from '../wasm/code-buffer.js';
import type { Handler, Interpreter, InterpreterDescription } from './description.js';
import { HandlerFunction } from './handler-function.js';
import type { HandlerSetting } from './handler-function.js';
import { HandlerTable } from './handler-table.js';
import type { PendingHandler } from './handler-table.js';
import type { RecordField } from './record-fields.js';
import type { RunFrame } from './run-frame.js';

/**
 * The interpreter of a description whose module was generated before: it is at hand at once, because only the handlers of
 * instructions that a guest executes are looked at.
 *
 * @param bytes - the module that `generateInterpreter` made of the same description.
 * @throws RangeError when no record plan fits the geometry.
 * @experimental
 */
export function madeInterpreter<B extends Builder>(
  description: InterpreterDescription<B>,
  bytes: Uint8Array,
): Interpreter<B> {
  const plan = recordPlanOf(description.geometry);
  const builtIns = builtInCount(plan);
  const table = new HandlerTable(description, builtIns);
  const setting = { description, table, plan, functionOf: () => 0 };
  const nowhere = new Nowhere(setting);
  const handlers = table.handlers.map((handler) => new LateHandler(handler, nowhere));
  return { bytes, plan, handlers: [...new Array<never>(builtIns), ...handlers], rows: table.rows };
}

/** Where handlers are emitted for their fields and flows only. */
class Nowhere<B extends Builder> {
  readonly #function: HandlerFunction<B>;
  readonly #frame: RunFrame;

  constructor(setting: HandlerSetting<B>) {
    this.#function = new HandlerFunction(setting, 0, 1 << 16);
    this.#frame = frameOf(this.#function);
  }

  emit(handler: PendingHandler<B>): void {
    this.#function.emit(handler, this.#frame);
  }
}

/** A handler of which only the row is known until the pre-decoder asks for more. */
class LateHandler<B extends Builder> implements Handler<B> {
  readonly row: Row<B>;
  readonly statics: Readonly<Record<string, number>>;
  #emitted = false;

  constructor(
    private readonly handler: PendingHandler<B>,
    private readonly nowhere: Nowhere<B>,
  ) {
    this.row = handler.row;
    this.statics = handler.statics;
  }

  get fields(): readonly RecordField[] {
    return this.#known().fields;
  }

  get flow(): Flow {
    return this.#known().flow;
  }

  /** Fields and flow follow from the code of the handler, which is emitted once more. */
  #known(): PendingHandler<B> {
    if (!this.#emitted) this.nowhere.emit(this.handler);
    this.#emitted = true;
    return this.handler;
  }
}

/** Labels and locals for handlers. */
function frameOf<B extends Builder>({ code, locals }: HandlerFunction<B>): RunFrame {
  const local = (type: Ty): number => locals.reserve(type);
  return {
    cpu: local(Ty.i32),
    ip: local(Ty.i32),
    left: local(Ty.i32),
    reason: local(Ty.i32),
    target: local(Ty.i64),
    exit: code.block(),
    abort: code.block(),
    next: code.block(),
    enter: code.block(),
    transfer: code.block(),
  };
}
