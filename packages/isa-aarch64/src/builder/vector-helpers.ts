import { HelperModule } from '@qvm/jit';
import type { Helper } from '@qvm/jit';
import { SIGNATURES, VECTOR_HELPERS_WASM_BASE64 } from '../generated/vector-helpers-wasm.js';

/** The name of a function of the module that is compiled from `assembly/`. @experimental */
export type VectorHelperName = keyof typeof SIGNATURES;

/**
 * Vector functions that are too long for a graph, for the interpreter's imports. Those named `sat_…` may set FPSR.QC, at the
 * address passed to them, so they run exactly once; the others neither read nor write state.
 *
 * @experimental
 */
export const vectorHelpers = new HelperModule<VectorHelperName>(
  'vector',
  VECTOR_HELPERS_WASM_BASE64,
  SIGNATURES,
  (name) => !name.startsWith('sat_'),
);

/** A vector function as a helper. Those named `sat_…` take the address of FPCR and FPSR last. @experimental */
export function vectorHelper(name: VectorHelperName): Helper {
  return vectorHelpers.helper(name);
}
