import type { Helper } from '../builder/helper.js';
import { Ty } from '../wasm/code-buffer.js';
import type { Signature } from '../wasm/module-writer.js';

/** The slow path of {@link Builder.open}: (cpu, va, info) → address. @internal */
export const SLOW_OPEN: Helper = {
  module: 'core',
  name: 'slowOpen',
  params: [Ty.i32, Ty.i64, Ty.i32],
  result: Ty.i32,
  pure: false,
};
/** Packs the lazy flags: (cpu) → flags. @internal */
export const PACK_FLAGS: Helper = { module: 'core', name: 'packFlags', params: [Ty.i32], result: Ty.i32, pure: true };
/** Writes the bounce buffer out. @internal */
export const FLUSH: Helper = { module: 'env', name: 'flush', params: [], result: undefined, pure: false };
/** The engine's part of {@link SLOW_OPEN}: (info) → address; the virtual address is in the state. @internal */
export const SLOW_IMPORT: Helper = { module: 'env', name: 'slow', params: [Ty.i32], result: Ty.i32, pure: false };

/** @internal */
export function signatureOf(helper: Helper): Signature {
  return { params: helper.params, results: helper.result === undefined ? [] : [helper.result] };
}
