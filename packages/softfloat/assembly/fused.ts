/** A product and a sum with one rounding, without the handling of NaNs, which architectures do differently. */
import { quietNearest, quietNearestUnflushed } from './policy';
import { safe32, safe64 } from './fast';
import { A, B, C, INF, ZERO, cancelled, multiplyHigh, normalizeRoundPack, signBit } from './core';

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
export function fused(format: i32, sign: i32, halvings: i32): u64 {
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

/** Whether A * B is infinity times zero. */
export function invalidProduct(): bool {
  return (A.cls == INF && B.cls == ZERO) || (A.cls == ZERO && B.cls == INF);
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

/** a * b + c where native operations are exact and nothing has to be reported; otherwise 0. */
export function quick64(c: i64, a: i64, b: i64, fp: i32): i64 {
  // Such operands and their product are normal, so flushing has no effect.
  if (quietNearest(fp) && moderate(a) && moderate(b)) {
    if (wide(c)) {
      const r = reinterpret<i64>(fusedNative(reinterpret<f64>(c), reinterpret<f64>(a), reinterpret<f64>(b)));
      if (safe64(r)) return r;
    } else if (c << 1 == 0) {
      return reinterpret<i64>(reinterpret<f64>(a) * reinterpret<f64>(b));
    }
  }
  return 0;
}

/** The same in single precision, if denormal operands have no effect. */
export function quick32(c: i32, a: i32, b: i32, fp: i32): i32 {
  if (!quietNearestUnflushed(fp)) return 0;
  // The product is exact; the second rounding is, too, unless the first one may have made a tie.
  const wideSum = <f64>reinterpret<f32>(a) * <f64>reinterpret<f32>(b) + <f64>reinterpret<f32>(c);
  if ((reinterpret<i64>(wideSum) & 0x1fffffff) == 0x10000000) return 0;
  const r = reinterpret<i32>(<f32>wideSum);
  return safe32(r) ? r : 0;
}
