/** FPCompare, FPCompareEQ/GE/GT, FPMax, FPMin, FPMaxNum, FPMinNum. */
import { begin, end, denormalsMatter, processNaNs } from './policy';
import {
  A,
  B,
  F16,
  F32,
  F64,
  INF,
  INVALID,
  QNAN,
  SNAN,
  ZERO,
  infinity,
  raise,
  signBit,
  unpackA,
  unpackB,
} from '../core';
import { EQUAL, GREATER, LESS, UNORDERED, order } from '../order';

function compare(format: i32, a: u64, b: u64, signalNaNs: i32, fp: i32): i32 {
  begin(format, fp);
  unpackA(format, a);
  unpackB(format, b);
  let result = UNORDERED;
  if (A.cls >= QNAN || B.cls >= QNAN) {
    if (signalNaNs || A.cls == SNAN || B.cls == SNAN) raise(INVALID);
  } else {
    result = order();
  }
  end(fp);
  return result;
}

/** NZCV of a comparison; quiet NaNs raise IOC only if `signalNaNs` is not zero. */
export function f64_compare(a: i64, b: i64, signalNaNs: i32, fp: i32): i32 {
  if (!denormalsMatter(fp)) {
    const x = reinterpret<f64>(a);
    const y = reinterpret<f64>(b);
    if (x < y) return LESS;
    if (x > y) return GREATER;
    if (x == y) return EQUAL;
  }
  return compare(F64, a, b, signalNaNs, fp);
}

export function f32_compare(a: i32, b: i32, signalNaNs: i32, fp: i32): i32 {
  if (!denormalsMatter(fp)) {
    const x = reinterpret<f32>(a);
    const y = reinterpret<f32>(b);
    if (x < y) return LESS;
    if (x > y) return GREATER;
    if (x == y) return EQUAL;
  }
  return compare(F32, <u32>a, <u32>b, signalNaNs, fp);
}

export function f16_compare(a: i32, b: i32, signalNaNs: i32, fp: i32): i32 {
  return compare(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), signalNaNs, fp);
}

/** 1 if equal, otherwise 0; only signalling NaNs raise IOC. */
export function f64_cmpeq(a: i64, b: i64, fp: i32): i32 {
  return i32(f64_compare(a, b, 0, fp) == EQUAL);
}

/** 1 if a >= b, otherwise 0; any NaN raises IOC. C without V means equal or greater. */
export function f64_cmpge(a: i64, b: i64, fp: i32): i32 {
  return i32((f64_compare(a, b, 1, fp) & 3) == 2);
}

export function f64_cmpgt(a: i64, b: i64, fp: i32): i32 {
  return i32(f64_compare(a, b, 1, fp) == GREATER);
}

export function f32_cmpeq(a: i32, b: i32, fp: i32): i32 {
  return i32(f32_compare(a, b, 0, fp) == EQUAL);
}

export function f32_cmpge(a: i32, b: i32, fp: i32): i32 {
  return i32((f32_compare(a, b, 1, fp) & 3) == 2);
}

export function f32_cmpgt(a: i32, b: i32, fp: i32): i32 {
  return i32(f32_compare(a, b, 1, fp) == GREATER);
}

export function f16_cmpeq(a: i32, b: i32, fp: i32): i32 {
  return i32(f16_compare(a, b, 0, fp) == EQUAL);
}

export function f16_cmpge(a: i32, b: i32, fp: i32): i32 {
  return i32((f16_compare(a, b, 1, fp) & 3) == 2);
}

export function f16_cmpgt(a: i32, b: i32, fp: i32): i32 {
  return i32(f16_compare(a, b, 1, fp) == GREATER);
}

/**
 * The larger operand if `wanted` is GREATER, the smaller one if it is LESS; of two zeros, the positive or the negative
 * one.
 */
function select(format: i32, a: u64, b: u64, wanted: i32): u64 {
  const found = order();
  if (A.cls == ZERO && B.cls == ZERO) return signBit(format, wanted == GREATER ? A.sign & B.sign : A.sign | B.sign);
  if (found == wanted) return A.cls == ZERO ? signBit(format, A.sign) : a;
  return B.cls == ZERO ? signBit(format, B.sign) : b;
}

/** If `number` is 1 (FPMaxNum, FPMinNum), a single quiet NaN loses against any number. */
function extreme(format: i32, a: u64, b: u64, wanted: i32, number: i32, fp: i32): u64 {
  begin(format, fp);
  unpackA(format, a);
  unpackB(format, b);
  if (number && (A.cls == QNAN) != (B.cls == QNAN)) {
    const loser = infinity(format, i32(wanted == GREATER));
    if (A.cls == QNAN) {
      a = loser;
      unpackA(format, a);
    } else {
      b = loser;
      unpackB(format, b);
    }
  }
  const result = A.cls >= QNAN || B.cls >= QNAN ? processNaNs(format, a, b) : select(format, a, b, wanted);
  end(fp);
  return result;
}

export function f64_max(a: i64, b: i64, fp: i32): i64 {
  if (!denormalsMatter(fp)) {
    const r = max<f64>(reinterpret<f64>(a), reinterpret<f64>(b));
    if (r == r) return reinterpret<i64>(r);
  }
  return extreme(F64, a, b, GREATER, 0, fp);
}

export function f64_min(a: i64, b: i64, fp: i32): i64 {
  if (!denormalsMatter(fp)) {
    const r = min<f64>(reinterpret<f64>(a), reinterpret<f64>(b));
    if (r == r) return reinterpret<i64>(r);
  }
  return extreme(F64, a, b, LESS, 0, fp);
}

export function f64_maxnum(a: i64, b: i64, fp: i32): i64 {
  if (!denormalsMatter(fp)) {
    const r = max<f64>(reinterpret<f64>(a), reinterpret<f64>(b));
    if (r == r) return reinterpret<i64>(r);
  }
  return extreme(F64, a, b, GREATER, 1, fp);
}

export function f64_minnum(a: i64, b: i64, fp: i32): i64 {
  if (!denormalsMatter(fp)) {
    const r = min<f64>(reinterpret<f64>(a), reinterpret<f64>(b));
    if (r == r) return reinterpret<i64>(r);
  }
  return extreme(F64, a, b, LESS, 1, fp);
}

export function f32_max(a: i32, b: i32, fp: i32): i32 {
  if (!denormalsMatter(fp)) {
    const r = max<f32>(reinterpret<f32>(a), reinterpret<f32>(b));
    if (r == r) return reinterpret<i32>(r);
  }
  return <i32>extreme(F32, <u32>a, <u32>b, GREATER, 0, fp);
}

export function f32_min(a: i32, b: i32, fp: i32): i32 {
  if (!denormalsMatter(fp)) {
    const r = min<f32>(reinterpret<f32>(a), reinterpret<f32>(b));
    if (r == r) return reinterpret<i32>(r);
  }
  return <i32>extreme(F32, <u32>a, <u32>b, LESS, 0, fp);
}

export function f32_maxnum(a: i32, b: i32, fp: i32): i32 {
  if (!denormalsMatter(fp)) {
    const r = max<f32>(reinterpret<f32>(a), reinterpret<f32>(b));
    if (r == r) return reinterpret<i32>(r);
  }
  return <i32>extreme(F32, <u32>a, <u32>b, GREATER, 1, fp);
}

export function f32_minnum(a: i32, b: i32, fp: i32): i32 {
  if (!denormalsMatter(fp)) {
    const r = min<f32>(reinterpret<f32>(a), reinterpret<f32>(b));
    if (r == r) return reinterpret<i32>(r);
  }
  return <i32>extreme(F32, <u32>a, <u32>b, LESS, 1, fp);
}

export function f16_max(a: i32, b: i32, fp: i32): i32 {
  return <i32>extreme(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), GREATER, 0, fp);
}

export function f16_min(a: i32, b: i32, fp: i32): i32 {
  return <i32>extreme(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), LESS, 0, fp);
}

export function f16_maxnum(a: i32, b: i32, fp: i32): i32 {
  return <i32>extreme(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), GREATER, 1, fp);
}

export function f16_minnum(a: i32, b: i32, fp: i32): i32 {
  return <i32>extreme(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), LESS, 1, fp);
}
