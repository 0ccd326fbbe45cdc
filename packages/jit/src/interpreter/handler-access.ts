import type { Builder } from '../builder/builder.js';
import { BOUNCE_BYTES, EngineState } from '../builder/layout.js';
import { Ty } from '../wasm/code-buffer.js';
import { IntOp, Op } from '../wasm/opcodes.js';
import type { RunFrame } from './run-frame.js';

/**
 * Emits the slow path of an access that missed the TLB, which pushes the address of the access.
 *
 * @param va - emits the virtual address.
 * @param slowOpen - index of the function {@link SLOW_OPEN}.
 */
export function emitMiss(
  { code, locals }: Builder,
  frame: RunFrame,
  va: () => void,
  info: number,
  slowOpen: number,
): void {
  const { cpu, ip, left, abort } = frame;
  const address = locals.take(Ty.i32);
  // During the access, the engine may need the guest's pc and the number of retired instructions.
  code.get(cpu).get(ip).memory(Op.i32_store, EngineState.ip);
  code.get(cpu).get(left).memory(Op.i32_store, EngineState.left);
  code.get(cpu);
  va();
  code.i32(info).call(slowOpen).tee(address);
  code.op(Op.i32_eqz).brIf(abort);
  code.get(cpu);
  code.get(address);
  emitIsBounced({ code });
  // A device was accessed: return to the engine after this instruction, because the access may have raised an
  // interrupt.
  code
    .get(cpu)
    .get(cpu)
    .memory(Op.i32_load, EngineState.stolen)
    .get(left)
    .op(IntOp.add[0])
    .memory(Op.i32_store, EngineState.stolen);
  code.get(cpu).i32(0).tee(left).memory(Op.i32_store, EngineState.left);
  code.get(cpu).i32(0).memory(Op.i32_store, EngineState.aside);
  code.end().get(address);
}

/** Writes the bounce buffer to the device if the address that `address` emits is in the buffer. */
export function emitFlush({ code }: Builder, { cpu }: RunFrame, address: () => void, flush: number): void {
  code.get(cpu);
  address();
  emitIsBounced({ code });
  code.call(flush);
  code.end();
}

/**
 * Opens an `if` that holds for an address in the bounce buffer, which is directly below the state; no guest memory is
 * there. The addresses of the state and of the access are on the stack.
 */
function emitIsBounced({ code }: Pick<Builder, 'code'>): void {
  code
    .op(IntOp.sub[0])
    .i32(BOUNCE_BYTES + 1)
    .op(IntOp.ltu[0])
    .if();
}
