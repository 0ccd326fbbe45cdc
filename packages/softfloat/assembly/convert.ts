/** FPConvert between half, single and double precision, and FPConvertNaN. */
import { beginConvert, defaultNaN, end, quietNearest } from './policy';
import {
  Env,
  F16,
  F32,
  F64,
  INF,
  INVALID,
  SNAN,
  TO_ODD,
  U,
  ZERO,
  fractionBits,
  infinity,
  quietBit,
  raise,
  roundPack,
  signBit,
  unpack,
} from './core';
import { safe32, safe64, unflushed32 } from './fast';

/** FPConvertNaN: keeps the upper bits of the payload. */
function convertNaN(from: i32, to: i32, bits: u64): u64 {
  const aligned = bits << (64 - fractionBits(from));
  return infinity(to, U.sign) | quietBit(to) | (aligned >> (64 - fractionBits(to)));
}

function convertSpecial(from: i32, to: i32, bits: u64): u64 {
  // The alternative half precision format has neither infinities nor NaNs.
  const alternative = to == F16 && Env.alternativeHalf;
  if (U.cls == SNAN || alternative) raise(INVALID);
  if (U.cls == INF) return alternative ? signBit(to, U.sign) | 0x7fff : infinity(to, U.sign);
  if (alternative) return signBit(to, U.sign);
  return Env.defaultNaN ? defaultNaN(to) : convertNaN(from, to, bits);
}

function convert(from: i32, to: i32, bits: u64, toOdd: bool, fp: i32): u64 {
  beginConvert(from, to, fp);
  if (toOdd) Env.rounding = TO_ODD;
  unpack(from, bits);
  let result = signBit(to, U.sign);
  if (U.cls >= INF) result = convertSpecial(from, to, bits);
  else if (U.cls != ZERO) result = roundPack(to, U.sign, U.exp, U.sig);
  end(fp);
  return result;
}

export function f16_to_f32(a: i32, fp: i32): i32 {
  return <i32>convert(F16, F32, <u32>(a & 0xffff), false, fp);
}

export function f16_to_f64(a: i32, fp: i32): i64 {
  return convert(F16, F64, <u32>(a & 0xffff), false, fp);
}

export function f32_to_f16(a: i32, fp: i32): i32 {
  return <i32>convert(F32, F16, <u32>a, false, fp);
}

export function f32_to_f64(a: i32, fp: i32): i64 {
  if (unflushed32(a, fp)) {
    const x = reinterpret<f32>(a);
    if (x == x) return reinterpret<i64>(<f64>x);
  }
  return convert(F32, F64, <u32>a, false, fp);
}

export function f64_to_f16(a: i64, fp: i32): i32 {
  return <i32>convert(F64, F16, a, false, fp);
}

export function f64_to_f32(a: i64, fp: i32): i32 {
  if (a << 1 == 0) return <i32>(a >> 32);
  if (quietNearest(fp)) {
    const r = reinterpret<i32>(<f32>reinterpret<f64>(a));
    if (safe32(r) && safe64(a)) return r;
  }
  return <i32>convert(F64, F32, a, false, fp);
}

/** FCVTXN: rounds to odd, whatever FPCR's mode. */
export function f64_to_f32_odd(a: i64, fp: i32): i32 {
  return <i32>convert(F64, F32, a, true, fp);
}
