/** FPAdd, FPSub and the absolute difference. */
import { begin, end, invalid, processNaNs } from './policy';
import {
  A,
  B,
  F16,
  F32,
  F64,
  INF,
  QNAN,
  ZERO,
  cancelled,
  infinity,
  normalizeRoundPack,
  roundPack,
  shiftRightJam,
  signBit,
  unpackA,
  unpackB,
} from './core';
import { native32, native64, safe32, safe64 } from './fast';

/** A + B for finite operands that are not both zero. */
function sum(format: i32): u64 {
  if (A.cls == ZERO) return roundPack(format, B.sign, B.exp, B.sig);
  if (B.cls == ZERO) return roundPack(format, A.sign, A.exp, A.sig);
  const aLarger = A.exp > B.exp || (A.exp == B.exp && A.sig >= B.sig);
  const sign = aLarger ? A.sign : B.sign;
  const exp = aLarger ? A.exp : B.exp;
  const large = (aLarger ? A.sig : B.sig) >> 1;
  const small = shiftRightJam((aLarger ? B.sig : A.sig) >> 1, aLarger ? exp - B.exp : exp - A.exp);
  const result = A.sign == B.sign ? large + small : large - small;
  return result == 0 ? cancelled(format) : normalizeRoundPack(format, sign, exp + 1, result);
}

function addUnpacked(format: i32, a: u64, b: u64, negate: i32): u64 {
  unpackA(format, a);
  unpackB(format, b);
  if (A.cls >= QNAN || B.cls >= QNAN) return processNaNs(format, a, b);
  B.sign ^= negate;
  if (A.cls == INF) return B.cls == INF && A.sign != B.sign ? invalid(format) : infinity(format, A.sign);
  if (B.cls == INF) return infinity(format, B.sign);
  if (A.cls == ZERO && B.cls == ZERO) return A.sign == B.sign ? signBit(format, A.sign) : cancelled(format);
  return sum(format);
}

/** a + b, or a - b if `negate` is 1. A NaN in b keeps its sign in both cases. */
function add(format: i32, a: u64, b: u64, negate: i32, fp: i32): u64 {
  begin(format, fp);
  const result = addUnpacked(format, a, b, negate);
  end(fp);
  return result;
}

export function f64_add(a: i64, b: i64, fp: i32): i64 {
  if (native64(a, b, fp)) {
    const r = reinterpret<i64>(reinterpret<f64>(a) + reinterpret<f64>(b));
    // A sum never underflows to zero by rounding.
    if (safe64(r) || r << 1 == 0) return r;
  }
  return add(F64, a, b, 0, fp);
}

export function f64_sub(a: i64, b: i64, fp: i32): i64 {
  if (native64(a, b, fp)) {
    const r = reinterpret<i64>(reinterpret<f64>(a) - reinterpret<f64>(b));
    if (safe64(r) || r << 1 == 0) return r;
  }
  return add(F64, a, b, 1, fp);
}

export function f64_abd(a: i64, b: i64, fp: i32): i64 {
  return f64_sub(a, b, fp) & 0x7fffffffffffffff;
}

export function f32_add(a: i32, b: i32, fp: i32): i32 {
  if (native32(a, b, fp)) {
    const r = reinterpret<i32>(reinterpret<f32>(a) + reinterpret<f32>(b));
    if (safe32(r) || r << 1 == 0) return r;
  }
  return <i32>add(F32, <u32>a, <u32>b, 0, fp);
}

export function f32_sub(a: i32, b: i32, fp: i32): i32 {
  if (native32(a, b, fp)) {
    const r = reinterpret<i32>(reinterpret<f32>(a) - reinterpret<f32>(b));
    if (safe32(r) || r << 1 == 0) return r;
  }
  return <i32>add(F32, <u32>a, <u32>b, 1, fp);
}

export function f32_abd(a: i32, b: i32, fp: i32): i32 {
  return f32_sub(a, b, fp) & 0x7fffffff;
}

export function f16_add(a: i32, b: i32, fp: i32): i32 {
  return <i32>add(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), 0, fp);
}

export function f16_sub(a: i32, b: i32, fp: i32): i32 {
  return <i32>add(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), 1, fp);
}

export function f16_abd(a: i32, b: i32, fp: i32): i32 {
  return f16_sub(a, b, fp) & 0x7fff;
}
