/** FixedToFP: conversions of integers and fixed-point numbers to floating point. */
import { begin, end, quietNearest } from './policy';
import { F16, F32, F64, normalizeRoundPack } from './core';

/** FixedToFP: the value is magnitude * 2^-fbits; zero is positive. */
function fromFixed(format: i32, sign: i32, magnitude: u64, fbits: i32, fp: i32): u64 {
  if (magnitude == 0) return 0;
  begin(format, fp);
  const result = normalizeRoundPack(format, sign, 63 - fbits, magnitude);
  end(fp);
  return result;
}

function fromSigned(format: i32, x: i64, fbits: i32, fp: i32): u64 {
  return x < 0 ? fromFixed(format, 1, 0 - <u64>x, fbits, fp) : fromFixed(format, 0, x, fbits, fp);
}

export function f64_from_s64(x: i64, fbits: i32, fp: i32): i64 {
  // A result of up to 53 bits is exact.
  if (fbits == 0 && (<u64>(x + 0x20000000000000) <= 0x40000000000000 || quietNearest(fp)))
    return reinterpret<i64>(<f64>x);
  return fromSigned(F64, x, fbits, fp);
}

export function f64_from_u64(x: i64, fbits: i32, fp: i32): i64 {
  if (fbits == 0 && (<u64>x <= 0x20000000000000 || quietNearest(fp))) return reinterpret<i64>(<f64>(<u64>x));
  return fromFixed(F64, 0, x, fbits, fp);
}

export function f32_from_s64(x: i64, fbits: i32, fp: i32): i32 {
  if (fbits == 0 && (<u64>(x + 0x1000000) <= 0x2000000 || quietNearest(fp))) return reinterpret<i32>(<f32>x);
  return <i32>fromSigned(F32, x, fbits, fp);
}

export function f32_from_u64(x: i64, fbits: i32, fp: i32): i32 {
  if (fbits == 0 && (<u64>x <= 0x1000000 || quietNearest(fp))) return reinterpret<i32>(<f32>(<u64>x));
  return <i32>fromFixed(F32, 0, x, fbits, fp);
}

export function f16_from_s64(x: i64, fbits: i32, fp: i32): i32 {
  return <i32>fromSigned(F16, x, fbits, fp);
}

export function f16_from_u64(x: i64, fbits: i32, fp: i32): i32 {
  return <i32>fromFixed(F16, 0, x, fbits, fp);
}
