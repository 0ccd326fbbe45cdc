/**
 * DPPS and DPPD: products of the lanes that bits 7:4 of the immediate select (the others are +0.0), summed in pairs,
 * then copied to the lanes that bits 3:0 select. An unmasked exception of one step prevents the next.
 */
import { f32_add, f64_add } from '../add';
import { f32_mul, f64_mul } from '../mul';
import { beginLanes, endLanes } from './policy';

export function v_f32_dp(n: v128, m: v128, control: i32, fp: i32): v128 {
  beginLanes();
  const p0 = control & 0x10 ? f32_mul(i32x4.extract_lane(n, 0), i32x4.extract_lane(m, 0), fp) : 0;
  const p1 = control & 0x20 ? f32_mul(i32x4.extract_lane(n, 1), i32x4.extract_lane(m, 1), fp) : 0;
  const p2 = control & 0x40 ? f32_mul(i32x4.extract_lane(n, 2), i32x4.extract_lane(m, 2), fp) : 0;
  const p3 = control & 0x80 ? f32_mul(i32x4.extract_lane(n, 3), i32x4.extract_lane(m, 3), fp) : 0;
  if (!endLanes(fp)) return i64x2.splat(0);
  beginLanes();
  const s0 = f32_add(p0, p1, fp);
  const s1 = f32_add(p2, p3, fp);
  if (!endLanes(fp)) return i64x2.splat(0);
  const sum = f32_add(s0, s1, fp);
  let r = i64x2.splat(0);
  if (control & 1) r = i32x4.replace_lane(r, 0, sum);
  if (control & 2) r = i32x4.replace_lane(r, 1, sum);
  if (control & 4) r = i32x4.replace_lane(r, 2, sum);
  if (control & 8) r = i32x4.replace_lane(r, 3, sum);
  return r;
}

export function v_f64_dp(n: v128, m: v128, control: i32, fp: i32): v128 {
  beginLanes();
  const p0 = control & 0x10 ? f64_mul(i64x2.extract_lane(n, 0), i64x2.extract_lane(m, 0), fp) : 0;
  const p1 = control & 0x20 ? f64_mul(i64x2.extract_lane(n, 1), i64x2.extract_lane(m, 1), fp) : 0;
  if (!endLanes(fp)) return i64x2.splat(0);
  const sum = f64_add(p0, p1, fp);
  let r = i64x2.splat(0);
  if (control & 1) r = i64x2.replace_lane(r, 0, sum);
  if (control & 2) r = i64x2.replace_lane(r, 1, sum);
  return r;
}
