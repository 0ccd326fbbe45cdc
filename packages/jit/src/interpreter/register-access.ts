import { isPart, registerType } from '../builder/register-file.js';
import type { RegisterFile } from '../builder/register-file.js';
import { Ty } from '../wasm/code-buffer.js';
import type { CodeBuffer } from '../wasm/code-buffer.js';
import { Op } from '../wasm/opcodes.js';

/** Loads a register at `offset` from the address on the stack, as `ty`: its low bits, or zero-extended. */
export function emitLoad(code: CodeBuffer, file: RegisterFile, ty: Ty, offset: number): void {
  const op = ty === Ty.v128 ? Op.v128_load : ty === Ty.i32 ? LOAD_I32[file.bits] : LOAD_I64[file.bits];
  code.memory(op, offset);
}

/** Stores the whole register on the stack at `offset` from the address below it. */
export function emitStore(code: CodeBuffer, file: RegisterFile, offset: number): void {
  code.memory(isPart(file) ? STORE_PART[file.bits as 8] : (STORE[registerType(file)] as number), offset);
}

const LOAD_I32 = {
  8: Op.i32_load8_u,
  16: Op.i32_load16_u,
  32: Op.i32_load,
  64: Op.i32_load,
  128: Op.i32_load,
} as const;
const STORE_PART = { 8: Op.i32_store8, 16: Op.i32_store16 } as const;
const LOAD_I64 = {
  8: Op.i64_load8_u,
  16: Op.i64_load16_u,
  32: Op.i64_load32_u,
  64: Op.i64_load,
  128: Op.i64_load,
} as const;
const STORE: Partial<Record<Ty, number>> = { [Ty.i32]: Op.i32_store, [Ty.i64]: Op.i64_store, [Ty.v128]: Op.v128_store };
