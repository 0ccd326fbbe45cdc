import { EngineState, ExitReason, PAGE_BITS, RECORD_BYTES, TlbEntry } from '../builder/layout.js';
import { emitEntry } from '../builder/tlb-lookup.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { RunFrame } from './run-frame.js';
import type { RunContext } from './transfer.js';

/**
 * Emits the handler of `BuiltIn.Straddle`: continues at the record after it, which is the instruction's own, if the TLB
 * leads from the next page to the slot that the record is linked to. That record is executed at once, because the
 * dispatch of this one has found that an instruction is left.
 */
export function emitStraddle({ code, locals, plan }: RunContext, frame: RunFrame): void {
  const { cpu, ip, left, target, reason, next, exit } = frame;
  const entry = locals.reserve(Ty.i32);
  code.get(left).i32(1).op(IntOp.add[0]).set(left);
  plan.emitPage(code, cpu, ip);
  code
    .i64(1 << PAGE_BITS)
    .op(IntOp.add[1])
    .set(target);
  emitEntry(code, cpu, target, EngineState.bank);
  code.tee(entry).memory(Op.i64_load, TlbEntry.execTag).get(target).op(IntOp.eq[1]);
  code.get(entry).memory(Op.i32_load, TlbEntry.code);
  code.get(ip).memory(Op.i32_load, plan.headerBytes).op(IntOp.eq[0]).op(IntOp.and[0]).if();
  code.get(ip).i32(RECORD_BYTES).op(IntOp.add[0]).set(ip).br(next).end();
  code.i32(ExitReason.Straddle).set(reason).br(exit);
}
