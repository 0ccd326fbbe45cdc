import { Ty } from '@qvm/jit';
import type { Helper } from '@qvm/jit';
import { SOFTFLOAT_SIGNATURES } from '@qvm/softfloat';
import type { SoftfloatName } from '@qvm/softfloat';

/** Import module of softfloat's functions. @experimental */
export const SOFTFLOAT_MODULE = 'softfloat';

/** Functions that get the address of FPCR and FPSR may set FPSR, so they run exactly once. */
function describe(name: SoftfloatName): Helper {
  const { params, result } = SOFTFLOAT_SIGNATURES[name];
  const pure = /u32_(recpe|rsqrte)$/.test(name);
  return { module: SOFTFLOAT_MODULE, name, params: params.map((type) => Ty[type]), result: Ty[result], pure };
}

const HELPERS = new Map((Object.keys(SOFTFLOAT_SIGNATURES) as SoftfloatName[]).map((name) => [name, describe(name)]));

/** All functions of softfloat, for the interpreter's imports. @experimental */
export const softfloatHelpers: readonly Helper[] = [...HELPERS.values()];

/**
 * A softfloat function as a helper. Those that can raise an exception take the address of FPCR and FPSR last.
 *
 * @experimental
 */
export function softfloat(name: SoftfloatName): Helper {
  return HELPERS.get(name) as Helper;
}

/** `X` for each `prefixX` that exists for f32 and f64. */
type InBothFormats<Prefix extends string> = {
  [N in SoftfloatName]: N extends `${Prefix}f64_${infer Op}`
    ? `${Prefix}f32_${Op}` extends SoftfloatName
      ? Op
      : never
    : never;
}[SoftfloatName];

/** An operation that exists for single and double precision scalars. @experimental */
export type ScalarOperation = InBothFormats<''>;

/** An operation that exists for vectors of single and of double precision lanes. @experimental */
export type VectorOperation = InBothFormats<'v_'>;

/** A scalar operation in double (`double` = 1) or single precision. @experimental */
export function scalarFloat(op: ScalarOperation, double: number): Helper {
  return softfloat(double ? `f64_${op}` : `f32_${op}`);
}

/**
 * A vector operation on double (`double` = 1) or single precision lanes; lanes beyond the given count become zero.
 *
 * @experimental
 */
export function vectorFloat(op: VectorOperation, double: number): Helper {
  return softfloat(double ? `v_f64_${op}` : `v_f32_${op}`);
}
