/** FPMulAdd, FPRecipStepFused and FPRSqrtStepFused: a product and a sum with one rounding. */
import { begin, end, invalid, processNaNs, processNaNs3 } from './policy';
import {
  A,
  B,
  C,
  F16,
  F32,
  F64,
  FINITE,
  INF,
  QNAN,
  exponentBias,
  fractionBits,
  infinity,
  signBit,
  two,
  unpackA,
  unpackB,
  unpackC,
} from './core';
import { fused, invalidProduct, quick32, quick64 } from './fused';

function muladdUnpacked(format: i32, c: u64, a: u64, b: u64): u64 {
  unpackC(format, c);
  unpackA(format, a);
  unpackB(format, b);
  if (C.cls >= QNAN || A.cls >= QNAN || B.cls >= QNAN) {
    // A quiet NaN as addend does not hide an invalid product.
    if (C.cls == QNAN && invalidProduct()) return invalid(format);
    return processNaNs3(format, c, a, b);
  }
  const sign = A.sign ^ B.sign;
  const infProduct = A.cls == INF || B.cls == INF;
  if (invalidProduct() || (C.cls == INF && infProduct && C.sign != sign)) return invalid(format);
  if (C.cls == INF) return infinity(format, C.sign);
  return infProduct ? infinity(format, sign) : fused(format, sign, 0);
}

function muladd(format: i32, c: u64, a: u64, b: u64, fp: i32): u64 {
  begin(format, fp);
  const result = muladdUnpacked(format, c, a, b);
  end(fp);
  return result;
}

export function f64_muladd(addend: i64, a: i64, b: i64, fp: i32): i64 {
  const quick = quick64(addend, a, b, fp);
  return quick != 0 ? quick : muladd(F64, addend, a, b, fp);
}

export function f32_muladd(addend: i32, a: i32, b: i32, fp: i32): i32 {
  const quick = quick32(addend, a, b, fp);
  return quick != 0 ? quick : <i32>muladd(F32, <u32>addend, <u32>a, <u32>b, fp);
}

export function f16_muladd(addend: i32, a: i32, b: i32, fp: i32): i32 {
  return <i32>muladd(F16, <u32>(addend & 0xffff), <u32>(a & 0xffff), <u32>(b & 0xffff), fp);
}

/** 1.5: exponent zero and the upper fraction bit. */
function oneAndHalf(format: i32): u64 {
  return (((<u64>exponentBias(format)) << 1) | 1) << (fractionBits(format) - 1);
}

/** 2 - a * b, or (3 - a * b) / 2 with `halvings` 1. */
function stepUnpacked(format: i32, a: u64, b: u64, halvings: i32): u64 {
  // Arm negates the operand first, even a NaN.
  a ^= signBit(format, 1);
  unpackA(format, a);
  unpackB(format, b);
  if (A.cls >= QNAN || B.cls >= QNAN) return processNaNs(format, a, b);
  if (invalidProduct()) return halvings ? oneAndHalf(format) : two(format, 0);
  const sign = A.sign ^ B.sign;
  if (A.cls == INF || B.cls == INF) return infinity(format, sign);
  C.cls = FINITE;
  C.sign = 0;
  C.exp = 1;
  C.sig = halvings ? 0xc000000000000000 : 0x8000000000000000;
  return fused(format, sign, halvings);
}

function step(format: i32, a: u64, b: u64, halvings: i32, fp: i32): u64 {
  begin(format, fp);
  const result = stepUnpacked(format, a, b, halvings);
  end(fp);
  return result;
}

export function f64_recps(a: i64, b: i64, fp: i32): i64 {
  return step(F64, a, b, 0, fp);
}

export function f64_rsqrts(a: i64, b: i64, fp: i32): i64 {
  return step(F64, a, b, 1, fp);
}

export function f32_recps(a: i32, b: i32, fp: i32): i32 {
  return <i32>step(F32, <u32>a, <u32>b, 0, fp);
}

export function f32_rsqrts(a: i32, b: i32, fp: i32): i32 {
  return <i32>step(F32, <u32>a, <u32>b, 1, fp);
}

export function f16_recps(a: i32, b: i32, fp: i32): i32 {
  return <i32>step(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), 0, fp);
}

export function f16_rsqrts(a: i32, b: i32, fp: i32): i32 {
  return <i32>step(F16, <u32>(a & 0xffff), <u32>(b & 0xffff), 1, fp);
}
