/** Rounding of x87 results to the precision control and the exponent range of the 80-bit format. */
import { NEAREST_EVEN, TOWARD_MINUS, TOWARD_PLUS, roundsUp } from '../core';
import { BIAS, INTEGER_BIT, MAX_BIASED, setInfinity, setResult, setZero } from './operand';
import { OE, PE, UE, X87, masked, raise, roundedUp } from './status';

/** What is added to or subtracted from the exponent of a result whose underflow or overflow is unmasked. */
const WRAP: i32 = 24576;

/** A 128-bit magnitude: hi * 2^64 + lo. */
export class P {
  static hi: u64 = 0;
  static lo: u64 = 0;
}

/** Shifts P right; bit 0 is the OR of itself and all lost bits. */
export function shiftRight(distance: i32): void {
  if (distance <= 0) return;
  const hi = P.hi;
  const lo = P.lo;
  if (distance < 64) {
    P.lo = (hi << (64 - distance)) | (lo >> distance) | u64(lo << (64 - distance) != 0);
    P.hi = hi >> distance;
  } else if (distance < 128) {
    const lost = distance == 64 ? lo : lo | (hi << (128 - distance));
    P.lo = (distance == 64 ? hi : hi >> (distance - 64)) | u64(lost != 0);
    P.hi = 0;
  } else {
    P.lo = u64((hi | lo) != 0);
    P.hi = 0;
  }
}

/** Shifts P left until bit 127 is set, and returns the distance; P is not zero. */
export function normalize(): i32 {
  if (P.hi == 0) {
    const shift = <i32>clz(P.lo);
    P.hi = P.lo << shift;
    P.lo = 0;
    return 64 + shift;
  }
  const shift = <i32>clz(P.hi);
  if (shift == 0) return 0;
  P.hi = (P.hi << shift) | (P.lo >> (64 - shift));
  P.lo <<= shift;
  return shift;
}

/** The significand rounded to the precision: `sig`, whether it carried out of bit 63 (then it is 0), and how. */
class Rounded {
  static sig: u64 = 0;
  static carry: bool = false;
  static inexact: bool = false;
  static up: bool = false;
}

/** Rounds P to the bits that the precision control leaves of P.hi. */
function roundSignificand(sign: i32): void {
  const drop = 64 - X87.precision;
  const unit = (<u64>1) << drop;
  const rest = drop == 0 ? P.lo : (P.hi << X87.precision) | u64(P.lo != 0);
  const kept = P.hi & ~(unit - 1);
  Rounded.inexact = rest != 0;
  Rounded.up = rest != 0 && roundsUp(X87.rounding, sign, (kept & unit) != 0, rest);
  Rounded.sig = Rounded.up ? kept + unit : kept;
  Rounded.carry = Rounded.up && Rounded.sig == 0;
}

function report(flags: u32): void {
  if (Rounded.inexact) raise(flags | PE);
  roundedUp(Rounded.up);
}

function overflow(sign: i32): void {
  raise(OE | PE);
  const rounding = X87.rounding;
  const toInfinity = rounding == NEAREST_EVEN || rounding == (sign ? TOWARD_MINUS : TOWARD_PLUS);
  roundedUp(toInfinity);
  if (toInfinity) setInfinity(sign);
  else setResult(sign, MAX_BIASED - 1, (<u64>-1) << (64 - X87.precision));
}

/** A result below the normal range, with underflow masked; `tiny` if it is still below it after rounding. */
function denormal(sign: i32, biased: i32, tiny: bool): void {
  shiftRight(1 - biased);
  roundSignificand(sign);
  report(tiny ? UE : 0);
  setResult(sign, i32(Rounded.sig >> 63), Rounded.sig);
}

/** Rounds the value P * 2^(exp - 127), where bit 127 of P is set. */
export function roundPack(sign: i32, exp: i32): void {
  let biased = exp + BIAS;
  const hi = P.hi;
  const lo = P.lo;
  roundSignificand(sign);
  if (biased < 1) {
    const tiny = biased < 0 || !Rounded.carry;
    if (!tiny || masked(UE)) {
      P.hi = hi;
      P.lo = lo;
      return denormal(sign, biased, tiny);
    }
    raise(UE);
    biased += WRAP;
    // Only FSCALE goes beyond the wrapped range.
    if (biased < 1) {
      raise(PE);
      return setZero(sign);
    }
  }
  if (Rounded.carry) {
    Rounded.sig = INTEGER_BIT;
    biased += 1;
  }
  if (biased >= MAX_BIASED) {
    if (masked(OE)) return overflow(sign);
    raise(OE);
    biased -= WRAP;
    if (biased >= MAX_BIASED) {
      raise(PE);
      roundedUp(true);
      return setInfinity(sign);
    }
  }
  report(0);
  setResult(sign, biased, Rounded.sig);
}

/** As roundPack, for a P that is not zero and may have leading zeros. */
export function normalizeRoundPack(sign: i32, exp: i32): void {
  const shift = normalize();
  roundPack(sign, exp - shift);
}
