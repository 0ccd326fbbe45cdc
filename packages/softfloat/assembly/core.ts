/**
 * Architecture-neutral binary floating point: unpack, align, round, pack. An architecture passes its choices (which
 * NaN wins, whether denormals are flushed, which status bits exist) in `Env` before an operation and reads `Env.flags`
 * after it. This file accesses no memory.
 *
 * An unpacked finite number is (-1)^sign * sig * 2^(exp - 63) with bit 63 of `sig` set. If a result needs more than 64
 * bits, bit 0 is the OR of all lost bits ("jamming"), which is exact for rounding, because even the widest format
 * leaves 11 bits below its last place.
 */
import { DENORMALS_RAISE, TINY_AFTER_ROUNDING, TRAPS } from './policy';

/** Formats: 16 << format is the width in bits. */
export const F16: i32 = 0;
export const F32: i32 = 1;
export const F64: i32 = 2;

/** Classes of an operand. The order matters: `>= QNAN` is any NaN. */
export const ZERO: i32 = 0;
export const FINITE: i32 = 1;
export const INF: i32 = 2;
export const QNAN: i32 = 3;
export const SNAN: i32 = 4;

/** Rounding modes: the first four are in the order of Arm's FPCR.RMode. */
export const NEAREST_EVEN: i32 = 0;
export const TOWARD_PLUS: i32 = 1;
export const TOWARD_MINUS: i32 = 2;
export const TOWARD_ZERO: i32 = 3;
export const TIES_AWAY: i32 = 4;
export const TO_ODD: i32 = 5;

/** Exceptions, in the order in which IEEE 754 lists them. */
export const INVALID: u32 = 1;
export const DIVIDE_BY_ZERO: u32 = 2;
export const OVERFLOW: u32 = 4;
export const UNDERFLOW: u32 = 8;
export const INEXACT: u32 = 16;
export const INPUT_DENORMAL: u32 = 128;

/** The environment of an operation, and the exceptions that it raised. */
export class Env {
  static rounding: i32 = 0;
  /** Denormal operands count as zeros and raise `flushedInputFlag`. */
  static flushInputs: bool = false;
  static flushedInputFlag: u32 = 0;
  /** What a denormal operand that is not flushed raises, with DENORMALS_RAISE. */
  static denormalFlag: u32 = 0;
  /**
   * Tiny results become zeros: those that are tiny before rounding raise UNDERFLOW only, with TINY_AFTER_ROUNDING those
   * that are tiny after rounding raise UNDERFLOW and INEXACT.
   */
  static flushResults: bool = false;
  /**
   * Overflow and underflow trap: OVERFLOW and UNDERFLOW are raised by exact results, too, and INEXACT only by results that would
   * be inexact if their exponents were not limited. Read with TRAPS only.
   */
  static trapOverflow: bool = false;
  static trapUnderflow: bool = false;
  static defaultNaN: bool = false;
  /** Half precision operands or results use the alternative format, which has neither infinities nor NaNs. */
  static alternativeHalf: bool = false;
  static flags: u32 = 0;
}

/** The operand last unpacked. */
export class U {
  static cls: i32 = 0;
  static sign: i32 = 0;
  static exp: i32 = 0;
  static sig: u64 = 0;
}
export class A {
  static cls: i32 = 0;
  static sign: i32 = 0;
  static exp: i32 = 0;
  static sig: u64 = 0;
}
export class B {
  static cls: i32 = 0;
  static sign: i32 = 0;
  static exp: i32 = 0;
  static sig: u64 = 0;
}
export class C {
  static cls: i32 = 0;
  static sign: i32 = 0;
  static exp: i32 = 0;
  static sig: u64 = 0;
}

export function raise(flags: u32): void {
  Env.flags |= flags;
}

export function exponentBits(format: i32): i32 {
  return 5 + 3 * format;
}

export function fractionBits(format: i32): i32 {
  return (16 << format) - 6 - 3 * format;
}

/** The biased exponent of infinities and NaNs. */
export function maxBiased(format: i32): i32 {
  return (1 << exponentBits(format)) - 1;
}

export function exponentBias(format: i32): i32 {
  return maxBiased(format) >> 1;
}

export function signOf(format: i32, bits: u64): i32 {
  return (<i32>(bits >> ((16 << format) - 1))) & 1;
}

export function signBit(format: i32, sign: i32): u64 {
  return (<u64>sign) << ((16 << format) - 1);
}

export function infinity(format: i32, sign: i32): u64 {
  return signBit(format, sign) | ((<u64>maxBiased(format)) << fractionBits(format));
}

export function maxNormal(format: i32, sign: i32): u64 {
  return infinity(format, sign) - 1;
}

/** 2.0: the mantissa is zero and the exponent one above the bias. */
export function two(format: i32, sign: i32): u64 {
  return signBit(format, sign) | ((<u64>(exponentBias(format) + 1)) << fractionBits(format));
}

export function quietBit(format: i32): u64 {
  return (<u64>1) << (fractionBits(format) - 1);
}

/** Shifts right by any distance; bit 0 is the OR of itself and all lost bits. */
export function shiftRightJam(value: u64, distance: i32): u64 {
  if (distance <= 0) return value;
  if (distance > 63) return u64(value != 0);
  return (value >> distance) | u64(value << (64 - distance) != 0);
}

/** The upper 64 bits of a product; the lower 64 bits are `a * b`. */
export function multiplyHigh(a: u64, b: u64): u64 {
  const al = a & 0xffffffff;
  const ah = a >> 32;
  const bl = b & 0xffffffff;
  const bh = b >> 32;
  const mid = ah * bl + ((al * bl) >> 32);
  const mid2 = al * bh + (mid & 0xffffffff);
  return ah * bh + (mid >> 32) + (mid2 >> 32);
}

function unpackSpecial(format: i32, fraction: u64): void {
  if (fraction == 0) U.cls = INF;
  else U.cls = fraction & quietBit(format) ? QNAN : SNAN;
}

function unpackDenormal(format: i32, fraction: u64): void {
  if (fraction == 0) {
    U.cls = ZERO;
  } else if (Env.flushInputs) {
    raise(Env.flushedInputFlag);
    U.cls = ZERO;
  } else {
    if (DENORMALS_RAISE) raise(Env.denormalFlag);
    const shift = <i32>clz(fraction);
    U.cls = FINITE;
    U.exp = 64 - exponentBias(format) - fractionBits(format) - shift;
    U.sig = fraction << shift;
  }
}

export function unpack(format: i32, bits: u64): void {
  const fb = fractionBits(format);
  const max = maxBiased(format);
  const biased = (<i32>(bits >> fb)) & max;
  const fraction = bits & (((<u64>1) << fb) - 1);
  U.sign = signOf(format, bits);
  if (biased == max && !(format == F16 && Env.alternativeHalf)) {
    unpackSpecial(format, fraction);
  } else if (biased == 0) {
    unpackDenormal(format, fraction);
  } else {
    U.cls = FINITE;
    U.exp = biased - (max >> 1);
    U.sig = (((<u64>1) << fb) | fraction) << (63 - fb);
  }
}

export function unpackA(format: i32, bits: u64): void {
  unpack(format, bits);
  A.cls = U.cls;
  A.sign = U.sign;
  A.exp = U.exp;
  A.sig = U.sig;
}

export function unpackB(format: i32, bits: u64): void {
  unpack(format, bits);
  B.cls = U.cls;
  B.sign = U.sign;
  B.exp = U.exp;
  B.sig = U.sig;
}

export function unpackC(format: i32, bits: u64): void {
  unpack(format, bits);
  C.cls = U.cls;
  C.sign = U.sign;
  C.exp = U.exp;
  C.sig = U.sig;
}

/** Whether a magnitude is rounded up; `rest` is its discarded part (bit 63 is one half). */
export function roundsUp(rounding: i32, sign: i32, odd: bool, rest: u64): bool {
  const half: u64 = 1 << 63;
  switch (rounding) {
    case NEAREST_EVEN:
      return rest > half || (rest == half && odd);
    case TIES_AWAY:
      return rest >= half;
    case TOWARD_PLUS:
      return rest != 0 && !sign;
    case TOWARD_MINUS:
      return rest != 0 && !!sign;
    case TO_ODD:
      return rest != 0 && !odd;
    default:
      return false;
  }
}

/** The result of an overflow. */
export function overflowed(format: i32, sign: i32): u64 {
  if (format == F16 && Env.alternativeHalf) {
    raise(INVALID);
    return signBit(format, sign) | 0x7fff;
  }
  raise(OVERFLOW | INEXACT);
  const rounding = Env.rounding;
  const toInfinity =
    rounding == NEAREST_EVEN || rounding == TIES_AWAY || rounding == (sign ? TOWARD_MINUS : TOWARD_PLUS);
  return toInfinity ? infinity(format, sign) : maxNormal(format, sign);
}

/** Whether a number below the smallest normal number rounds up to it if its exponent is not limited. */
function roundsToNormal(fb: i32, sign: i32, biased: i32, sig: u64): bool {
  const mantissa = sig >> (63 - fb);
  return biased == -1 && mantissa + 1 == (<u64>2) << fb && roundsUp(Env.rounding, sign, true, sig << (fb + 1));
}

/** Rounds and packs a number with bit 63 of `sig` set. */
export function roundPack(format: i32, sign: i32, exp: i32, sig: u64): u64 {
  const fb = fractionBits(format);
  const minExp = 1 - exponentBias(format);
  let biased = exp - minExp;
  let tiny = biased < 0;
  if (tiny) {
    if (TINY_AFTER_ROUNDING) tiny = !roundsToNormal(fb, sign, biased, sig);
    if (tiny && Env.flushResults) {
      raise(TINY_AFTER_ROUNDING ? UNDERFLOW | INEXACT : UNDERFLOW);
      return signBit(format, sign);
    }
    if (TRAPS && tiny && Env.trapUnderflow) raise(sig << (fb + 1) != 0 ? UNDERFLOW | INEXACT : UNDERFLOW);
    sig = shiftRightJam(sig, -biased);
    biased = 0;
  }
  let mantissa = sig >> (63 - fb);
  const rest = sig << (fb + 1);
  if (rest != 0 && roundsUp(Env.rounding, sign, <bool>(mantissa & 1), rest)) mantissa += 1;
  // The hidden bit of the mantissa, or a carry into it, adds one to the exponent field.
  const limit = maxBiased(format) + <i32>(format == F16 && Env.alternativeHalf);
  if (biased + <i32>(mantissa >> fb) >= limit) {
    if (!(TRAPS && Env.trapOverflow && rest == 0)) return overflowed(format, sign);
    raise(OVERFLOW);
    return infinity(format, sign);
  }
  if (rest != 0 && !(TRAPS && tiny && Env.trapUnderflow)) raise(tiny ? UNDERFLOW | INEXACT : INEXACT);
  return signBit(format, sign) + ((<u64>biased) << fb) + mantissa;
}

/** Like roundPack, for a number whose bit 63 may be clear; `sig` is not zero. */
export function normalizeRoundPack(format: i32, sign: i32, exp: i32, sig: u64): u64 {
  const shift = <i32>clz(sig);
  return roundPack(format, sign, exp - shift, sig << shift);
}

/** The zero that is the sum of two numbers of opposite sign and equal magnitude. */
export function cancelled(format: i32): u64 {
  return signBit(format, i32(Env.rounding == TOWARD_MINUS));
}
