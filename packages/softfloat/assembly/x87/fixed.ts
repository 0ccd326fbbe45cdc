/**
 * Unsigned 128-bit fixed-point numbers for the transcendental functions, in vectors (the upper half is lane 1). Unless
 * said otherwise, the unit is 2^-127, so they are below 2. The lowest bits may be a few units off.
 */
import { multiplyHigh } from '../core';

export function fixed(hi: u64, lo: u64): v128 {
  return i64x2.replace_lane(i64x2.splat(lo), 1, hi);
}

export function high(x: v128): u64 {
  return i64x2.extract_lane(x, 1);
}

export function low(x: v128): u64 {
  return i64x2.extract_lane(x, 0);
}

export function isZero(x: v128): bool {
  return (high(x) | low(x)) == 0;
}

export function below(a: v128, b: v128): bool {
  return high(a) < high(b) || (high(a) == high(b) && low(a) < low(b));
}

export function plus(a: v128, b: v128): v128 {
  const lo = low(a) + low(b);
  return fixed(high(a) + high(b) + u64(lo < low(a)), lo);
}

export function minus(a: v128, b: v128): v128 {
  return fixed(high(a) - high(b) - u64(low(a) < low(b)), low(a) - low(b));
}

export function shiftLeft(x: v128, distance: i32): v128 {
  if (distance == 0) return x;
  if (distance >= 64) return fixed(low(x) << (distance - 64), 0);
  return fixed((high(x) << distance) | (low(x) >> (64 - distance)), low(x) << distance);
}

export function shiftRight(x: v128, distance: i32): v128 {
  if (distance == 0) return x;
  if (distance >= 128) return fixed(0, 0);
  if (distance >= 64) return fixed(0, high(x) >> (distance - 64));
  return fixed(high(x) >> distance, (high(x) << (64 - distance)) | (low(x) >> distance));
}

/** The upper 128 bits of the product: its unit is 2^128 times the product of the units. */
export function times(a: v128, b: v128): v128 {
  const ah = high(a);
  const bh = high(b);
  const lo = ah * bh;
  const one = lo + multiplyHigh(ah, low(b));
  const two = one + multiplyHigh(low(a), bh);
  return fixed(multiplyHigh(ah, bh) + u64(one < lo) + u64(two < one), two);
}

/** a * b with the unit 2^-127, where the product is below 2. */
export function product(a: v128, b: v128): v128 {
  return shiftLeft(times(a, b), 1);
}

/** x / n for an n below 2^32. */
export function quotientBySmall(x: v128, n: u64): v128 {
  const hi = high(x) / n;
  const middle = ((high(x) % n) << 32) | (low(x) >> 32);
  const last = ((middle % n) << 32) | (low(x) & 0xffffffff);
  return fixed(hi, ((middle / n) << 32) | (last / n));
}

/** a / b with the unit 2^-128, where a < b. */
export function quotient(a: v128, b: v128): v128 {
  let hi = high(a);
  let lo = low(a);
  let qh: u64 = 0;
  let ql: u64 = 0;
  const bh = high(b);
  const bl = low(b);
  for (let i = 0; i < 128; i++) {
    const carry = hi >> 63 != 0;
    hi = (hi << 1) | (lo >> 63);
    lo <<= 1;
    qh = (qh << 1) | (ql >> 63);
    ql <<= 1;
    if (carry || hi > bh || (hi == bh && lo >= bl)) {
      hi = hi - bh - u64(lo < bl);
      lo -= bl;
      ql |= 1;
    }
  }
  return fixed(qh, ql);
}

export function one(): v128 {
  return fixed(1 << 63, 0);
}
