import { EXACT_REGIONS, EngineState, ExitReason, REGION_MINIMUM } from '../builder/layout.js';
import { REGION_SIGNATURE } from '../region/region-signature.js';
import { Ty } from '../wasm/code-buffer.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import type { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { RunFrame } from './run-frame.js';
import { emitTransfer } from './transfer.js';
import type { RunContext } from './transfer.js';

/**
 * Sets the budget aside, except for `keep` instructions; after those, {@link emitResume} looks for a region.
 *
 * @internal
 */
export function emitSetAside(code: CodeBuffer, { cpu, left }: Pick<RunFrame, 'cpu' | 'left'>, keep: number): void {
  // In the state rather than in a local: a local that is live in the dispatch loop would be copied for each
  // instruction.
  code.get(cpu).get(left).i32(keep).op(IntOp.sub[0]).memory(Op.i32_store, EngineState.aside);
  code.i32(keep).set(left);
  code.get(cpu).get(cpu).memory(Op.i32_load, EngineState.stolen);
  code.get(cpu).memory(Op.i32_load, EngineState.aside).op(IntOp.add[0]);
  code.memory(Op.i32_store, EngineState.stolen);
}

/** At the end of the budget: if instructions are set aside, restores them and looks for a region. @internal */
export function emitResume(code: CodeBuffer, { cpu, left, enter }: RunFrame): void {
  code.get(cpu).memory(Op.i32_load, EngineState.aside).tee(left).if();
  code.get(cpu).get(cpu).memory(Op.i32_load, EngineState.stolen).get(left).op(IntOp.sub[0]);
  code.memory(Op.i32_store, EngineState.stolen);
  code.get(cpu).i32(0).memory(Op.i32_store, EngineState.aside).br(enter).end();
}

/**
 * After a jump to `ip`: calls the region that begins there, then the region that begins where that one returned, and
 * so on as long as they retire instructions. A region that retires none is at an instruction for the interpreter.
 *
 * @internal
 */
export function emitEnter(context: RunContext, writer: ModuleWriter, frame: RunFrame): void {
  const { code, locals } = context;
  const { cpu, left, target, next } = frame;
  const [region, before, inside] = [locals.reserve(Ty.i32), locals.reserve(Ty.i32), locals.reserve(Ty.i32)];
  code.i32(0).set(inside);
  const none = code.block();
  const again = code.loop();
  emitArrival(context, frame);
  context.plan.emitRegionNumber(code, frame.ip);
  code.tee(region).op(Op.i32_eqz).brIf(none);
  code.get(left).i32(REGION_MINIMUM).op(IntOp.lts[0]).brIf(next);
  code.get(cpu).memory(Op.i32_load, EngineState.alignmentCheck).i32(0).op(IntOp.ne[0]);
  code.get(region).i32(EXACT_REGIONS).op(IntOp.ltu[0]).op(IntOp.and[0]).brIf(next);
  code.get(left).set(before);
  code.get(cpu).get(left);
  context.plan.emitPage(code, cpu, frame.ip);
  code.get(region);
  writer.callIndirect(code, REGION_SIGNATURE);
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
  emitTransfer(context, frame);
  code.br(again).end();
  code.end();
  // A region often leaves a single instruction to the interpreter; another region may begin after it.
  code.get(inside).op(Op.i32_eqz).brIf(next);
  code.get(left).i32(1).op(IntOp.les[0]).brIf(next);
  emitSetAside(code, frame, 1);
  code.br(next);
}

/** Records the arrival and the jump that caused it, and returns to the engine when a sample is due. */
function emitArrival({ code, plan }: RunContext, { cpu, ip, left, reason, exit }: RunFrame): void {
  code.get(cpu).get(cpu).memory(Op.i64_load, EngineState.leftFrom).memory(Op.i64_store, EngineState.cameFrom);
  code.get(cpu).i64(0).memory(Op.i64_store, EngineState.leftFrom);
  code.get(left).get(cpu).memory(Op.i32_load, EngineState.sampleAt).op(IntOp.lts[0]).if();
  code.i32(ExitReason.Budget).set(reason).br(exit).end();
  code.get(cpu);
  plan.emitPc(code, cpu, ip);
  code.memory(Op.i64_store, EngineState.lastEntry);
}
