import { PAGE_BITS, TLB_ENTRIES, TlbEntry } from '../builder/layout.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';

/** Leaves the address of the TLB entry for `va` on the stack. */
export function emitEntry(code: CodeBuffer, cpu: number, va: number, bank: number): void {
  const entryShift = Math.log2(TlbEntry.bytes);
  code.get(cpu).memory(Op.i32_load, bank);
  code
    .get(va)
    .i64(PAGE_BITS - entryShift)
    .op(IntOp.shr[1])
    .op(Op.i32_wrap_i64);
  code
    .i32((TLB_ENTRIES - 1) << entryShift)
    .op(IntOp.and[0])
    .op(IntOp.add[0]);
}
