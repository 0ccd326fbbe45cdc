/** FSIN, FCOS, FSINCOS and FPTAN: arguments are reduced with the 66 bits of pi that the SDM gives (volume 1, 8.3.8). */
import { A, INF, QNAN, ZERO } from '../core';
import { below, fixed, high, low, minus, product, quotient, shiftLeft, shiftRight, times } from './fixed';
import { BIAS, INTEGER_BIT, R, propagate, setInvalid, setResult, setZero, storeResult, unpackA } from './operand';
import { P, normalizeRoundPack } from './round';
import { belowOne, cosSeries, sinSeries } from './series';
import { C2, begin, completeRegister, conditions } from './status';

/** pi / 2 with the unit 2^-65. */
function halfPi(): v128 {
  return fixed(3, 0x243f6a8885a308d3);
}

/** The reduced argument: |A| = quadrant * pi / 2 + r (modulo 2 pi), |r| = significand * 2^(exp - 127) <= pi / 4. */
class Reduced {
  static quadrant: i32 = 0;
  static negative: i32 = 0;
  static exp: i32 = 0;
}

/** Reduces |A| and returns the significand of r, with bit 127 set. */
function reduce(): v128 {
  Reduced.quadrant = 0;
  Reduced.negative = 0;
  Reduced.exp = A.exp;
  if (A.exp < -1) return fixed(A.sig, 0);
  const x = shiftLeft(fixed(0, A.sig), A.exp + 2);
  let rest = fixed(0, 0);
  let q = 0;
  for (let i = 127; i >= 0; i--) {
    const bit = i >= 64 ? high(x) >> (i - 64) : low(x) >> i;
    rest = shiftLeft(rest, 1);
    rest = fixed(high(rest), low(rest) | (bit & 1));
    q <<= 1;
    if (!below(rest, halfPi())) {
      rest = minus(rest, halfPi());
      q |= 1;
    }
  }
  if (below(halfPi(), shiftLeft(rest, 1))) {
    rest = minus(halfPi(), rest);
    q += 1;
    Reduced.negative = 1;
  }
  Reduced.quadrant = q & 3;
  const shift = high(rest) == 0 ? 64 + <i32>clz(low(rest)) : <i32>clz(high(rest));
  Reduced.exp = 62 - shift;
  return shiftLeft(rest, shift);
}

/** r * r. */
function square(significand: v128): v128 {
  const r = shiftRight(significand, -Reduced.exp);
  return product(r, r);
}

/** |sin(r)| * 2^(126 - Reduced.exp). */
function sinOf(significand: v128): v128 {
  return times(significand, belowOne(sinSeries(square(significand))));
}

/** cos(r) * 2^127. */
function cosOf(significand: v128): v128 {
  return belowOne(cosSeries(square(significand)));
}

function setRounded(sign: i32, value: v128, exp: i32): void {
  P.hi = high(value);
  P.lo = low(value) | 1;
  normalizeRoundPack(sign, exp);
}

/** The sine of the angle `significand` in a quadrant; the sign is that of the angle's sine if A is positive. */
function setSine(significand: v128, quadrant: i32, negate: i32): void {
  const sign = ((quadrant >> 1) & 1) ^ negate;
  if (quadrant & 1) setRounded(sign, cosOf(significand), 0);
  else setRounded(sign ^ Reduced.negative, sinOf(significand), Reduced.exp + 1);
}

function setTangent(significand: v128): void {
  // Of a tiny angle, for which the series is 1, the tangent is above the angle, the sine below it.
  let sine = times(significand, sinSeries(square(significand)));
  let sineExp = Reduced.exp + 1;
  const cosine = cosOf(significand);
  const shift = <i32>clz(high(sine));
  sine = shiftLeft(sine, shift);
  sineExp -= shift;
  const cosineShift = <i32>clz(high(cosine));
  const normal = shiftLeft(cosine, cosineShift);
  const odd = Reduced.quadrant & 1;
  const sign = A.sign ^ Reduced.negative ^ odd;
  if (odd) setRounded(sign, quotient(shiftRight(normal, 1), sine), -cosineShift - sineExp);
  else setRounded(sign, quotient(shiftRight(sine, 1), normal), sineExp + cosineShift);
}

/** Whether A is too large: C2 is set, and the instruction changes nothing else. */
function outOfRange(fp: i32): bool {
  if (A.cls == ZERO || A.cls >= INF || A.exp < 63) {
    conditions(C2, 0);
    return false;
  }
  conditions(C2, C2);
  completeRegister(fp);
  return true;
}

/** The result for NaNs and infinities. */
function setSpecial(): void {
  if (A.cls == INF) setInvalid();
  else propagate();
}

/** FSIN. Returns 0 also if a is out of range, with C2 set. */
export function f80_sin(dst: i32, a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  if (outOfRange(fp)) return 0;
  if (A.cls >= INF) setSpecial();
  else if (A.cls == ZERO) setZero(A.sign);
  else {
    const r = reduce();
    setSine(r, Reduced.quadrant, A.sign);
  }
  if (!completeRegister(fp)) return 0;
  storeResult(dst);
  return 1;
}

/** FCOS. */
export function f80_cos(dst: i32, a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  if (outOfRange(fp)) return 0;
  if (A.cls >= INF) setSpecial();
  else if (A.cls == ZERO) setResult(0, BIAS, INTEGER_BIT);
  else {
    const r = reduce();
    setSine(r, Reduced.quadrant + 1, 0);
  }
  if (!completeRegister(fp)) return 0;
  storeResult(dst);
  return 1;
}

/** FSINCOS: the sine goes to the slot `sine`, which becomes ST1, the cosine, which is pushed, to `cosine`. */
export function f80_sincos(sine: i32, cosine: i32, a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  if (outOfRange(fp)) return 0;
  let sig: u64 = 0;
  let se: u32 = 0;
  if (A.cls >= INF) {
    setSpecial();
    sig = R.sig;
    se = R.se;
  } else if (A.cls == ZERO) {
    se = (<u32>A.sign) << 15;
    setResult(0, BIAS, INTEGER_BIT);
  } else {
    const r = reduce();
    setSine(r, Reduced.quadrant, A.sign);
    sig = R.sig;
    se = R.se;
    setSine(r, Reduced.quadrant + 1, 0);
  }
  if (!completeRegister(fp)) return 0;
  storeResult(cosine);
  R.sig = sig;
  R.se = se;
  storeResult(sine);
  return 1;
}

/** FPTAN: the tangent; the instruction also pushes 1.0 (or the same NaN, if the result is one). */
export function f80_tan(dst: i32, a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  if (outOfRange(fp)) return 0;
  if (A.cls >= INF) setSpecial();
  else if (A.cls == ZERO) setZero(A.sign);
  else setTangent(reduce());
  if (!completeRegister(fp)) return 0;
  storeResult(dst);
  return 1;
}
