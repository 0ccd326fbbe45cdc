/** F2XM1, FYL2X and FYL2XP1. */
import { A, B, INF, QNAN, ZERO } from '../core';
import { fixed, high, low, minus, one, plus, product, quotient, shiftLeft, shiftRight, times } from './fixed';
import {
  BIAS,
  INTEGER_BIT,
  R,
  propagate,
  propagateTwo,
  setA,
  setInfinity,
  setInvalid,
  setResult,
  setZero,
  storeResult,
  unpackA,
  unpackB,
} from './operand';
import { P, normalizeRoundPack } from './round';
import { artanhSeries, expSeries } from './series';
import { PE, UE, ZE, begin, completeRegister, raise } from './status';

/** log2(e). */
function log2e(): v128 {
  return fixed(0xb8aa3b295c17f0bb, 0xbe87fed0691d3e88);
}

/** ln(2). */
function ln2(): v128 {
  return fixed(0x58b90bfbe8e7bcd5, 0xe4f1d9cc01f97b57);
}

function finish(dst: i32, fp: i32): i32 {
  if (!completeRegister(fp)) return 0;
  storeResult(dst);
  return 1;
}

/** 2^A - 1 for a finite A that is not zero, |A| <= 1. */
function powerMinusOne(): void {
  if (A.exp == 0) return setResult(A.sign, A.sign ? BIAS - 1 : BIAS, INTEGER_BIT);
  const scaled = shiftLeft(times(fixed(A.sig, 0), ln2()), 1);
  const series = expSeries(shiftRight(scaled, -A.exp), A.sign != 0);
  const result = times(scaled, series);
  P.hi = high(result);
  P.lo = low(result) | 1;
  normalizeRoundPack(A.sign, A.exp + 1);
}

/** F2XM1: 2^a - 1 for |a| <= 1. A number outside this range, for which the result is not defined, is returned as it is. */
export function f80_2xm1(dst: i32, a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  if (A.cls >= QNAN) propagate();
  else if (A.cls == INF && A.sign) setResult(1, BIAS, INTEGER_BIT);
  else if (A.cls == ZERO || A.cls == INF || A.exp > 0 || (A.exp == 0 && A.sig != INTEGER_BIT)) setA();
  else powerMinusOne();
  return finish(dst, fp);
}

/** log2(1 + u) = 2 * artanh(s) * log2(e), where s = fraction * 2^(-128 - shift); the result is to be halved as often. */
function log2OfRatio(fraction: v128, shift: i32): v128 {
  const s = shiftRight(fraction, shift + 1);
  return times(times(fraction, artanhSeries(product(s, s))), log2e());
}

/** B times the logarithm `value` * 2^(exp - 127). An exact result raises the same exceptions as others. */
function timesB(sign: i32, value: v128, exp: i32, exact: bool): void {
  P.hi = high(value);
  P.lo = low(value);
  if (P.hi >> 63 == 0) {
    const shift = P.hi == 0 ? 64 + <i32>clz(P.lo) : <i32>clz(P.hi);
    value = shiftLeft(value, shift);
    exp -= shift;
  }
  const result = times(value, fixed(B.sig, 0));
  P.hi = high(result);
  P.lo = low(result) | u64(!exact);
  normalizeRoundPack(sign ^ B.sign, exp + B.exp + 1);
  if (exact) raise((R.se & 0x7fff) == 0 ? PE | UE : PE);
}

/** B * log2(A) for a positive A that is not 1, and a B that is not zero. */
function logarithm(): void {
  // A is 2^k * m with m from sqrt(1/2) to sqrt(2); s is (m - 1) / (m + 1).
  const halved = A.sig > 0xb504f333f9de6484;
  const k = A.exp + i32(halved);
  const distance = halved ? 0 - A.sig : A.sig - INTEGER_BIT;
  const ksign = i32(k < 0);
  const whole = fixed((<u64>(ksign ? -k : k)) << 47, 0);
  if (distance == 0) return timesB(ksign, whole, 16, true);
  const shift = <i32>clz(distance);
  const numerator = shiftRight(fixed(distance << shift, 0), 1);
  // m + 1 has 65 bits, of which this is without the first.
  const sum = halved ? A.sig : A.sig + INTEGER_BIT;
  const fraction = quotient(numerator, plus(one(), shiftRight(fixed(sum, 0), 1)));
  const log = log2OfRatio(fraction, shift);
  if (k == 0) return timesB(i32(halved), log, 2 - shift, false);
  const part = shiftRight(log, 14 + shift);
  timesB(ksign, ksign == i32(halved) ? plus(whole, part) : minus(whole, part), 16, false);
}

/** Whether A is 1. */
function isOne(): bool {
  return A.exp == 0 && A.sig == INTEGER_BIT && !A.sign;
}

function yLog2x(): void {
  if (A.cls >= QNAN || B.cls >= QNAN) return propagateTwo();
  if (A.cls == ZERO) {
    if (B.cls == ZERO) return setInvalid();
    if (B.cls != INF) raise(ZE);
    return setInfinity(B.sign ^ 1);
  }
  if (A.sign) return setInvalid();
  if (A.cls == INF) return B.cls == ZERO ? setInvalid() : setInfinity(B.sign);
  if (isOne()) return B.cls == INF ? setInvalid() : setZero(B.sign);
  if (B.cls == INF) return setInfinity(B.sign ^ i32(A.exp < 0));
  if (B.cls == ZERO) return setZero(B.sign ^ i32(A.exp < 0));
  logarithm();
}

/** FYL2X: b * log2(a). */
export function f80_yl2x(dst: i32, a: i32, b: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  unpackB(b);
  yLog2x();
  return finish(dst, fp);
}

/** B * log2(1 + A) for a small A that is not zero: s is A / (2 + A). */
function logarithmOfSum(): void {
  const x = fixed(A.sig, 0);
  const part = shiftRight(x, 1 - A.exp);
  const two = fixed(INTEGER_BIT, 0);
  const fraction = quotient(shiftRight(x, 2), A.sign ? minus(two, part) : plus(two, part));
  const shift = -1 - A.exp;
  timesB(A.sign, log2OfRatio(fraction, shift), 2 - shift, false);
}

/** A becomes 1 + A, for an A of at least 1/4 in magnitude; bits below 2^-63 are lost. */
function addOne(): void {
  if (A.exp > 63) return;
  const unit = A.exp > 0 ? A.sig : A.sig >> -A.exp;
  const added: u64 = A.exp > 0 ? INTEGER_BIT >> A.exp : INTEGER_BIT;
  let exp = A.exp > 0 ? A.exp : 0;
  let sum = A.sign ? added - unit : added + unit;
  if (!A.sign && sum < unit) {
    sum = (sum >> 1) | INTEGER_BIT;
    exp += 1;
  }
  const shift = <i32>clz(sum);
  A.sig = sum << shift;
  A.exp = exp - shift;
  A.sign = 0;
}

function yLog2xPlus1(): void {
  if (A.cls >= QNAN || B.cls >= QNAN) return propagateTwo();
  if (A.cls == INF) return A.sign || B.cls == ZERO ? setInvalid() : setInfinity(B.sign);
  if (A.cls == ZERO) return B.cls == INF ? setInvalid() : setZero(A.sign ^ B.sign);
  if (A.sign && A.exp >= 0) return setInvalid();
  if (B.cls == INF) return setInfinity(A.sign ^ B.sign);
  if (B.cls == ZERO) return setZero(A.sign ^ B.sign);
  if (A.exp < -1) return logarithmOfSum();
  addOne();
  logarithm();
}

/** FYL2XP1: b * log2(a + 1). It is exact to the last place from sqrt(1/2) - 1 to sqrt(2) - 1, the range it is defined for. */
export function f80_yl2xp1(dst: i32, a: i32, b: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  unpackB(b);
  yLog2xPlus1();
  return finish(dst, fp);
}
