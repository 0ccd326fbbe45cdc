import { Ty } from '../wasm/code-buffer.js';
import type { Helper } from './helper.js';

/**
 * Asks the engine for something without a return from generated code: (cpu, instructions left, request) → answer. An
 * instruction set whose rows call it has it among its helpers; the engine provides it.
 *
 * @experimental
 */
export const ENGINE_CALL: Helper = {
  module: 'env',
  name: 'call',
  params: [Ty.i32, Ty.i32, Ty.i32],
  result: Ty.i32,
  pure: false,
};
