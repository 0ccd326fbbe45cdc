import type { CodeBuffer } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { PAGE_BITS, TLB_ENTRIES, TlbEntry } from './layout.js';

const ENTRY_SHIFT = Math.log2(TlbEntry.bytes);

/** Converts the virtual address on the stack (an i64) to the offset of its TLB entry in a bank (an i32). */
export function emitEntryOffset(code: CodeBuffer): void {
  code
    .i64(PAGE_BITS - ENTRY_SHIFT)
    .op(IntOp.shr[1])
    .op(Op.i32_wrap_i64);
  code.i32((TLB_ENTRIES - 1) << ENTRY_SHIFT).op(IntOp.and[0]);
}

/** Pushes the address of the TLB entry for `va`. */
export function emitEntry(code: CodeBuffer, cpu: number, va: number, bank: number): void {
  code.get(cpu).memory(Op.i32_load, bank).get(va);
  emitEntryOffset(code);
  code.op(IntOp.add[0]);
}
