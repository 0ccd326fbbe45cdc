/**
 * Conditions under which native SIMD operations are exact for a whole vector: see fast.ts. Lanes from `lanes` on are
 * ignored.
 */
import { denormalsMatter, quietNearestUnflushed } from './policy';

/** Keeps the first `lanes` lanes of `bits` bits, which are half or all of the vector. */
export function keep(v: v128, lanes: i32, bits: i32): v128 {
  return lanes * bits == 128 ? v : i64x2.replace_lane(v, 1, 0);
}

/** Native operations are used for halves and wholes of a vector, whose unused lanes are cheap to clear. */
export function wholeLanes(lanes: i32, bits: i32): bool {
  return ((lanes * bits) & 63) == 0;
}

/** Whether every used lane of a mask is set: sign bits of 32-bit lanes. */
function all32(mask: v128, lanes: i32): bool {
  return (~i32x4.bitmask(mask) & ((1 << lanes) - 1)) == 0;
}

function all64(mask: v128, lanes: i32): bool {
  return (~i64x2.bitmask(mask) & ((1 << lanes) - 1)) == 0;
}

/** Whether every used lane is normal and does not have the smallest normal exponent, or is set in `accepted`. */
export function settled32(r: v128, accepted: v128, lanes: i32): bool {
  const exponent = i32x4.sub(v128.and(r, i32x4.splat(0x7f800000)), i32x4.splat(0x01000000));
  return all32(v128.or(i32x4.lt_u(exponent, i32x4.splat(0x7e800000)), accepted), lanes);
}

export function settled64(r: v128, accepted: v128, lanes: i32): bool {
  // There is no unsigned comparison of 64-bit lanes: the exponent is compared as a signed number with the top bit clear.
  const exponent = v128.and(r, i64x2.splat(0x7ff0000000000000));
  const normal = v128.and(
    i64x2.gt_s(exponent, i64x2.splat(0x0010000000000000)),
    i64x2.lt_s(exponent, i64x2.splat(0x7ff0000000000000)),
  );
  return all64(v128.or(normal, accepted), lanes);
}

/** A mask of the lanes that are zero. */
export function zero32(v: v128): v128 {
  return f32x4.eq(v, f32x4.splat(0));
}

export function zero64(v: v128): v128 {
  return f64x2.eq(v, f64x2.splat(0));
}

/** Whether arithmetic may be native: flags cannot change, and nothing is flushed. */
export function nativeVector(lanes: i32, bits: i32, fp: i32): bool {
  return wholeLanes(lanes, bits) && quietNearestUnflushed(fp);
}

/** Whether comparisons and extremes may be native: no lane is a NaN. */
export function ordered32(n: v128, m: v128, lanes: i32, fp: i32): bool {
  return wholeLanes(lanes, 32) && !denormalsMatter(fp) && all32(v128.and(f32x4.eq(n, n), f32x4.eq(m, m)), lanes);
}

export function ordered64(n: v128, m: v128, lanes: i32, fp: i32): bool {
  return !denormalsMatter(fp) && all64(v128.and(f64x2.eq(n, n), f64x2.eq(m, m)), lanes);
}
