import type { Builder } from '../builder/builder.js';
import { EngineState } from '../builder/layout.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { Ty } from '../wasm/code-buffer.js';
import type { ModuleWriter, Signature } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { HandlerFunction } from './handler-function.js';
import type { HandlerSetting } from './handler-function.js';
import type { PendingHandler } from './handler-table.js';
import type { RunFrame } from './run-frame.js';

/** Most handlers in a function. V8 compiles a function as a whole, and optimizes it when it has often been called. */
const GROUP_SIZE = 400;
/** (cpu, ip, instructions left) → {@link How}. The state has the new `ip` and number of instructions. */
const RARE: Signature = { params: [Ty.i32, Ty.i32, Ty.i32], results: [Ty.i32] };
const [CPU, IP, LEFT] = [0, 1, 2];

/**
 * How execution continues after a rare handler: at a label of {@link RunFrame}. `Transfer`: to the pc in
 * `EngineState.address`. Greater values: return, with the reason plus `Exit`.
 */
const How = { Next: 0, Enter: 1, Transfer: 2, Abort: 3, Exit: 4 } as const;

/** Handlers whose code is in functions of their own, which the main function calls for one instruction at a time. */
export class RareHandlers<B extends Builder> {
  readonly #groups: (readonly PendingHandler<B>[])[] = [];

  constructor(
    private readonly setting: HandlerSetting<B>,
    private readonly writer: ModuleWriter,
  ) {
    const rare = setting.table.handlers.filter((handler) => handler.rare);
    for (let i = 0; i < rare.length; i += GROUP_SIZE) this.#groups.push(rare.slice(i, i + GROUP_SIZE));
  }

  /** Opens blocks in the main function, and sets the labels of the rare handlers by their numbers. */
  openBlocks(code: CodeBuffer, labels: number[]): void {
    if (this.#groups.length === 0) return;
    code.block();
    for (const group of this.#groups.toReversed()) {
      const label = code.block();
      for (const { number } of group) labels[number] = label;
    }
  }

  /** Defines the functions; closes the blocks with calls of them. */
  closeBlocks(code: CodeBuffer, frame: RunFrame): void {
    if (this.#groups.length === 0) return;
    const { cpu, ip, left, reason, target, next, enter, transfer, exit, abort } = frame;
    const called = code.depth - this.#groups.length;
    for (const group of this.#groups) {
      code.end();
      code.get(cpu).get(ip).get(left).call(this.#define(group)).set(reason).br(called);
    }
    code.end();
    code.get(cpu).memory(Op.i32_load, EngineState.ip).set(ip);
    code.get(cpu).memory(Op.i32_load, EngineState.left).set(left);
    const leaves = code.block();
    const transfers = code.block();
    code.get(reason).brTable([next, enter, transfers, abort], leaves).end();
    code.get(cpu).memory(Op.i64_load, EngineState.address).set(target).br(transfer).end();
    code.get(reason).i32(How.Exit).op(IntOp.sub[0]).set(reason).br(exit);
  }

  /** Defines the function of a group; returns its index. */
  #define(group: readonly PendingHandler<B>[]): number {
    const made = new HandlerFunction(this.setting, RARE.params.length, 1 << 17);
    const { code, locals } = made;
    const [reason, target] = [locals.reserve(Ty.i32), locals.reserve(Ty.i64)] as const;
    const [exit, abort, transfer, enter, next] = [
      code.block(),
      code.block(),
      code.block(),
      code.block(),
      code.block(),
    ] as const;
    const frame: RunFrame = { cpu: CPU, ip: IP, left: LEFT, reason, target, next, enter, transfer, exit, abort };
    this.#emitDispatch(made, group, frame);
    code.end();
    emitReturn(code, () => code.i32(How.Next));
    code.end();
    emitReturn(code, () => code.i32(How.Enter));
    code.end();
    emitReturn(code, () => code.get(CPU).get(target).memory(Op.i64_store, EngineState.address).i32(How.Transfer));
    code.end();
    emitReturn(code, () => code.i32(How.Abort));
    code.end();
    emitReturn(code, () => code.get(reason).i32(How.Exit).op(IntOp.add[0]));
    code.op(Op.unreachable);
    const index = this.writer.declare();
    this.writer.define(index, RARE, locals.types, code.toBytes());
    return index;
  }

  /** Emits the jump to the handler of the record at `ip`, and the handlers. */
  #emitDispatch(made: HandlerFunction<B>, group: readonly PendingHandler<B>[], frame: RunFrame): void {
    const { code } = made;
    const first = (group[0] as PendingHandler<B>).number;
    const last = (group.at(-1) as PendingHandler<B>).number;
    const other = code.block();
    const labels = new Array<number>(last - first + 1).fill(other);
    for (const { number } of group.toReversed()) labels[number - first] = code.block();
    code.get(IP).memory(Op.i32_load16_u, 0).i32(first).op(IntOp.sub[0]).brTable(labels, other);
    for (const handler of group) {
      code.end();
      made.emit(handler, frame);
    }
    code.end();
    // The main function calls this one for its handlers only.
    code.op(Op.unreachable);
  }
}

/** Returns the value that `how` pushes, with `ip` and the number of instructions in the state. */
function emitReturn(code: CodeBuffer, how: () => void): void {
  code.get(CPU).get(IP).memory(Op.i32_store, EngineState.ip);
  code.get(CPU).get(LEFT).memory(Op.i32_store, EngineState.left);
  how();
  code.op(Op.return);
}
