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
 * Puts the budget aside but for `keep` instructions: when those are done, {@link emitResume} looks for a region.
 *
 * @internal
 */
export function emitSetAside(code: CodeBuffer, { cpu, left }: Pick<RunFrame, 'cpu' | 'left'>, keep: number): void {
  // In the state, not in a local: one that lives on in the dispatch loop would be copied for each instruction.
  code.get(cpu).get(left).i32(keep).op(IntOp.sub[0]).memory(Op.i32_store, EngineState.aside);
  code.i32(keep).set(left);
  code.get(cpu).get(cpu).memory(Op.i32_load, EngineState.stolen);
  code.get(cpu).memory(Op.i32_load, EngineState.aside).op(IntOp.add[0]);
  code.memory(Op.i32_store, EngineState.stolen);
}

/** The budget is used up; if some is put aside, takes that back and looks for a region. @internal */
export function emitResume(code: CodeBuffer, { cpu, left, enter }: RunFrame): void {
  code.get(cpu).memory(Op.i32_load, EngineState.aside).tee(left).if();
  code.get(cpu).get(cpu).memory(Op.i32_load, EngineState.stolen).get(left).op(IntOp.sub[0]);
  code.memory(Op.i32_store, EngineState.stolen);
  code.get(cpu).i32(0).memory(Op.i32_store, EngineState.aside).br(enter).end();
}

/**
 * Control came to `ip` by a jump: calls the region that begins here, and the one that begins where it left, for as long as they
 * retire instructions. A region that retires none is at an instruction for the interpreter.
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
  // A region often leaves one instruction to the interpreter: perhaps another region begins after it.
  code.get(inside).op(Op.i32_eqz).brIf(next);
  code.get(left).i32(1).op(IntOp.les[0]).brIf(next);
  emitSetAside(code, frame, 1);
  code.br(next);
}

/** Notes by which jump control came here and where it is, and returns to the engine when it is time for a sample. */
function emitArrival({ code, plan }: RunContext, { cpu, ip, left, reason, exit }: RunFrame): void {
  code.get(cpu).get(cpu).memory(Op.i64_load, EngineState.leftFrom).memory(Op.i64_store, EngineState.cameFrom);
  code.get(cpu).i64(0).memory(Op.i64_store, EngineState.leftFrom);
  code.get(left).get(cpu).memory(Op.i32_load, EngineState.sampleAt).op(IntOp.lts[0]).if();
  code.i32(ExitReason.Budget).set(reason).br(exit).end();
  code.get(cpu);
  plan.emitPc(code, cpu, ip);
  code.memory(Op.i64_store, EngineState.lastEntry);
}
