/** FRNDINT, FSCALE, FXTRACT, FPREM and FPREM1. */
import { A, B, INF, QNAN, ZERO } from '../core';
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
import { integral, Integral } from './integral';
import { P, normalizeRoundPack, roundPack } from './round';
import { C0, C1, C2, C3, PE, ZE, begin, completeRegister, conditions, raise, roundedUp, stopped } from './status';

function roundToInteger(): void {
  if (A.cls >= QNAN) return propagate();
  if (A.cls == ZERO || A.cls == INF || A.exp >= 63) return setA();
  integral(false);
  if (Integral.inexact) raise(PE);
  roundedUp(Integral.up);
  if (Integral.magnitude == 0) return setZero(A.sign);
  const shift = <i32>clz(Integral.magnitude);
  setResult(A.sign, BIAS + 63 - shift, Integral.magnitude << shift);
}

/** FRNDINT: rounds to an integer as the rounding control selects. */
export function f80_rint(dst: i32, a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  roundToInteger();
  if (!completeRegister(fp)) return 0;
  storeResult(dst);
  return 1;
}

/** The truncated value of B, far beyond any exponent if it is large. */
function truncatedB(): i32 {
  if (B.cls == ZERO || B.exp < 0) return 0;
  const magnitude = B.exp > 16 ? 0x20000 : <i32>(B.sig >> (63 - B.exp));
  return B.sign ? -magnitude : magnitude;
}

function scale(): void {
  if (A.cls >= QNAN || B.cls >= QNAN) return propagateTwo();
  if (B.cls == INF) {
    if (A.cls == (B.sign ? INF : ZERO)) return setInvalid();
    return B.sign ? setZero(A.sign) : setInfinity(A.sign);
  }
  if (A.cls != ZERO && A.cls != INF) {
    P.hi = A.sig;
    P.lo = 0;
    return roundPack(A.sign, A.exp + truncatedB());
  }
  setA();
}

/** FSCALE: a times two to the power of b, which is truncated to an integer. */
export function f80_scale(dst: i32, a: i32, b: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  unpackB(b);
  scale();
  if (!completeRegister(fp)) return 0;
  storeResult(dst);
  return 1;
}

/** The exponent of A, finite and not zero, as a number. */
function setExponent(): void {
  if (A.exp == 0) return setZero(0);
  const magnitude = <u64>(A.exp < 0 ? -A.exp : A.exp);
  const shift = <i32>clz(magnitude);
  setResult(i32(A.exp < 0), BIAS + 63 - shift, magnitude << shift);
}

/** FXTRACT: the exponent of a goes to the slot `exponent`, its significand to the slot `significand`. */
export function f80_extract(significand: i32, exponent: i32, a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  if (A.cls >= QNAN) {
    propagate();
  } else if (A.cls == ZERO) {
    raise(ZE);
    setInfinity(1);
  } else if (A.cls == INF) {
    setInfinity(0);
  } else {
    setExponent();
  }
  if (!completeRegister(fp)) return 0;
  storeResult(exponent);
  if (A.cls == ZERO || A.cls == INF) setA();
  else if (A.cls < QNAN) setResult(A.sign, BIAS, A.sig);
  storeResult(significand);
  return 1;
}

/** The quotient of a remainder, modulo 8. */
class Quotient {
  static low: u64 = 0;
}

/** Reduces A.sig by `steps` + 1 digits of the quotient by B.sig: the remainder replaces it, with the same exponent as B. */
function reduce(steps: i32): void {
  let rest = A.sig;
  let q: u64 = 0;
  for (let i = 0; i <= steps; i++) {
    const carry = i > 0 && rest >> 63 != 0;
    if (i > 0) rest <<= 1;
    q <<= 1;
    if (carry || rest >= B.sig) {
      rest -= B.sig;
      q |= 1;
    }
  }
  A.sig = rest;
  Quotient.low = q;
}

/** Rounds the quotient to nearest even: the remainder becomes negative if it is more than half of B. */
function reduceToNearest(): void {
  const above = A.sig > B.sig - A.sig;
  if (above || (A.sig == B.sig - A.sig && Quotient.low & 1)) {
    A.sig = B.sig - A.sig;
    A.sign ^= 1;
    Quotient.low += 1;
  }
}

function setQuotientBits(): void {
  const q = Quotient.low;
  let codes: u32 = q & 4 ? C0 : 0;
  if (q & 2) codes |= C3;
  if (q & 1) codes |= C1;
  conditions(C0 | C1 | C2 | C3, codes);
}

/** The remainder A.sig, with the exponent of B or more. */
function setRemainder(exp: i32): void {
  if (A.sig == 0) return setZero(A.sign);
  P.hi = A.sig;
  P.lo = 0;
  normalizeRoundPack(A.sign, exp);
}

function remainder(nearest: i32): void {
  Quotient.low = 0;
  conditions(C0 | C1 | C2 | C3, 0);
  if (A.cls >= QNAN || B.cls >= QNAN) return propagateTwo();
  if (A.cls == INF || B.cls == ZERO) return setInvalid();
  if (A.cls == ZERO) return setA();
  if (B.cls == INF) return setRemainder(A.exp);
  const distance = A.exp - B.exp;
  if (distance >= 64) {
    // A partial reduction, by a number of bits between 32 and 63 that leaves a multiple of 32.
    const bits = 32 + (distance & 31);
    const exp = B.exp + distance - bits;
    reduce(bits);
    const sign = A.sign;
    setRemainder(exp);
    if (A.sig == 0) setZero(sign);
    return conditions(C2, C2);
  }
  const sign = A.sign;
  let exp = B.exp;
  if (distance >= 0) {
    reduce(distance);
    if (nearest) reduceToNearest();
  } else if (nearest && distance == -1 && A.sig > B.sig) {
    // Between a half and the whole of B: the quotient is 1.
    A.sig = B.sig - (A.sig - B.sig);
    A.sign ^= 1;
    exp = A.exp;
    Quotient.low = 1;
  } else {
    exp = A.exp;
  }
  setQuotientBits();
  if (A.sig == 0) setZero(sign);
  else setRemainder(exp);
}

/**
 * FPREM, with `nearest` 1 FPREM1: the remainder of a / b, with the lowest bits of the quotient in C0, C3 and C1, or C2
 * set if the reduction is incomplete.
 */
export function f80_rem(dst: i32, a: i32, b: i32, nearest: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  unpackB(b);
  remainder(nearest);
  if (stopped()) conditions(C0 | C1 | C2 | C3, 0);
  if (!completeRegister(fp)) return 0;
  storeResult(dst);
  return 1;
}
