/** RCPSS and RSQRTSS: neither use MXCSR nor raise exceptions; denormal operands and results are zeros of their sign. */
import { F32 } from '../core';
import { defaultNaN } from './policy';

/** The smallest normal number; smaller results become zeros. */
const SMALLEST: f32 = 1.17549435e-38;

function flushed(x: f32): i32 {
  const bits = reinterpret<i32>(x);
  return abs<f32>(x) < SMALLEST ? bits & 0x80000000 : bits;
}

/** Whether a number is zero or counts as zero. */
function vanishes(a: i32): bool {
  return (a & 0x7f800000) == 0;
}

/** 1 / a, rounded to nearest: the relative error is below the permitted 1.5 * 2^-12. */
export function f32_rcp(a: i32): i32 {
  if ((a & 0x7fffffff) > 0x7f800000) return a | 0x00400000;
  if (vanishes(a)) return (a & 0x80000000) | 0x7f800000;
  return flushed(<f32>1.0 / reinterpret<f32>(a));
}

/** 1 / sqrt(a), rounded from double precision. */
export function f32_rsqrt(a: i32): i32 {
  if ((a & 0x7fffffff) > 0x7f800000) return a | 0x00400000;
  if (vanishes(a)) return (a & 0x80000000) | 0x7f800000;
  if (a < 0) return <i32>defaultNaN(F32);
  return reinterpret<i32>(<f32>(1.0 / sqrt<f64>(<f64>reinterpret<f32>(a))));
}
