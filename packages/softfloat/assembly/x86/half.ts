/** VCVTPH2PS and VCVTPS2PH: conversions from and to half precision. */
import { modeOf } from './policy';
import { F16, F32 } from '../core';
import { convert } from '../convert-core';

export function f16_to_f32(a: i32, fp: i32): i32 {
  return <i32>convert(F16, F32, <u32>(a & 0xffff), -1, fp);
}

/** @param control - bits 2:0 of the immediate: as those of ROUNDSD. */
export function f32_to_f16(a: i32, control: i32, fp: i32): i32 {
  return <i32>convert(F32, F16, <u32>a, modeOf(control, fp), fp);
}
