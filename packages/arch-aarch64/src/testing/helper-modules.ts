import type { Helper } from '@qvm/jit';
import { instantiateSoftfloat } from '@qvm/softfloat';
import { SOFTFLOAT_MODULE, softfloatHelpers } from '../builder/softfloat-helpers.js';
import { VECTOR_MODULE, instantiateVectorHelpers, vectorHelpers } from '../builder/vector-helpers.js';

/** Functions that rows may call. */
export const harnessHelpers: readonly Helper[] = [...softfloatHelpers, ...vectorHelpers];

/** Instances of the modules that {@link harnessHelpers} come from. */
export function instantiateHelpers(memory: WebAssembly.Memory): WebAssembly.Imports {
  return {
    [SOFTFLOAT_MODULE]: instantiateSoftfloat(memory) as unknown as WebAssembly.ModuleImports,
    [VECTOR_MODULE]: instantiateVectorHelpers(memory),
  };
}
