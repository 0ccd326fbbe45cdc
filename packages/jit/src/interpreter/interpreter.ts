import type { Builder } from '../builder/builder.js';
import type { Helper } from '../builder/helper.js';
import { recordPlanOf } from '../records/plan-of.js';
import { CodeBuffer } from '../wasm/code-buffer.js';
import { ModuleWriter } from '../wasm/module-writer.js';
import type { FunctionBody } from '../wasm/module-writer.js';
import { CHAIN, defineChain } from './chain.js';
import { FLUSH, PACK_FLAGS, SLOW_IMPORT, SLOW_OPEN, signatureOf } from './core-functions.js';
import type { Interpreter, InterpreterDescription } from './description.js';
import { definePackFlags } from './pack-flags.js';
import { RunFunction } from './run-function.js';
import { defineSlowOpen } from './slow-open.js';
import { FILL, WALK, defineFill } from './tlb-fill.js';

/** Size of a vCPU's table of regions: numbers are 16 bits wide, and 0 stands for no region. */
const REGION_TABLE_SIZE = 0x10000;

/**
 * Generates the interpreter of an instruction table: one WebAssembly function `run(cpu, budget) → ExitReason` over
 * pre-decoded records. The module imports `env.memory`, `env.slow(info) → address`, `env.flush()` and the helpers.
 *
 * @throws Error when a row cannot be compiled, RangeError when no record plan fits the geometry.
 * @experimental
 */
export function generateInterpreter<B extends Builder>(description: InterpreterDescription<B>): Interpreter<B> {
  const writer = new ModuleWriter();
  const plan = recordPlanOf(description.geometry);
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
  defineFill(writer, functionOf, description.mode ?? 0);
  definePackFlags(writer, functionOf, description.flags);
  const run = new RunFunction(description, plan, writer, functionOf);
  writer.defineTable('regions', REGION_TABLE_SIZE);
  defineChain(writer, functionOf(CHAIN), plan);
  run.define();
  return { bytes: writer.toBytes(), plan, handlers: run.handlers, rows: run.rows };
}

/** A walk that leaves every address to the engine. */
function noWalk(code: CodeBuffer): FunctionBody {
  return { locals: [], code: code.i64(-1).toBytes() };
}
