import type { Helper } from '../builder/helper.js';
import { EXACT_REGIONS, EngineState, PAGE_BITS, REGION_MINIMUM, TlbEntry } from '../builder/layout.js';
import { emitEntry } from '../builder/tlb-lookup.js';
import type { RecordPlan } from '../records/record-plan.js';
import { REGION_SIGNATURE } from '../region/region-signature.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import type { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';

/**
 * Transfers control from one region to another: (cpu, instructions left, pc) → instructions left. It is a function of
 * the interpreter's module, which has the table of regions: a table that many modules import is slow to change.
 *
 * @internal
 */
export const CHAIN: Helper = {
  module: 'core',
  name: 'chain',
  params: [Ty.i32, Ty.i32, Ty.i64],
  result: Ty.i32,
  pure: false,
};

/**
 * Defines {@link CHAIN}. The leaving region has stored its pc in `EngineState.address`, so a return ends the chain if
 * no region begins there or the engine is needed.
 */
export function defineChain(writer: ModuleWriter, index: number, plan: RecordPlan): void {
  const code = new CodeBuffer();
  const [cpu, left, pc, entry, ip, region] = [0, 1, 2, 3, 4, 5];
  const giveUp = (): void => {
    code.if();
    code.get(left).op(Op.return).end();
  };
  emitEntry(code, cpu, pc, EngineState.bank);
  code.tee(entry).memory(Op.i64_load, TlbEntry.execTag);
  plan.emitTag(code, pc);
  code.op(IntOp.ne[1]);
  giveUp();
  plan.emitRecord(code, entry, pc);
  code.set(ip);
  if (plan.sparse) {
    code.get(ip).op(Op.i32_eqz);
    giveUp();
  }
  plan.emitRegionNumber(code, ip);
  code.tee(region).op(Op.i32_eqz);
  giveUp();
  code.get(left).i32(REGION_MINIMUM).op(IntOp.lts[0]);
  code.get(left).get(cpu).memory(Op.i32_load, EngineState.sampleAt).op(IntOp.lts[0]).op(IntOp.or[0]);
  code.get(cpu).memory(Op.i32_load, EngineState.alignmentCheck).i32(0).op(IntOp.ne[0]);
  code.get(region).i32(EXACT_REGIONS).op(IntOp.ltu[0]).op(IntOp.and[0]).op(IntOp.or[0]);
  giveUp();
  code.get(cpu).get(pc).memory(Op.i64_store, EngineState.lastEntry);
  code.get(cpu).i64(0).memory(Op.i64_store, EngineState.leftFrom);
  code.get(cpu).get(cpu).memory(Op.i32_load, EngineState.regionEntries).i32(1).op(IntOp.add[0]);
  code.memory(Op.i32_store, EngineState.regionEntries);
  code
    .get(cpu)
    .get(left)
    .get(pc)
    .i64(-(1 << PAGE_BITS), -1)
    .op(IntOp.and[1])
    .get(region);
  writer.returnCallIndirect(code, REGION_SIGNATURE);
  const signature = { params: CHAIN.params, results: [Ty.i32] };
  writer.define(index, signature, [Ty.i32, Ty.i32, Ty.i32], code.toBytes(), CHAIN.name);
}
