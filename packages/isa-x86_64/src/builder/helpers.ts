import { cryptoHelpers, ENGINE_CALL } from '@qvm/jit';
import type { Helper } from '@qvm/jit';
import { instantiateSoftfloatX86Helpers, softfloatX86Helpers } from './softfloat-helpers.js';
import { vectorHelpers } from './vector-helpers.js';

/** All functions that rows call, for the interpreter's imports. @experimental */
export const x86Helpers: readonly Helper[] = [
  ...softfloatX86Helpers,
  ...vectorHelpers.helpers,
  ...cryptoHelpers.helpers,
  ENGINE_CALL,
];

/**
 * The imports of a module that calls {@link x86Helpers}, but for {@link ENGINE_CALL}, which is the engine's. Every thread needs its own.
 *
 * @param memory - the shared memory of the vCPUs.
 * @throws WebAssembly.LinkError when the memory is not shared.
 * @experimental
 */
export function instantiateX86Helpers(memory: WebAssembly.Memory): WebAssembly.Imports {
  return {
    ...instantiateSoftfloatX86Helpers(memory),
    ...vectorHelpers.instantiate(memory),
    ...cryptoHelpers.instantiate(memory),
  };
}
