/** FPConvert between half, single and double precision. */
import { quietNearest } from './policy';
import { F16, F32, F64, TO_ODD } from './core';
import { convert } from './convert-core';
import { safe32, safe64, unflushed32 } from './fast';

/** The rounding mode of the status block. */
const AS_SET: i32 = -1;

export function f16_to_f32(a: i32, fp: i32): i32 {
  return <i32>convert(F16, F32, <u32>(a & 0xffff), AS_SET, fp);
}

export function f16_to_f64(a: i32, fp: i32): i64 {
  return convert(F16, F64, <u32>(a & 0xffff), AS_SET, fp);
}

export function f32_to_f16(a: i32, fp: i32): i32 {
  return <i32>convert(F32, F16, <u32>a, AS_SET, fp);
}

export function f32_to_f64(a: i32, fp: i32): i64 {
  if (unflushed32(a, fp)) {
    const x = reinterpret<f32>(a);
    if (x == x) return reinterpret<i64>(<f64>x);
  }
  return convert(F32, F64, <u32>a, AS_SET, fp);
}

export function f64_to_f16(a: i64, fp: i32): i32 {
  return <i32>convert(F64, F16, a, AS_SET, fp);
}

export function f64_to_f32(a: i64, fp: i32): i32 {
  if (a << 1 == 0) return <i32>(a >> 32);
  if (quietNearest(fp)) {
    const r = reinterpret<i32>(<f32>reinterpret<f64>(a));
    if (safe32(r) && safe64(a)) return r;
  }
  return <i32>convert(F64, F32, a, AS_SET, fp);
}

/** FCVTXN: rounds to odd, whatever FPCR's mode. */
export function f64_to_f32_odd(a: i64, fp: i32): i32 {
  return <i32>convert(F64, F32, a, TO_ODD, fp);
}
