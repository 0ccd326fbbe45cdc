/** FPMul and FPMulX. */
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
  infinity,
  multiplyHigh,
  normalizeRoundPack,
  signBit,
  two,
  unpackA,
  unpackB,
} from './core';
import { native32, native64, safe32, safe64 } from './fast';

function mulUnpacked(format: i32, a: u64, b: u64, extended: bool): u64 {
  unpackA(format, a);
  unpackB(format, b);
  if (A.cls >= QNAN || B.cls >= QNAN) return processNaNs(format, a, b);
  const sign = A.sign ^ B.sign;
  if (A.cls == INF || B.cls == INF) {
    if (A.cls != ZERO && B.cls != ZERO) return infinity(format, sign);
    return extended ? two(format, sign) : invalid(format);
  }
  if (A.cls == ZERO || B.cls == ZERO) return signBit(format, sign);
  const sig = multiplyHigh(A.sig, B.sig) | u64(A.sig * B.sig != 0);
  return normalizeRoundPack(format, sign, A.exp + B.exp + 1, sig);
}

function mul(format: i32, a: u64, b: u64, extended: bool, fp: i32): u64 {
  begin(format, fp);
  const result = mulUnpacked(format, a, b, extended);
  end(fp);
  return result;
}

/** Whether an operand is zero; only then is a zero product exact. */
function zeroOperand64(a: u64, b: u64): bool {
  return a << 1 == 0 || b << 1 == 0;
}

function zeroOperand32(a: u32, b: u32): bool {
  return a << 1 == 0 || b << 1 == 0;
}

export function f64_mul(a: i64, b: i64, fp: i32): i64 {
  if (native64(a, b, fp)) {
    const r = reinterpret<i64>(reinterpret<f64>(a) * reinterpret<f64>(b));
    if (safe64(r) || (r << 1 == 0 && zeroOperand64(a, b))) return r;
  }
  return mul(F64, a, b, false, fp);
}

export function f32_mul(a: i32, b: i32, fp: i32): i32 {
  if (native32(a, b, fp)) {
    const r = reinterpret<i32>(reinterpret<f32>(a) * reinterpret<f32>(b));
    if (safe32(r) || (r << 1 == 0 && zeroOperand32(a, b))) return r;
  }
  return <i32>mul(F32, <u32>a, <u32>b, false, fp);
}

export function f16_mul(a: i32, b: i32, fp: i32): i32 {
  return <i32>mul(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), false, fp);
}

/** FMULX: infinity times zero is 2.0. */
export function f64_mulx(a: i64, b: i64, fp: i32): i64 {
  if (native64(a, b, fp)) {
    const r = reinterpret<i64>(reinterpret<f64>(a) * reinterpret<f64>(b));
    if (safe64(r)) return r;
  }
  return mul(F64, a, b, true, fp);
}

export function f32_mulx(a: i32, b: i32, fp: i32): i32 {
  if (native32(a, b, fp)) {
    const r = reinterpret<i32>(reinterpret<f32>(a) * reinterpret<f32>(b));
    if (safe32(r)) return r;
  }
  return <i32>mul(F32, <u32>a, <u32>b, true, fp);
}

export function f16_mulx(a: i32, b: i32, fp: i32): i32 {
  return <i32>mul(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), true, fp);
}
