import { Ty } from '@qvm/jit';
import type { Helper } from '@qvm/jit';
import { SOFTFLOAT_X86_SIGNATURES, instantiateSoftfloatX86 } from '@qvm/softfloat';
import type { SoftfloatX86Name } from '@qvm/softfloat';

/** Import module of softfloat's functions for x86. */
const SOFTFLOAT_X86_MODULE = 'softfloat-x86';

/** Functions that get the address of a status block may write it, so they run exactly once. */
function describe(name: SoftfloatX86Name): Helper {
  const { params, result } = SOFTFLOAT_X86_SIGNATURES[name];
  const pure = /f32_(rcp|rsqrt)$/.test(name);
  return { module: SOFTFLOAT_X86_MODULE, name, params: params.map((type) => Ty[type]), result: Ty[result], pure };
}

const HELPERS = new Map(
  (Object.keys(SOFTFLOAT_X86_SIGNATURES) as SoftfloatX86Name[]).map((name) => [name, describe(name)]),
);

/** All functions of softfloat for x86, for the interpreter's imports. @internal */
export const softfloatX86Helpers: readonly Helper[] = [...HELPERS.values()];

/**
 * A softfloat function as a helper: those of SSE take the address of `State.mxcsr` last, those of x87 that of
 * `State.fcw`.
 *
 * @experimental
 */
export function softfloat(name: SoftfloatX86Name): Helper {
  return HELPERS.get(name) as Helper;
}

/**
 * The imports of a module that calls {@link softfloatX86Helpers}. Every thread needs its own.
 *
 * @param memory - the shared memory of the vCPUs.
 * @throws WebAssembly.LinkError when the memory is not shared.
 * @internal
 */
export function instantiateSoftfloatX86Helpers(memory: WebAssembly.Memory): WebAssembly.Imports {
  return { [SOFTFLOAT_X86_MODULE]: instantiateSoftfloatX86(memory) as unknown as WebAssembly.ModuleImports };
}

/** `X` for each `prefixX` that exists for f32 and f64. */
type InBothFormats<Prefix extends string> = {
  [N in SoftfloatX86Name]: N extends `${Prefix}f64_${infer Op}`
    ? `${Prefix}f32_${Op}` extends SoftfloatX86Name
      ? Op
      : never
    : never;
}[SoftfloatX86Name];

/** An operation that exists for single and double precision scalars. @experimental */
export type ScalarOperation = InBothFormats<''>;

/** An operation that exists for vectors of single and of double precision lanes. @experimental */
export type VectorOperation = InBothFormats<'v_'>;

/** A scalar operation in double (`double` = 1) or single precision. @experimental */
export function scalarFloat(op: ScalarOperation, double: number): Helper {
  return softfloat(double ? `f64_${op}` : `f32_${op}`);
}

/** A vector operation on double (`double` = 1) or single precision lanes. @experimental */
export function vectorFloat(op: VectorOperation, double: number): Helper {
  return softfloat(double ? `v_f64_${op}` : `v_f32_${op}`);
}
