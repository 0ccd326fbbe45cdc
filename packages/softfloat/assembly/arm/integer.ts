/** FPRoundInt, FPToFixed, FPToFixedJS. */
import { Env, F16, F32, F64, FINITE, INEXACT, INF, INVALID, QNAN, TIES_AWAY, U, ZERO, raise, unpack } from '../core';
import { unflushed32, unflushed64 } from '../fast';
import { Rounded, nativeRound32, nativeRound64, rintUnpacked, roundMagnitude, silent64 } from '../round';
import { begin, end, inexactSet } from './policy';

function rint(format: i32, a: u64, rounding: i32, exact: i32, fp: i32): u64 {
  begin(format, fp);
  const result = rintUnpacked(format, a, rounding, exact);
  end(fp);
  return result;
}

/** Rounds to an integer in the same format; raises IXC only if `exact` is not zero (FRINTX). */
export function f64_rint(a: i64, rounding: i32, exact: i32, fp: i32): i64 {
  if (rounding < TIES_AWAY && unflushed64(a, fp)) {
    const x = reinterpret<f64>(a);
    const r = nativeRound64(x, rounding);
    if (r == x || (r == r && (!exact || inexactSet(fp)))) return reinterpret<i64>(r);
  }
  return rint(F64, a, rounding, exact, fp);
}

export function f32_rint(a: i32, rounding: i32, exact: i32, fp: i32): i32 {
  if (rounding < TIES_AWAY && unflushed32(a, fp)) {
    const x = reinterpret<f32>(a);
    const r = nativeRound32(x, rounding);
    if (r == x || (r == r && (!exact || inexactSet(fp)))) return reinterpret<i32>(r);
  }
  return <i32>rint(F32, <u32>a, rounding, exact, fp);
}

export function f16_rint(a: i32, rounding: i32, exact: i32, fp: i32): i32 {
  return <i32>rint(F16, <u32>(a & 0xffff), rounding, exact, fp);
}

/** The largest magnitude of an integer of `width` bits; `negative` matters for signed ones only. */
function limit(width: i32, signed: i32, negative: i32): u64 {
  if (signed) return ((<u64>1) << (width - 1)) - 1 + <u64>negative;
  return negative ? 0 : (<u64>-1) >> (64 - width);
}

function toFixedUnpacked(format: i32, a: u64, fbits: i32, rounding: i32, width: i32, signed: i32): u64 {
  unpack(format, a);
  if (U.cls == ZERO) return 0;
  if (U.cls >= QNAN) {
    raise(INVALID);
    return 0;
  }
  const most = limit(width, signed, U.sign);
  let magnitude = most;
  if (U.cls == INF || U.exp + fbits > 63) {
    raise(INVALID);
  } else {
    roundMagnitude(U.exp + fbits, rounding);
    if (Rounded.magnitude > most) {
      raise(INVALID);
    } else {
      if (Rounded.inexact) raise(INEXACT);
      magnitude = Rounded.magnitude;
    }
  }
  return U.sign ? 0 - magnitude : magnitude;
}

/** Converts to an integer with `fbits` fraction bits, saturating. */
function toFixed(format: i32, a: u64, fbits: i32, rounding: i32, width: i32, signed: i32, fp: i32): u64 {
  begin(format, fp);
  const result = toFixedUnpacked(format, a, fbits, rounding, width, signed);
  end(fp);
  return result;
}

export function f64_to_s64(a: i64, fbits: i32, rounding: i32, fp: i32): i64 {
  if (fbits == 0 && rounding < TIES_AWAY && unflushed64(a, fp)) {
    const x = reinterpret<f64>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, -9223372036854775808.0, 9223372036854775808.0, fp)) return <i64>r;
  }
  return toFixed(F64, a, fbits, rounding, 64, 1, fp);
}

export function f64_to_u64(a: i64, fbits: i32, rounding: i32, fp: i32): i64 {
  if (fbits == 0 && rounding < TIES_AWAY && unflushed64(a, fp)) {
    const x = reinterpret<f64>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, 0.0, 18446744073709551616.0, fp)) return <i64>(<u64>r);
  }
  return toFixed(F64, a, fbits, rounding, 64, 0, fp);
}

export function f64_to_s32(a: i64, fbits: i32, rounding: i32, fp: i32): i32 {
  if (fbits == 0 && rounding < TIES_AWAY && unflushed64(a, fp)) {
    const x = reinterpret<f64>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, -2147483648.0, 2147483648.0, fp)) return <i32>r;
  }
  return <i32>toFixed(F64, a, fbits, rounding, 32, 1, fp);
}

export function f64_to_u32(a: i64, fbits: i32, rounding: i32, fp: i32): i32 {
  if (fbits == 0 && rounding < TIES_AWAY && unflushed64(a, fp)) {
    const x = reinterpret<f64>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, 0.0, 4294967296.0, fp)) return <i32>(<u32>r);
  }
  return <i32>toFixed(F64, a, fbits, rounding, 32, 0, fp);
}

/** Every f32 is an f64, but a denormal f32 must be flushed as an f32. */
export function f32_to_s64(a: i32, fbits: i32, rounding: i32, fp: i32): i64 {
  if (fbits == 0 && rounding < TIES_AWAY && unflushed32(a, fp)) {
    const x = <f64>reinterpret<f32>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, -9223372036854775808.0, 9223372036854775808.0, fp)) return <i64>r;
  }
  return toFixed(F32, <u32>a, fbits, rounding, 64, 1, fp);
}

export function f32_to_u64(a: i32, fbits: i32, rounding: i32, fp: i32): i64 {
  if (fbits == 0 && rounding < TIES_AWAY && unflushed32(a, fp)) {
    const x = <f64>reinterpret<f32>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, 0.0, 18446744073709551616.0, fp)) return <i64>(<u64>r);
  }
  return toFixed(F32, <u32>a, fbits, rounding, 64, 0, fp);
}

export function f32_to_s32(a: i32, fbits: i32, rounding: i32, fp: i32): i32 {
  if (fbits == 0 && rounding < TIES_AWAY && unflushed32(a, fp)) {
    const x = <f64>reinterpret<f32>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, -2147483648.0, 2147483648.0, fp)) return <i32>r;
  }
  return <i32>toFixed(F32, <u32>a, fbits, rounding, 32, 1, fp);
}

export function f32_to_u32(a: i32, fbits: i32, rounding: i32, fp: i32): i32 {
  if (fbits == 0 && rounding < TIES_AWAY && unflushed32(a, fp)) {
    const x = <f64>reinterpret<f32>(a);
    const r = nativeRound64(x, rounding);
    if (silent64(x, r, 0.0, 4294967296.0, fp)) return <i32>(<u32>r);
  }
  return <i32>toFixed(F32, <u32>a, fbits, rounding, 32, 0, fp);
}

export function f16_to_s64(a: i32, fbits: i32, rounding: i32, fp: i32): i64 {
  return toFixed(F16, <u32>(a & 0xffff), fbits, rounding, 64, 1, fp);
}

export function f16_to_u64(a: i32, fbits: i32, rounding: i32, fp: i32): i64 {
  return toFixed(F16, <u32>(a & 0xffff), fbits, rounding, 64, 0, fp);
}

export function f16_to_s32(a: i32, fbits: i32, rounding: i32, fp: i32): i32 {
  return <i32>toFixed(F16, <u32>(a & 0xffff), fbits, rounding, 32, 1, fp);
}

export function f16_to_u32(a: i32, fbits: i32, rounding: i32, fp: i32): i32 {
  return <i32>toFixed(F16, <u32>(a & 0xffff), fbits, rounding, 32, 0, fp);
}

/** Converts to 16 bits, sign-extended. */
export function f16_to_s16(a: i32, fbits: i32, rounding: i32, fp: i32): i32 {
  return <i32>toFixed(F16, <u32>(a & 0xffff), fbits, rounding, 16, 1, fp);
}

export function f16_to_u16(a: i32, fbits: i32, rounding: i32, fp: i32): i32 {
  return <i32>toFixed(F16, <u32>(a & 0xffff), fbits, rounding, 16, 0, fp);
}

/** Bit 32 of jcvt's result, set if the conversion was exact: PSTATE.Z. */
const EXACT: u64 = 1 << 32;

function jcvtUnpacked(a: u64): u64 {
  unpack(F64, a);
  if (U.cls == ZERO) return Env.flags == 0 && !U.sign ? EXACT : 0;
  if (U.cls != FINITE) {
    raise(INVALID);
    return 0;
  }
  const shift = 63 - U.exp;
  const magnitude: u64 = shift >= 64 ? 0 : shift >= 0 ? U.sig >> shift : shift > -64 ? U.sig << -shift : 0;
  const result = (U.sign ? 0 - magnitude : magnitude) & 0xffffffff;
  if (U.exp >= 32 || magnitude > 0x7fffffff + <u64>U.sign) {
    raise(INVALID);
    return result;
  }
  if (shift >= 64 || U.sig << (64 - shift) != 0) {
    raise(INEXACT);
    return result;
  }
  return result | EXACT;
}

/** FJCVTZS: the 32-bit result in the lower half, PSTATE.Z in bit 32. */
export function f64_jcvt(a: i64, fp: i32): i64 {
  begin(F64, fp);
  const result = jcvtUnpacked(a);
  end(fp);
  return result;
}
