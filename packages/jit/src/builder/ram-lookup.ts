import type { CodeBuffer } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import { EngineState, RamWindow } from './layout.js';

/**
 * Locals of code that finds the RAM at a guest-physical address.
 *
 * @experimental
 */
export interface RamLocals {
  /** i32: the vCPU's state. */
  readonly cpu: number;
  /** i64: the guest-physical address; {@link emitOutsideRam} replaces it by the distance from the start of its window. */
  readonly address: number;
  /** i32: the window, which {@link emitOutsideRam} sets. */
  readonly window: number;
}

/**
 * Pushes 1 if a guest-physical address is in no window of RAM, otherwise 0.
 *
 * @experimental
 */
export function emitOutsideRam(code: CodeBuffer, { cpu, address, window }: RamLocals): void {
  code.get(cpu).memory(Op.i32_load, EngineState.ramWindows).set(window);
  // A branch, which is predicted: with an address that depends on the comparison, each level of a walk would wait for it.
  code.get(address).get(cpu).memory(Op.i64_load, EngineState.ramSplit).op(IntOp.geu[1]).if();
  code
    .get(window)
    .i32(1 << RamWindow.shift)
    .op(IntOp.add[0])
    .set(window)
    .end();
  code.get(address).get(window).memory(Op.i64_load, RamWindow.base).op(IntOp.sub[1]).tee(address);
  code.get(window).memory(Op.i64_load, RamWindow.size).op(IntOp.geu[1]);
}

/**
 * Pushes the VM memory offset of an address that {@link emitOutsideRam} has found in a window.
 *
 * @experimental
 */
export function emitRamOffset(code: CodeBuffer, { address, window }: RamLocals): void {
  code.get(address).op(Op.i32_wrap_i64).get(window).memory(Op.i32_load, RamWindow.offset).op(IntOp.add[0]);
}
