import type { Helper } from '../builder/helper.js';
import { EngineState, ExitReason, TlbEntry } from '../builder/layout.js';
import type { LocalPool } from '../builder/local-pool.js';
import { emitEntry } from '../builder/tlb-lookup.js';
import type { RecordPlan } from '../records/record-plan.js';
import { Ty } from '../wasm/code-buffer.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { RunFrame } from './run-frame.js';
import { FILL, FillAccess } from './tlb-fill.js';

/** Shared by all parts of the run function, besides its frame. @internal */
export interface RunContext {
  readonly code: CodeBuffer;
  readonly locals: LocalPool;
  readonly plan: RecordPlan;
  readonly functionOf: (helper: Helper) => number;
}

/** Sets `ip` to the record of the pc in `target`, found through the TLB, or returns with `Fetch`. */
export function emitTransfer(context: RunContext, frame: RunFrame): void {
  const { code, locals, plan } = context;
  const { cpu, ip, target } = frame;
  const entry = locals.reserve(Ty.i32);
  emitEntry(code, cpu, target, EngineState.bank);
  code.tee(entry).memory(Op.i64_load, TlbEntry.execTag);
  plan.emitTag(code, target);
  code.op(IntOp.ne[1]).if();
  emitFetchFill(context, cpu, target);
  code.tee(entry).op(Op.i32_eqz).if();
  emitFetch(code, frame);
  code.end();
  code.end();
  plan.emitRecord(code, entry, target);
  if (plan.sparse) {
    // The engine needs the old `ip`.
    code.tee(entry).op(Op.i32_eqz).if();
    emitFetch(code, frame);
    code.end().get(entry);
  }
  code.set(ip);
  plan.emitBias(code, cpu, target, ip);
}

/** Returns, so that the engine finds the code for the pc in `target`. */
function emitFetch(code: CodeBuffer, { cpu, target, reason, exit }: RunFrame): void {
  code.get(cpu).get(target).memory(Op.i64_store, EngineState.address);
  code.i32(ExitReason.Fetch).set(reason).br(exit);
}

/** Fills the TLB for the pc in `target` if it is aligned and canonical; pushes the entry, or 0. */
function emitFetchFill({ code, plan, functionOf }: RunContext, cpu: number, target: number): void {
  plan.emitIsFetchable(code, target);
  code.if(Ty.i32);
  code.get(cpu).get(target).i32(FillAccess.execute).i32(0).call(functionOf(FILL));
  code.else().i32(0).end();
}
