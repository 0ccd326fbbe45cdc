/** Conversions to and from integers, and rounding to integers (CVTSD2SI, CVTTSD2SI, CVTSI2SD, ROUNDSD and so on). */
import { beginWithoutDenormal, denormalsAreZeros, end, inexactSet, modeOf, rmode } from './policy';
import { F32, F64, INEXACT, INF, INVALID, TOWARD_ZERO, U, ZERO, raise, unpack } from '../core';
import { f32_from_s64 as f32FromFixed, f64_from_s64 as f64FromFixed } from '../integer';
import { Rounded, nativeRound32, nativeRound64, rintUnpacked, roundMagnitude, silent64 } from '../round';

/** The integer indefinite, which stands for NaNs and numbers out of range: only the sign bit is set. */
function indefinite(width: i32): i64 {
  raise(INVALID);
  return (<i64>-1) << (width - 1);
}

function toIntegerUnpacked(format: i32, a: u64, rounding: i32, width: i32): i64 {
  unpack(format, a);
  if (U.cls == ZERO) return 0;
  if (U.cls >= INF || U.exp > 63) return indefinite(width);
  roundMagnitude(U.exp, rounding);
  if (Rounded.magnitude > ((<u64>1) << (width - 1)) - 1 + <u64>U.sign) return indefinite(width);
  if (Rounded.inexact) raise(INEXACT);
  return U.sign ? 0 - Rounded.magnitude : Rounded.magnitude;
}

function toInteger(format: i32, a: u64, rounding: i32, width: i32, fp: i32): i64 {
  beginWithoutDenormal(format, fp);
  const result = toIntegerUnpacked(format, a, rounding, width);
  end(fp);
  return result;
}

/** Rounds as MXCSR selects, or toward zero if `truncate` is not zero. */
function roundingFor(truncate: i32, fp: i32): i32 {
  return truncate ? TOWARD_ZERO : rmode(fp);
}

/** An operand that DAZ would flush is none for which the native conversion is used. */
function native(fp: i32): bool {
  return !denormalsAreZeros(fp);
}

export function f64_to_s64(a: i64, truncate: i32, fp: i32): i64 {
  const rounding = roundingFor(truncate, fp);
  if (native(fp)) {
    const x = reinterpret<f64>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, -9223372036854775808.0, 9223372036854775808.0, fp)) return <i64>r;
  }
  return toInteger(F64, a, rounding, 64, fp);
}

export function f64_to_s32(a: i64, truncate: i32, fp: i32): i32 {
  const rounding = roundingFor(truncate, fp);
  if (native(fp)) {
    const x = reinterpret<f64>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, -2147483648.0, 2147483648.0, fp)) return <i32>r;
  }
  return <i32>toInteger(F64, a, rounding, 32, fp);
}

export function f32_to_s64(a: i32, truncate: i32, fp: i32): i64 {
  const rounding = roundingFor(truncate, fp);
  if (native(fp)) {
    const x = <f64>reinterpret<f32>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, -9223372036854775808.0, 9223372036854775808.0, fp)) return <i64>r;
  }
  return toInteger(F32, <u32>a, rounding, 64, fp);
}

export function f32_to_s32(a: i32, truncate: i32, fp: i32): i32 {
  const rounding = roundingFor(truncate, fp);
  if (native(fp)) {
    const x = <f64>reinterpret<f32>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, -2147483648.0, 2147483648.0, fp)) return <i32>r;
  }
  return <i32>toInteger(F32, <u32>a, rounding, 32, fp);
}

/** The caller extends narrower integers. */
export function f64_from_s64(x: i64, fp: i32): i64 {
  return f64FromFixed(x, 0, fp);
}

export function f32_from_s64(x: i64, fp: i32): i32 {
  return f32FromFixed(x, 0, fp);
}

/** Bit of ROUNDSD's immediate: PE is not raised. */
const SUPPRESS_PE: i32 = 8;

function round(format: i32, a: u64, control: i32, fp: i32): u64 {
  beginWithoutDenormal(format, fp);
  const result = rintUnpacked(format, a, modeOf(control, fp), i32((control & SUPPRESS_PE) == 0));
  end(fp);
  return result;
}

/** Rounds to an integer in the same format; `control` is ROUNDSD's immediate (bits 3:0). */
export function f64_round(a: i64, control: i32, fp: i32): i64 {
  if (native(fp)) {
    const x = reinterpret<f64>(a);
    const r = nativeRound64(x, modeOf(control, fp));
    if (r == x || (r == r && (control & SUPPRESS_PE || inexactSet(fp)))) return reinterpret<i64>(r);
  }
  return round(F64, a, control, fp);
}

export function f32_round(a: i32, control: i32, fp: i32): i32 {
  if (native(fp)) {
    const x = reinterpret<f32>(a);
    const r = nativeRound32(x, modeOf(control, fp));
    if (r == x || (r == r && (control & SUPPRESS_PE || inexactSet(fp)))) return reinterpret<i32>(r);
  }
  return <i32>round(F32, <u32>a, control, fp);
}
