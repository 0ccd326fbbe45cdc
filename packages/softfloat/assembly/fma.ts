/** FPMulAdd, FPRecipStepFused and FPRSqrtStepFused: a product and a sum with one rounding. */
import { begin, end, invalid, processNaNs, processNaNs3, quietNearest, quietNearestUnflushed } from './policy';
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
  ZERO,
  cancelled,
  exponentBias,
  fractionBits,
  infinity,
  multiplyHigh,
  normalizeRoundPack,
  signBit,
  two,
  unpackA,
  unpackB,
  unpackC,
} from './core';
import { safe32, safe64 } from './fast';

/** A 128-bit magnitude: hi * 2^64 + lo. */
class P {
  static hi: u64 = 0;
  static lo: u64 = 0;
}

/** Shifts P right; bit 0 is the OR of itself and all lost bits. */
function shiftJamP(distance: i32): void {
  if (distance == 0) return;
  const hi = P.hi;
  const lo = P.lo;
  if (distance < 64) {
    P.lo = (hi << (64 - distance)) | (lo >> distance) | u64(lo << (64 - distance) != 0);
    P.hi = hi >> distance;
  } else {
    const lost = distance == 64 ? lo : lo | (distance < 128 ? hi << (128 - distance) : hi);
    P.lo = (distance < 128 ? hi >> (distance - 64) : 0) | u64(lost != 0);
    P.hi = 0;
  }
}

/** Rounds the value P * 2^(exp - 127), divided by 2^halvings. */
function roundP(format: i32, sign: i32, exp: i32): u64 {
  if (P.hi == 0) {
    // Operands have at most 53 bits, so the difference after a cancellation fits exactly into the lower half.
    return normalizeRoundPack(format, sign, exp - 64, P.lo);
  }
  const shift = <i32>clz(P.hi);
  const hi = shift == 0 ? P.hi : (P.hi << shift) | (P.lo >> (64 - shift));
  return normalizeRoundPack(format, sign, exp - shift, hi | u64(P.lo << shift != 0));
}

/** (A * B + C) / 2^halvings for finite operands; A * B has `sign`. */
function fused(format: i32, sign: i32, halvings: i32): u64 {
  const zeroProduct = A.cls == ZERO || B.cls == ZERO;
  if (C.cls == ZERO) {
    if (zeroProduct) return sign == C.sign ? signBit(format, sign) : cancelled(format);
    P.hi = multiplyHigh(A.sig, B.sig);
    P.lo = A.sig * B.sig;
    return roundP(format, sign, A.exp + B.exp + 1 - halvings);
  }
  if (zeroProduct) return normalizeRoundPack(format, C.sign, C.exp - halvings, C.sig);
  return productPlusC(format, sign, halvings);
}

function productPlusC(format: i32, sign: i32, halvings: i32): u64 {
  P.hi = multiplyHigh(A.sig, B.sig) >> 1;
  P.lo = (multiplyHigh(A.sig, B.sig) << 63) | ((A.sig * B.sig) >> 1);
  // Both are now fractions of 2^127 with one bit to spare for a carry; the low bits of the product are zero.
  let exp = A.exp + B.exp + 2;
  let otherHi = C.sig >> 1;
  let otherLo: u64 = 0;
  const otherExp = C.exp + 1;
  if (exp >= otherExp) {
    const hi = P.hi;
    const lo = P.lo;
    P.hi = otherHi;
    P.lo = 0;
    shiftJamP(exp - otherExp);
    otherHi = P.hi;
    otherLo = P.lo;
    P.hi = hi;
    P.lo = lo;
  } else {
    shiftJamP(otherExp - exp);
    exp = otherExp;
  }
  if (sign == C.sign) {
    const lo = P.lo + otherLo;
    P.hi = P.hi + otherHi + u64(lo < otherLo);
    P.lo = lo;
    return roundP(format, sign, exp - halvings);
  }
  return difference(format, sign, otherHi, otherLo, exp - halvings);
}

function difference(format: i32, sign: i32, otherHi: u64, otherLo: u64, exp: i32): u64 {
  const hi = P.hi;
  const lo = P.lo;
  if (hi == otherHi && lo == otherLo) return cancelled(format);
  if (hi > otherHi || (hi == otherHi && lo > otherLo)) {
    P.lo = lo - otherLo;
    P.hi = hi - otherHi - u64(lo < otherLo);
    return roundP(format, sign, exp);
  }
  P.lo = otherLo - lo;
  P.hi = otherHi - hi - u64(otherLo < lo);
  return roundP(format, 1 - sign, exp);
}

function invalidProduct(): bool {
  return (A.cls == INF && B.cls == ZERO) || (A.cls == ZERO && B.cls == INF);
}

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

/**
 * Whether an exponent is within 450 of the bias: products of such numbers, and their rounding errors, neither overflow
 * nor underflow.
 */
function moderate(bits: u64): bool {
  return ((bits >> 52) & 0x7ff) - 573 <= 900;
}

/** Whether an exponent is within 900 of the bias. */
function wide(bits: u64): bool {
  return ((bits >> 52) & 0x7ff) - 123 <= 1800;
}

/** The upper 26 bits of x (Veltkamp's splitting). */
function upperHalf(x: f64): f64 {
  const t = x * 134217729.0;
  return t - (t - x);
}

/**
 * Correctly rounded a * b + c by error-free transforms and one addition rounded to odd
 * (S. Boldo, G. Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008).
 */
function fusedNative(c: f64, a: f64, b: f64): f64 {
  const uh = a * b;
  const ah = upperHalf(a);
  const al = a - ah;
  const bh = upperHalf(b);
  const bl = b - bh;
  const ul = al * bl - (uh - ah * bh - al * bh - ah * bl);
  const th = c + ul;
  const tv = th - c;
  const tl = c - (th - tv) + (ul - tv);
  const vh = uh + th;
  const vv = vh - uh;
  const vl = uh - (vh - vv) + (th - vv);
  let z = tl + vl;
  const zv = z - tl;
  const error = tl - (z - zv) + (vl - zv);
  if (error != 0) {
    const bits = reinterpret<i64>(z);
    // Rounds to the odd neighbour: away from zero if the error has the sign of the sum, otherwise toward zero.
    if (!(bits & 1)) z = reinterpret<f64>(error > 0 == z > 0 ? bits + 1 : bits - 1);
  }
  return vh + z;
}

export function f64_muladd(addend: i64, a: i64, b: i64, fp: i32): i64 {
  // Such operands and their product are normal, so flushing has no effect.
  if (quietNearest(fp) && moderate(a) && moderate(b)) {
    if (wide(addend)) {
      const r = reinterpret<i64>(fusedNative(reinterpret<f64>(addend), reinterpret<f64>(a), reinterpret<f64>(b)));
      if (safe64(r)) return r;
    } else if (addend << 1 == 0) {
      return reinterpret<i64>(reinterpret<f64>(a) * reinterpret<f64>(b));
    }
  }
  return muladd(F64, addend, a, b, fp);
}

export function f32_muladd(addend: i32, a: i32, b: i32, fp: i32): i32 {
  if (quietNearestUnflushed(fp)) {
    // The product is exact; the second rounding is, too, unless the first one may have made a tie.
    const wideSum = <f64>reinterpret<f32>(a) * <f64>reinterpret<f32>(b) + <f64>reinterpret<f32>(addend);
    if ((reinterpret<i64>(wideSum) & 0x1fffffff) != 0x10000000) {
      const r = reinterpret<i32>(<f32>wideSum);
      if (safe32(r)) return r;
    }
  }
  return <i32>muladd(F32, <u32>addend, <u32>a, <u32>b, fp);
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
