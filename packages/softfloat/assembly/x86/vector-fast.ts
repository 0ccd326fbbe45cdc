/** Conditions under which native SIMD operations are exact for a whole vector: see fast.ts. */
import { denormalsMatter, quietNearest } from './policy';
import { wholeLanes } from '../vector-fast';

function denormal32(v: v128): v128 {
  return i32x4.lt_u(i32x4.sub(i32x4.shl(v, 1), i32x4.splat(1)), i32x4.splat(0xffffff));
}

function denormal64(v: v128): v128 {
  const size = f64x2.abs(v);
  return v128.and(f64x2.gt(size, f64x2.splat(0)), f64x2.lt(size, f64x2.splat(2.2250738585072014e-308)));
}

/** Whether no lane of either operand is a denormal that matters, whether it is used or not. */
export function plain32(n: v128, m: v128, fp: i32): bool {
  return !v128.any_true(v128.or(denormal32(n), denormal32(m))) || !denormalsMatter(fp);
}

export function plain64(n: v128, m: v128, fp: i32): bool {
  return !v128.any_true(v128.or(denormal64(n), denormal64(m))) || !denormalsMatter(fp);
}

/** Whether arithmetic may be native: no flag can change if the results are normal. */
export function native32(n: v128, m: v128, lanes: i32, fp: i32): bool {
  return wholeLanes(lanes, 32) && quietNearest(fp) && plain32(n, m, fp);
}

export function native64(n: v128, m: v128, lanes: i32, fp: i32): bool {
  return wholeLanes(lanes, 64) && quietNearest(fp) && plain64(n, m, fp);
}

/** Whether comparisons may be native: no lane is a NaN or a denormal that matters. */
export function comparable32(n: v128, m: v128, lanes: i32, fp: i32): bool {
  return wholeLanes(lanes, 32) && i32x4.all_true(v128.and(f32x4.eq(n, n), f32x4.eq(m, m))) && plain32(n, m, fp);
}

export function comparable64(n: v128, m: v128, lanes: i32, fp: i32): bool {
  return wholeLanes(lanes, 64) && i64x2.all_true(v128.and(f64x2.eq(n, n), f64x2.eq(m, m))) && plain64(n, m, fp);
}
