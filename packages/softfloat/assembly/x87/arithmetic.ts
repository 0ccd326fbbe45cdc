/** FADD, FSUB, FMUL, FDIV and FSQRT. The operands and the destination are slots: see operand.ts. */
import { A, B, INF, QNAN, TOWARD_MINUS, ZERO, multiplyHigh } from '../core';
import {
  propagate,
  propagateTwo,
  setA,
  setInfinity,
  setInvalid,
  setZero,
  storeResult,
  swapOperands,
  unpackA,
  unpackB,
} from './operand';
import { P, normalizeRoundPack, roundPack, shiftRight } from './round';
import { X87, ZE, beginWithPrecision, completeRegister, raise } from './status';

function finish(dst: i32, fp: i32): i32 {
  if (!completeRegister(fp)) return 0;
  storeResult(dst);
  return 1;
}

/** Rounds A, which is finite and not zero, to the precision. */
function roundA(): void {
  P.hi = A.sig;
  P.lo = 0;
  roundPack(A.sign, A.exp);
}

/** The zero that is the sum of two numbers of opposite sign and equal magnitude. */
function cancelled(): void {
  setZero(i32(X87.rounding == TOWARD_MINUS));
}

/** A + B for finite operands that are not zero. */
function sum(): void {
  if (B.exp > A.exp || (B.exp == A.exp && B.sig > A.sig)) swapOperands();
  P.hi = B.sig;
  P.lo = 0;
  shiftRight(A.exp - B.exp);
  if (A.sign == B.sign) {
    P.hi += A.sig;
    if (P.hi >= A.sig) return roundPack(A.sign, A.exp);
    P.lo = (P.hi << 63) | (P.lo >> 1) | (P.lo & 1);
    P.hi = (P.hi >> 1) | (1 << 63);
    return roundPack(A.sign, A.exp + 1);
  }
  P.hi = A.sig - P.hi - u64(P.lo != 0);
  P.lo = 0 - P.lo;
  if ((P.hi | P.lo) == 0) cancelled();
  else normalizeRoundPack(A.sign, A.exp);
}

/** A + B. */
function add(): void {
  if (A.cls >= QNAN || B.cls >= QNAN) return propagateTwo();
  if (A.cls == INF) return B.cls == INF && A.sign != B.sign ? setInvalid() : setInfinity(A.sign);
  if (B.cls == INF) return setInfinity(B.sign);
  if (A.cls == ZERO && B.cls == ZERO) return A.sign == B.sign ? setZero(A.sign) : cancelled();
  if (A.cls == ZERO) {
    swapOperands();
    return roundA();
  }
  return B.cls == ZERO ? roundA() : sum();
}

/** dst = a + b. Returns 1 if the instruction completes, 0 if an unmasked exception leaves dst and stack unchanged. */
export function f80_add(dst: i32, a: i32, b: i32, fp: i32): i32 {
  beginWithPrecision(fp);
  unpackA(a);
  unpackB(b);
  add();
  return finish(dst, fp);
}

/** dst = a - b; FSUBR exchanges the operands. */
export function f80_sub(dst: i32, a: i32, b: i32, fp: i32): i32 {
  beginWithPrecision(fp);
  unpackA(a);
  unpackB(b);
  if (B.cls < QNAN) B.sign ^= 1;
  add();
  return finish(dst, fp);
}

function multiply(): void {
  if (A.cls >= QNAN || B.cls >= QNAN) return propagateTwo();
  const sign = A.sign ^ B.sign;
  if (A.cls == INF || B.cls == INF) return A.cls == ZERO || B.cls == ZERO ? setInvalid() : setInfinity(sign);
  if (A.cls == ZERO || B.cls == ZERO) return setZero(sign);
  P.hi = multiplyHigh(A.sig, B.sig);
  P.lo = A.sig * B.sig;
  normalizeRoundPack(sign, A.exp + B.exp + 1);
}

export function f80_mul(dst: i32, a: i32, b: i32, fp: i32): i32 {
  beginWithPrecision(fp);
  unpackA(a);
  unpackB(b);
  multiply();
  return finish(dst, fp);
}

/** One digit of 32 bits of the quotient of P.hi * 2^32 + digit by a divisor with bit 63 set; the remainder is in P.hi. */
function quotientDigit(digit: u64, divisor: u64): u64 {
  const top = divisor >> 32;
  let q = P.hi / top;
  if (q > 0xffffffff) q = 0xffffffff;
  // The estimate is at most 2 too large; the remainder fits into 65 bits, and modulo 2^64 is enough for its end value.
  let product = multiplyHigh(q, divisor);
  while (product > P.hi >> 32 || (product == P.hi >> 32 && q * divisor > ((P.hi << 32) | digit))) {
    q -= 1;
    product = multiplyHigh(q, divisor);
  }
  P.hi = ((P.hi << 32) | digit) - q * divisor;
  return q;
}

/** The quotient of P by a divisor with bit 63 set and above P.hi; the remainder is in P.hi. */
export function divideP(divisor: u64): u64 {
  const high = quotientDigit(P.lo >> 32, divisor);
  const low = quotientDigit(P.lo & 0xffffffff, divisor);
  return (high << 32) | low;
}

/** A / B for finite operands that are not zero. */
function quotient(): void {
  const below = A.sig < B.sig;
  P.hi = below ? A.sig : A.sig >> 1;
  P.lo = below ? 0 : A.sig << 63;
  const q = divideP(B.sig);
  const rest = P.hi;
  P.hi = q;
  // Twice the remainder, compared with the divisor: above, at or below one half.
  if (rest == 0) P.lo = 0;
  else if (rest > B.sig - rest) P.lo = (1 << 63) | 1;
  else P.lo = rest == B.sig - rest ? 1 << 63 : 1;
  roundPack(A.sign ^ B.sign, A.exp - B.exp - i32(below));
}

function divide(): void {
  if (A.cls >= QNAN || B.cls >= QNAN) return propagateTwo();
  const sign = A.sign ^ B.sign;
  if (A.cls == INF) return B.cls == INF ? setInvalid() : setInfinity(sign);
  if (B.cls == INF) return setZero(sign);
  if (B.cls == ZERO) {
    if (A.cls == ZERO) return setInvalid();
    raise(ZE);
    return setInfinity(sign);
  }
  return A.cls == ZERO ? setZero(sign) : quotient();
}

/** dst = a / b; FDIVR exchanges the operands. */
export function f80_div(dst: i32, a: i32, b: i32, fp: i32): i32 {
  beginWithPrecision(fp);
  unpackA(a);
  unpackB(b);
  divide();
  return finish(dst, fp);
}

/** The root of a number with bit 63 or 62 set, rounded down; the estimate is at most one off. */
function root64(n: u64): u64 {
  let s = <u64>sqrt<f64>(<f64>n);
  if (s > 0xffffffff) s = 0xffffffff;
  while (s * s > n) s -= 1;
  while (s < 0xffffffff && (s + 1) * (s + 1) <= n) s += 1;
  return s;
}

/**
 * The root of A, finite and positive (P. Zimmermann, "Karatsuba square root", 1999): the root of the upper half of the
 * radicand, then one division for the lower half of the root.
 */
function root(): void {
  const odd = A.exp & 1;
  const high = odd ? A.sig : A.sig >> 1;
  const low: u64 = odd ? 0 : A.sig << 63;
  const s1 = root64(high);
  const r1 = high - s1 * s1;
  const middle = low >> 32;
  const half = (r1 << 31) | (middle >> 1);
  let q = half / s1;
  let u = ((half % s1) << 1) | (middle & 1);
  if (q > 0xffffffff) {
    q -= 1;
    u += 2 * s1;
  }
  let s = (s1 << 32) + q;
  // The remainder u * 2^32 + (the lowest digit) - q * q, of up to 66 bits and a sign.
  const upper = (u << 32) | (low & 0xffffffff);
  let rest = upper - q * q;
  let restHigh = <i64>(u >> 32) - <i64>(upper < q * q);
  if (restHigh < 0) {
    s -= 1;
    const added = 2 * s + 1;
    restHigh += <i64>(s >> 63) + <i64>(rest + added < added);
    rest += added;
  }
  P.hi = s;
  P.lo = restHigh == 0 && rest == 0 ? 0 : restHigh > 0 || rest > s ? (1 << 63) | 1 : 1;
  roundPack(0, (A.exp - odd) >> 1);
}

function squareRoot(): void {
  if (A.cls >= QNAN) return propagate();
  if (A.cls == ZERO) return setA();
  if (A.sign) return setInvalid();
  return A.cls == INF ? setA() : root();
}

export function f80_sqrt(dst: i32, a: i32, fp: i32): i32 {
  beginWithPrecision(fp);
  unpackA(a);
  squareRoot();
  return finish(dst, fp);
}
