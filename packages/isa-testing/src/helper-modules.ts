import { cryptoHelpers } from '@qvm/jit';
import type { Helper } from '@qvm/jit';
import { instantiateSoftfloat } from '@qvm/softfloat';
import { SOFTFLOAT_MODULE, softfloatHelpers, vectorHelpers } from '@qvm/isa-aarch64';

/** Functions that rows may call. */
export const harnessHelpers: readonly Helper[] = [
  ...softfloatHelpers,
  ...vectorHelpers.helpers,
  ...cryptoHelpers.helpers,
];

/** Instances of the modules that {@link harnessHelpers} come from. */
export function instantiateHelpers(memory: WebAssembly.Memory): WebAssembly.Imports {
  return {
    [SOFTFLOAT_MODULE]: instantiateSoftfloat(memory) as unknown as WebAssembly.ModuleImports,
    ...vectorHelpers.instantiate(memory),
    ...cryptoHelpers.instantiate(memory),
  };
}
