/**
 * FPDiv and FPSqrt: the native operation gives an estimate that is a few units off; an exact integer remainder
 * corrects it and determines the sticky bit.
 */
import { begin, end, invalid, processNaN, processNaNs } from './policy';
import {
  A,
  B,
  DIVIDE_BY_ZERO,
  F16,
  F32,
  F64,
  INF,
  QNAN,
  ZERO,
  infinity,
  normalizeRoundPack,
  raise,
  signBit,
  unpackA,
  unpackB,
} from './core';
import { native32, native64, safe32, safe64 } from './fast';

/** A / B for finite operands that are not zero. */
function quotient(format: i32): u64 {
  const n = A.sig >> 11;
  const d = B.sig >> 11;
  // n and d are in [2^52, 2^53), so the quotient is in (2^55, 2^57), the estimate is within 16 of it, and the remainder
  // fits into 64 bits.
  let q = <u64>((<f64>n / <f64>d) * 72057594037927936.0);
  let rest = <i64>((n << 56) - q * d);
  while (rest < 0) {
    q -= 1;
    rest += d;
  }
  while (rest >= <i64>d) {
    q += 1;
    rest -= d;
  }
  return normalizeRoundPack(format, A.sign ^ B.sign, A.exp - B.exp + 7, q | u64(rest != 0));
}

function divUnpacked(format: i32, a: u64, b: u64): u64 {
  unpackA(format, a);
  unpackB(format, b);
  if (A.cls >= QNAN || B.cls >= QNAN) return processNaNs(format, a, b);
  const sign = A.sign ^ B.sign;
  if (A.cls == INF) return B.cls == INF ? invalid(format) : infinity(format, sign);
  if (B.cls == INF) return signBit(format, sign);
  if (B.cls == ZERO) {
    if (A.cls == ZERO) return invalid(format);
    raise(DIVIDE_BY_ZERO);
    return infinity(format, sign);
  }
  return A.cls == ZERO ? signBit(format, sign) : quotient(format);
}

function div(format: i32, a: u64, b: u64, fp: i32): u64 {
  begin(format, fp);
  const result = divUnpacked(format, a, b);
  end(fp);
  return result;
}

export function f64_div(a: i64, b: i64, fp: i32): i64 {
  if (native64(a, b, fp)) {
    const r = reinterpret<i64>(reinterpret<f64>(a) / reinterpret<f64>(b));
    if (safe64(r) || (r << 1 == 0 && a << 1 == 0)) return r;
  }
  return div(F64, a, b, fp);
}

export function f32_div(a: i32, b: i32, fp: i32): i32 {
  if (native32(a, b, fp)) {
    const r = reinterpret<i32>(reinterpret<f32>(a) / reinterpret<f32>(b));
    if (safe32(r) || (r << 1 == 0 && a << 1 == 0)) return r;
  }
  return <i32>div(F32, <u32>a, <u32>b, fp);
}

export function f16_div(a: i32, b: i32, fp: i32): i32 {
  return <i32>div(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), fp);
}

/** The root of A, finite and positive. */
function root(format: i32): u64 {
  const odd = A.exp & 1;
  // Making the exponent even puts the radicand m * 2^56 into [2^108, 2^110) and its root into [2^54, 2^55).
  const m = (A.sig >> 11) << odd;
  let r = <u64>(sqrt<f64>(<f64>m) * 268435456.0);
  let rest = <i64>((m << 56) - r * r);
  while (rest < 0) {
    r -= 1;
    rest += 2 * r + 1;
  }
  while (rest > <i64>(2 * r)) {
    rest -= 2 * r + 1;
    r += 1;
  }
  return normalizeRoundPack(format, 0, ((A.exp - odd) >> 1) + 9, r | u64(rest != 0));
}

function sqrtUnpacked(format: i32, a: u64): u64 {
  unpackA(format, a);
  if (A.cls >= QNAN) return processNaN(format, A.cls, a);
  if (A.cls == ZERO) return signBit(format, A.sign);
  if (A.sign) return invalid(format);
  return A.cls == INF ? infinity(format, 0) : root(format);
}

function squareRoot(format: i32, a: u64, fp: i32): u64 {
  begin(format, fp);
  const result = sqrtUnpacked(format, a);
  end(fp);
  return result;
}

export function f64_sqrt(a: i64, fp: i32): i64 {
  if (native64(a, a, fp)) {
    const r = reinterpret<i64>(sqrt<f64>(reinterpret<f64>(a)));
    if (safe64(r) || r << 1 == 0) return r;
  }
  return squareRoot(F64, a, fp);
}

export function f32_sqrt(a: i32, fp: i32): i32 {
  if (native32(a, a, fp)) {
    const r = reinterpret<i32>(sqrt<f32>(reinterpret<f32>(a)));
    if (safe32(r) || r << 1 == 0) return r;
  }
  return <i32>squareRoot(F32, <u32>a, fp);
}

export function f16_sqrt(a: i32, fp: i32): i32 {
  return <i32>squareRoot(F16, <u32>(a & 0xffff), fp);
}
