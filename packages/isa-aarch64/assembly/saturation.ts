/** SatQ and SignedSat of the Arm ARM's shared pseudocode, and FPSR.QC. */
import { maskOf } from './selector';

const QC: u32 = 1 << 27;

export class Saturation {
  /** Whether the current call has saturated. */
  static seen: bool = false;
}

export function beginSaturation(): void {
  Saturation.seen = false;
}

/** Sets FPSR.QC after a call that saturated; `fp` is the address of FPCR, directly before FPSR. */
export function endSaturation(fp: i32): void {
  if (Saturation.seen) store<u32>(fp + 4, load<u32>(fp + 4) | QC);
}

export function signedMax(bits: i32): i64 {
  return <i64>(maskOf(bits) >> 1);
}

/** The negative or positive bound. */
export function signedBound(negative: bool, bits: i32): i64 {
  Saturation.seen = true;
  const max = signedMax(bits);
  return negative ? ~max : max;
}

export function clampSigned(x: i64, bits: i32): i64 {
  const max = signedMax(bits);
  return x > max || x < ~max ? signedBound(x < 0, bits) : x;
}

/** Clamps a signed number to an unsigned range. */
export function clampToUnsigned(x: i64, bits: i32): i64 {
  if (x < 0) {
    Saturation.seen = true;
    return 0;
  }
  return clampUnsigned(x, bits);
}

export function clampUnsigned(x: u64, bits: i32): i64 {
  if (x <= maskOf(bits)) return x;
  Saturation.seen = true;
  return maskOf(bits);
}

export function addSigned(a: i64, b: i64, bits: i32): i64 {
  const r = a + b;
  return ((a ^ r) & (b ^ r)) < 0 ? signedBound(a < 0, bits) : clampSigned(r, bits);
}

export function subSigned(a: i64, b: i64, bits: i32): i64 {
  const r = a - b;
  return ((a ^ b) & (a ^ r)) < 0 ? signedBound(a < 0, bits) : clampSigned(r, bits);
}

export function addUnsigned(a: u64, b: u64, bits: i32): i64 {
  const r = a + b;
  if (r >= a) return clampUnsigned(r, bits);
  Saturation.seen = true;
  return maskOf(bits);
}

export function subUnsigned(a: u64, b: u64): i64 {
  if (a >= b) return a - b;
  Saturation.seen = true;
  return 0;
}
