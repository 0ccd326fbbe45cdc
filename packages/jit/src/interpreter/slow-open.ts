import type { Helper } from '../builder/helper.js';
import { AccessInfo, EngineState, PAGE_BITS, TlbEntry } from '../builder/layout.js';
import { emitEntry } from '../builder/tlb-lookup.js';
import { CodeBuffer, Ty } from '../wasm/code-buffer.js';
import type { ModuleWriter } from '../wasm/module-writer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { SLOW_IMPORT, SLOW_OPEN, signatureOf } from './core-functions.js';
import { FILL, FillAccess } from './tlb-fill.js';

const PAGE_BYTES = 1 << PAGE_BITS;

/**
 * Defines {@link SLOW_OPEN}, which handles accesses that missed the TLB: unaligned accesses that the system allows,
 * and accesses whose page's entry generated code can fill. All others are left to the engine.
 *
 * @internal
 */
export function defineSlowOpen(writer: ModuleWriter, functionOf: (helper: Helper) => number): void {
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

/** Whether the alignment of an access is not a fault: an i32. */
function emitMayOpen(code: CodeBuffer, cpu: number, va: number, info: number): void {
  code.get(va).op(Op.i32_wrap_i64);
  code.i32(1).get(info).i32(AccessInfo.elementShift).op(IntOp.shr[0]).op(IntOp.shl[0]).i32(1).op(IntOp.sub[0]);
  code.op(IntOp.and[0]).op(Op.i32_eqz);
  code.get(cpu).memory(Op.i32_load, EngineState.alignmentCheck).op(Op.i32_eqz);
  code.get(info).i32(AccessInfo.aligned).op(IntOp.and[0]).op(Op.i32_eqz).op(IntOp.and[0]).op(IntOp.or[0]);
}
