/** Conversions between the 80-bit format and single and double precision, integers and packed decimals. */
import {
  A,
  Env,
  F32,
  F64,
  FINITE,
  INF,
  INEXACT,
  OVERFLOW,
  QNAN,
  SNAN,
  TOWARD_ZERO,
  U,
  UNDERFLOW,
  ZERO,
  fractionBits,
  infinity,
  quietBit,
  roundPack,
  signBit,
  unpack,
} from '../core';
import { Integral, integral } from './integral';
import { BIAS, MAX_BIASED, R, UNSUPPORTED, setInfinity, setResult, setZero, storeResult, unpackA } from './operand';
import { DE, IE, OE, PE, UE, X87, begin, complete, completeMemory, masked, raise, roundedUp } from './status';

/** Unpacks a number of a narrower format into U and, unchanged, into the result; returns whether it is denormal. */
function widen(format: i32, bits: u64): bool {
  Env.flushInputs = false;
  Env.denormalFlag = 1;
  Env.flags = 0;
  unpack(format, bits);
  const fraction = bits << (64 - fractionBits(format));
  if (U.cls == ZERO) setZero(U.sign);
  else if (U.cls == FINITE) setResult(U.sign, U.exp + BIAS, U.sig);
  else setResult(U.sign, MAX_BIASED, (1 << 63) | (fraction >> 1));
  return Env.flags != 0;
}

/** FLD: signalling NaNs become quiet and raise IE; denormals raise DE, which does not prevent the push. */
function loadNarrow(dst: i32, format: i32, bits: u64, fp: i32): i32 {
  begin(fp);
  if (widen(format, bits)) raise(DE);
  if (U.cls == SNAN) {
    raise(IE);
    R.sig |= 1 << 62;
  }
  if (!complete(IE, fp)) return 0;
  storeResult(dst);
  return 1;
}

export function f80_from_f32(dst: i32, bits: i32, fp: i32): i32 {
  return loadNarrow(dst, F32, <u32>bits, fp);
}

export function f80_from_f64(dst: i32, bits: i64, fp: i32): i32 {
  return loadNarrow(dst, F64, bits, fp);
}

/** A memory operand of an arithmetic instruction as a slot; the instruction raises its exceptions. Returns 1. */
export function f80_widen_f32(dst: i32, bits: i32): i32 {
  const denormal = widen(F32, <u32>bits);
  R.se |= (<u32>denormal) << 16;
  storeResult(dst);
  return 1;
}

export function f80_widen_f64(dst: i32, bits: i64): i32 {
  const denormal = widen(F64, bits);
  R.se |= (<u32>denormal) << 16;
  storeResult(dst);
  return 1;
}

/** FILD: the caller extends narrower integers. Returns 1. */
export function f80_from_s64(dst: i32, x: i64): i32 {
  const sign = i32(x < 0);
  const magnitude = <u64>(sign ? 0 - x : x);
  const shift = <i32>clz(magnitude);
  if (magnitude == 0) setZero(0);
  else setResult(sign, BIAS + 63 - shift, magnitude << shift);
  storeResult(dst);
  return 1;
}

/** A as a number of a narrower format. */
function narrow(format: i32): u64 {
  if (A.cls == UNSUPPORTED) {
    raise(IE);
    return infinity(format, 1) | quietBit(format);
  }
  if (A.cls >= QNAN) {
    if (A.cls == SNAN) raise(IE);
    return infinity(format, A.sign) | quietBit(format) | ((A.sig << 1) >> (64 - fractionBits(format)));
  }
  if (A.cls == INF) return infinity(format, A.sign);
  if (A.cls == ZERO) return signBit(format, A.sign);
  Env.flushResults = false;
  Env.trapOverflow = !masked(OE);
  Env.trapUnderflow = !masked(UE);
  Env.rounding = TOWARD_ZERO;
  const down = roundPack(format, A.sign, A.exp, A.sig);
  Env.rounding = X87.rounding;
  Env.flags = 0;
  const result = roundPack(format, A.sign, A.exp, A.sig);
  if (Env.flags & OVERFLOW) raise(OE);
  if (Env.flags & UNDERFLOW) raise(UE);
  if (Env.flags & INEXACT) raise(PE);
  roundedUp(result != down);
  return result;
}

function storeNarrow(dst: i32, format: i32, a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  X87.flags = 0;
  const result = narrow(format);
  if (!completeMemory(fp)) return 0;
  store<u64>(dst, result);
  return 1;
}

/** FST: the bits of the result, extended with zeros, are stored as a u64 at dst. */
export function f80_to_f32(dst: i32, a: i32, fp: i32): i32 {
  return storeNarrow(dst, F32, a, fp);
}

export function f80_to_f64(dst: i32, a: i32, fp: i32): i32 {
  return storeNarrow(dst, F64, a, fp);
}

/** The integral value of A; false, with IE, if its magnitude is above `most`. */
function integer(truncate: i32, most: u64): bool {
  if (A.cls < INF && (A.cls == ZERO || A.exp < 64)) {
    integral(truncate != 0);
    // A carry out of bit 63 leaves zero.
    if (Integral.magnitude <= most && !(Integral.up && Integral.magnitude == 0)) {
      if (Integral.inexact) raise(PE);
      roundedUp(Integral.up);
      return true;
    }
  }
  raise(IE);
  return false;
}

function storeInteger(dst: i32, a: i32, width: i32, truncate: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  X87.flags = 0;
  let result: i64 = (<i64>-1) << (width - 1);
  if (integer(truncate, ((<u64>1) << (width - 1)) - 1 + <u64>A.sign))
    result = A.sign ? 0 - Integral.magnitude : Integral.magnitude;
  if (!completeMemory(fp)) return 0;
  store<i64>(dst, result);
  return 1;
}

/** FIST, with `truncate` 1 FISTTP: the result is stored as an i64 at dst. NaNs and numbers out of range are 80…0. */
export function f80_to_s16(dst: i32, a: i32, truncate: i32, fp: i32): i32 {
  return storeInteger(dst, a, 16, truncate, fp);
}

export function f80_to_s32(dst: i32, a: i32, truncate: i32, fp: i32): i32 {
  return storeInteger(dst, a, 32, truncate, fp);
}

export function f80_to_s64(dst: i32, a: i32, truncate: i32, fp: i32): i32 {
  return storeInteger(dst, a, 64, truncate, fp);
}

/** FBLD: digits 0 to 15 in `low`, digits 16 and 17 and the sign (bit 15) in `high`. Returns 1. */
export function f80_from_bcd(dst: i32, low: i64, high: i32): i32 {
  let value: u64 = <u64>((high >> 4) & 15) * 10 + <u64>(high & 15);
  for (let at = 60; at >= 0; at -= 4) value = value * 10 + ((low >> at) & 15);
  f80_from_s64(dst, value);
  if (high & 0x8000) store<u16>(dst, load<u16>(dst, 8) | 0x8000, 8);
  return 1;
}

/** FBSTP: the ten bytes of the packed decimal are stored at dst. */
export function f80_to_bcd(dst: i32, a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  X87.flags = 0;
  let low: u64 = 0xc000000000000000;
  let high: u32 = 0xffff;
  if (integer(0, 999999999999999999)) {
    let rest = Integral.magnitude;
    low = 0;
    for (let at = 0; at < 64; at += 4) {
      low |= (rest % 10) << at;
      rest /= 10;
    }
    high = (<u32>((rest / 10) << 4)) | (<u32>(rest % 10)) | ((<u32>A.sign) << 15);
  }
  if (!completeMemory(fp)) return 0;
  store<u64>(dst, low);
  store<u16>(dst, <u16>high, 8);
  return 1;
}
