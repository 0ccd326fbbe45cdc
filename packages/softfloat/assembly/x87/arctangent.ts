/** FPATAN. */
import { A, B, INF, QNAN, ZERO } from '../core';
import { below, fixed, high, low, minus, plus, product, quotient, shiftRight, times } from './fixed';
import { propagateTwo, setZero, storeResult, swapOperands, unpackA, unpackB } from './operand';
import { P, normalizeRoundPack } from './round';
import { arctanSeries, belowOne } from './series';
import { begin, completeRegister } from './status';

/** pi with the unit 2^-126. */
function pi(): v128 {
  return fixed(0xc90fdaa22168c234, 0xc4c6628b80dc1cd1);
}

/** arctan(quarters / 4). */
function arctanOfQuarters(quarters: u64): v128 {
  if (quarters == 1) return fixed(0x1f5b75f92c80dd62, 0xadb8f3debef442fc);
  if (quarters == 2) return fixed(0x3b58ce0ac3769ed1, 0x5bf9117b2f0ea340);
  if (quarters == 3) return fixed(0x525e3e8c9a7b8492, 0x0cd43f9522bed64f);
  return shiftRight(pi(), 1);
}

function setRounded(sign: i32, value: v128, exp: i32): void {
  P.hi = high(value);
  P.lo = low(value) | 1;
  normalizeRoundPack(sign, exp);
}

/** An angle: its value is the returned number * 2^(-127 - shift). */
class Angle {
  static shift: i32 = 0;
}

/** arctan(fraction * 2^(-128 - shift)), an argument of at most 1; the shift is -1 or more. */
function arctan(fraction: v128, shift: i32): v128 {
  const z = shiftRight(fraction, shift + 1);
  const quarters = (high(z) + (1 << 60)) >> 61;
  if (quarters == 0) {
    Angle.shift = shift;
    return times(fraction, belowOne(arctanSeries(product(z, z))));
  }
  Angle.shift = 0;
  const c = fixed(quarters << 61, 0);
  const smaller = below(z, c);
  const distance = smaller ? minus(c, z) : minus(z, c);
  const sum = plus(fixed(1 << 62, 0), times(z, c));
  const r = shiftRight(quotient(shiftRight(distance, 1), sum), 1);
  const angle = product(r, arctanSeries(product(r, r)));
  const base = arctanOfQuarters(quarters);
  return smaller ? minus(base, angle) : plus(base, angle);
}

/** The angle of the point (A, B) with finite coordinates that are not zero. */
function setAngle(): void {
  const sign = B.sign;
  const left = A.sign != 0;
  const steep = B.exp > A.exp || (B.exp == A.exp && B.sig > A.sig);
  if (steep) swapOperands();
  const fraction = quotient(shiftRight(fixed(B.sig, 0), 1), fixed(A.sig, 0));
  let angle = arctan(fraction, A.exp - B.exp - 1);
  if (!steep && !left) return setRounded(sign, angle, -Angle.shift);
  // From here on, the unit is 2^-126.
  angle = shiftRight(angle, Angle.shift + 1);
  if (steep) {
    const right = shiftRight(pi(), 1);
    angle = left ? plus(right, angle) : minus(right, angle);
  } else {
    angle = minus(pi(), angle);
  }
  setRounded(sign, angle, 1);
}

/** The angle if a coordinate is zero or infinite, in quarters of pi. */
function quarterTurns(): i32 {
  if (A.cls == INF && B.cls == INF) return A.sign ? 3 : 1;
  if (B.cls == ZERO || A.cls == INF) return A.sign ? 4 : 0;
  return 2;
}

function patan(): void {
  if (A.cls >= QNAN || B.cls >= QNAN) return propagateTwo();
  if (A.cls != ZERO && B.cls != ZERO && A.cls != INF && B.cls != INF) return setAngle();
  const quarters = quarterTurns();
  if (quarters == 0) return setZero(B.sign);
  let angle = shiftRight(pi(), 2);
  if (quarters == 2) angle = shiftRight(pi(), 1);
  else if (quarters == 3) angle = plus(angle, shiftRight(pi(), 1));
  else if (quarters == 4) angle = pi();
  setRounded(B.sign, angle, 1);
}

/** FPATAN: the angle of the point (a, b), from -pi to pi: arctan(b / a) with the quadrant of both signs. */
export function f80_patan(dst: i32, a: i32, b: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  unpackB(b);
  patan();
  if (!completeRegister(fp)) return 0;
  storeResult(dst);
  return 1;
}
