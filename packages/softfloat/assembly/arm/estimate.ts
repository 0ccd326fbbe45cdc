/** FPRecipEstimate, FPRSqrtEstimate, FPRecpX and the unsigned estimates, computed as in the manual, without tables. */
import { begin, end, invalid, processNaN } from './policy';
import {
  DIVIDE_BY_ZERO,
  Env,
  F16,
  F32,
  F64,
  INF,
  QNAN,
  U,
  UNDERFLOW,
  ZERO,
  exponentBias,
  fractionBits,
  infinity,
  maxBiased,
  overflowed,
  raise,
  signBit,
  unpack,
} from '../core';

/** RecipEstimate: 9 bits in [256, 512) to 9 bits. */
function recipEstimate(a: u32): u32 {
  const b: u32 = (1 << 19) / (2 * a + 1);
  return (b + 1) >> 1;
}

/** RecipSqrtEstimate: 9 bits in [128, 512) to 9 bits in [256, 512). */
function recipSqrtEstimate(a: u32): u32 {
  a = a < 256 ? 2 * a + 1 : ((a >> 1) << 1) * 2 + 2;
  // The largest b below 1024 with a * b * b < 2^28, found bit by bit.
  let b: u32 = 512;
  for (let bit: u32 = 256; bit > 0; bit >>= 1) {
    if (a * (b + bit) * (b + bit) < 1 << 28) b += bit;
  }
  return (b + 1) >> 1;
}

/** Packs an estimate of 9 bits, including the hidden bit, with a biased exponent that may be 0 or -1. */
function packEstimate(format: i32, sign: i32, biased: i32, estimate: u32): u64 {
  let mantissa = (<u64>estimate) << (fractionBits(format) - 8);
  if (biased <= 0) {
    mantissa >>= 1 - biased;
    biased = 0;
  } else {
    biased -= 1;
  }
  return signBit(format, sign) + ((<u64>biased) << fractionBits(format)) + mantissa;
}

function recpeUnpacked(format: i32, a: u64): u64 {
  unpack(format, a);
  if (U.cls >= QNAN) return processNaN(format, U.cls, a);
  if (U.cls == INF) return signBit(format, U.sign);
  if (U.cls == ZERO) {
    raise(DIVIDE_BY_ZERO);
    return infinity(format, U.sign);
  }
  const bias = exponentBias(format);
  if (U.exp < -bias - 1) return overflowed(format, U.sign);
  if (Env.flushResults && U.exp >= bias - 1) {
    raise(UNDERFLOW);
    return signBit(format, U.sign);
  }
  return packEstimate(format, U.sign, bias - 1 - U.exp, recipEstimate(<u32>(U.sig >> 55)));
}

function recpe(format: i32, a: u64, fp: i32): u64 {
  begin(format, fp);
  const result = recpeUnpacked(format, a);
  end(fp);
  return result;
}

export function f64_recpe(a: i64, fp: i32): i64 {
  return recpe(F64, a, fp);
}

export function f32_recpe(a: i32, fp: i32): i32 {
  return <i32>recpe(F32, <u32>a, fp);
}

export function f16_recpe(a: i32, fp: i32): i32 {
  return <i32>recpe(F16, <u32>(a & 0xffff), fp);
}

function rsqrteUnpacked(format: i32, a: u64): u64 {
  unpack(format, a);
  if (U.cls >= QNAN) return processNaN(format, U.cls, a);
  if (U.cls == ZERO) {
    raise(DIVIDE_BY_ZERO);
    return infinity(format, U.sign);
  }
  if (U.sign) return invalid(format);
  if (U.cls == INF) return 0;
  const bias = exponentBias(format);
  // An even biased exponent (all biases are odd) takes 9 bits of the mantissa, an odd one 8.
  const scaled = (<u32>(U.sig >> 55)) >> ((U.exp + bias) & 1);
  return packEstimate(format, 0, (2 * bias - 1 - U.exp) >> 1, recipSqrtEstimate(scaled));
}

function rsqrte(format: i32, a: u64, fp: i32): u64 {
  begin(format, fp);
  const result = rsqrteUnpacked(format, a);
  end(fp);
  return result;
}

export function f64_rsqrte(a: i64, fp: i32): i64 {
  return rsqrte(F64, a, fp);
}

export function f32_rsqrte(a: i32, fp: i32): i32 {
  return <i32>rsqrte(F32, <u32>a, fp);
}

export function f16_rsqrte(a: i32, fp: i32): i32 {
  return <i32>rsqrte(F16, <u32>(a & 0xffff), fp);
}

/** FPRecpX: inverts the exponent and drops the fraction. */
function recpx(format: i32, a: u64, fp: i32): u64 {
  begin(format, fp);
  unpack(format, a);
  const max = maxBiased(format);
  const biased = (<i32>(a >> fractionBits(format))) & max;
  const inverted = biased == 0 ? max - 1 : ~biased & max;
  const result =
    U.cls >= QNAN ? processNaN(format, U.cls, a) : signBit(format, U.sign) | ((<u64>inverted) << fractionBits(format));
  end(fp);
  return result;
}

export function f64_recpx(a: i64, fp: i32): i64 {
  return recpx(F64, a, fp);
}

export function f32_recpx(a: i32, fp: i32): i32 {
  return <i32>recpx(F32, <u32>a, fp);
}

export function f16_recpx(a: i32, fp: i32): i32 {
  return <i32>recpx(F16, <u32>(a & 0xffff), fp);
}

/** URECPE: the reciprocal of a fraction in [0.5, 1), as a fraction in [1, 2); smaller operands saturate. */
export function u32_recpe(a: i32): i32 {
  return a < 0 ? <i32>(recipEstimate((<u32>a) >> 23) << 23) : -1;
}

/** URSQRTE: likewise for [0.25, 1). */
export function u32_rsqrte(a: i32): i32 {
  return <u32>a >= 0x40000000 ? <i32>(recipSqrtEstimate((<u32>a) >> 23) << 23) : -1;
}
