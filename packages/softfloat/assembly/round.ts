/** FPRoundInt and the rounding to integers that conversions share. */
import { inexactSet, processNaN } from './policy';
import {
  INEXACT,
  INF,
  QNAN,
  U,
  ZERO,
  fractionBits,
  infinity,
  normalizeRoundPack,
  raise,
  roundsUp,
  signBit,
  unpack,
} from './core';

/** The magnitude of U scaled by 2^scale and rounded, and whether that was inexact; the exponent is below 64. */
export class Rounded {
  static magnitude: u64 = 0;
  static inexact: bool = false;
}

export function roundMagnitude(exp: i32, rounding: i32): void {
  let whole: u64 = 0;
  let rest: u64 = 1;
  if (exp >= 0) {
    whole = U.sig >> (63 - exp);
    rest = exp == 63 ? 0 : U.sig << (exp + 1);
  } else if (exp == -1) {
    rest = U.sig;
  }
  Rounded.inexact = rest != 0;
  Rounded.magnitude = whole + <u64>roundsUp(rounding, U.sign, <bool>(whole & 1), rest);
}

export function rintUnpacked(format: i32, a: u64, rounding: i32, exact: i32): u64 {
  unpack(format, a);
  if (U.cls >= QNAN) return processNaN(format, U.cls, a);
  if (U.cls == INF) return infinity(format, U.sign);
  if (U.cls == ZERO) return signBit(format, U.sign);
  if (U.exp >= fractionBits(format)) return a;
  roundMagnitude(U.exp, rounding);
  if (exact && Rounded.inexact) raise(INEXACT);
  return Rounded.magnitude == 0 ? signBit(format, U.sign) : normalizeRoundPack(format, U.sign, 63, Rounded.magnitude);
}

export function nativeRound64(x: f64, rounding: i32): f64 {
  if (rounding == 0) return nearest<f64>(x);
  if (rounding == 1) return ceil<f64>(x);
  return rounding == 2 ? floor<f64>(x) : trunc<f64>(x);
}

export function nativeRound32(x: f32, rounding: i32): f32 {
  if (rounding == 0) return nearest<f32>(x);
  if (rounding == 1) return ceil<f32>(x);
  return rounding == 2 ? floor<f32>(x) : trunc<f32>(x);
}

/** Whether a rounded value is in range and needs no flag. */
export function silent64(x: f64, r: f64, low: f64, high: f64, fp: i32): bool {
  return r >= low && r < high && (r == x || inexactSet(fp));
}
