import { HelperModule } from '@qvm/jit';
import { SIGNATURES, VECTOR_HELPERS_WASM_BASE64 } from '../generated/vector-helpers-wasm.js';

/** The functions of `assembly/`, which are too long for a graph. @internal */
export const vectorHelpers = new HelperModule('vector-x86', VECTOR_HELPERS_WASM_BASE64, SIGNATURES);
