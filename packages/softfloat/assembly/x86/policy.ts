/**
 * The parts that are specific to SSE: the layout of MXCSR, which NaN an operation returns, the default NaN, when
 * denormals are flushed, and which exceptions are unmasked (Intel SDM volume 1, sections 4.8.3.5, 10.2.3 and 11.5).
 *
 * The status block at `fp` is two words: MXCSR, and `pending`, into which the unmasked exceptions of an operation are
 * ORed as bits of MXCSR.
 */
import {
  A,
  B,
  C,
  DIVIDE_BY_ZERO,
  Env,
  F16,
  INEXACT,
  INPUT_DENORMAL,
  INVALID,
  QNAN,
  SNAN,
  infinity,
  quietBit,
  raise,
} from '../core';

const DE: u32 = 1 << 1;
const PE: u32 = 1 << 5;
const DAZ: u32 = 1 << 6;
const MASKS: i32 = 7;
const DM: u32 = DE << MASKS;
const OM: u32 = 1 << 10;
const UM: u32 = 1 << 11;
const PM: u32 = PE << MASKS;
const RC: u32 = 3 << 13;
const FTZ: u32 = 1 << 15;
/** IE, DE and ZE are detected before the result is computed. */
const BEFORE: u32 = 7;

/** Tininess is detected after rounding. */
export const TINY_AFTER_ROUNDING: bool = true;
/** Exceptions can be unmasked. */
export const TRAPS: bool = true;
/** Denormal operands raise DE, except for conversions to integers and rounding to integers. */
export const DENORMALS_RAISE: bool = true;

function mxcsr(fp: i32): u32 {
  return load<u32>(fp);
}

/** Whether a denormal operand has an effect of its own: it is flushed, or DE changes or is unmasked. */
export function denormalsMatter(fp: i32): bool {
  return (mxcsr(fp) & (DAZ | DE | DM)) != (DE | DM);
}

/** Whether denormal operands count as zeros. */
export function denormalsAreZeros(fp: i32): bool {
  return (mxcsr(fp) & DAZ) != 0;
}

/** A value of the field RC (0 nearest, 1 down, 2 up, 3 toward zero) as a rounding mode. */
export function roundingOf(rc: i32): i32 {
  return ((rc & 1) << 1) | (rc >> 1);
}

/** The rounding mode MXCSR selects. */
export function rmode(fp: i32): i32 {
  return roundingOf(<i32>((mxcsr(fp) >> 13) & 3));
}

/** Bit of an immediate: the mode is MXCSR's. */
const MODE_OF_MXCSR: i32 = 4;

/** The rounding mode that an immediate selects, that of ROUNDSD for example. */
export function modeOf(control: i32, fp: i32): i32 {
  return control & MODE_OF_MXCSR ? rmode(fp) : roundingOf(control & 3);
}

/** Whether rounding is to nearest and inexact results have no side effect, because PE is set and masked. */
export function quietNearest(fp: i32): bool {
  return (mxcsr(fp) & (RC | PE | PM)) == (PE | PM);
}

/** As quietNearest, and denormal operands have no effect: if the result is normal, operands need not be examined. */
export function quietNearestUnflushed(fp: i32): bool {
  return quietNearest(fp) && !denormalsMatter(fp);
}

export function inexactSet(fp: i32): bool {
  return (mxcsr(fp) & (PE | PM)) == (PE | PM);
}

/** Starts an operation. */
export function begin(format: i32, fp: i32): void {
  const control = mxcsr(fp);
  Env.rounding = rmode(fp);
  Env.flushInputs = (control & DAZ) != 0;
  Env.flushedInputFlag = 0;
  Env.denormalFlag = INPUT_DENORMAL;
  // FTZ has an effect only if underflow is masked.
  Env.flushResults = (control & (FTZ | UM)) == (FTZ | UM);
  Env.trapOverflow = (control & OM) == 0;
  Env.trapUnderflow = (control & UM) == 0;
  Env.defaultNaN = false;
  Env.alternativeHalf = false;
  Env.flags = 0;
}

/** Starts an operation that ignores denormal operands: DAZ applies, but DE is not raised. */
export function beginWithoutDenormal(format: i32, fp: i32): void {
  begin(format, fp);
  Env.denormalFlag = 0;
}

/** Starts a conversion. Half precision is neither flushed, as operand or result, nor does it raise DE (VCVTPH2PS). */
export function beginConvert(from: i32, to: i32, fp: i32): void {
  begin(from, fp);
  if (from == F16) {
    Env.flushInputs = false;
    Env.denormalFlag = 0;
  }
  if (to == F16) Env.flushResults = false;
}

/** The exceptions of a vector's lanes, which are reported together. */
class Lanes {
  static open: bool = false;
  static raised: u32 = 0;
}

/** The flags of Env as bits of MXCSR. A division by zero and an invalid operation hide DE. */
function raised(): u32 {
  const flags = Env.flags;
  const bits = (flags & INVALID) | ((flags & 0x1e) << 1);
  return (flags & (INVALID | DIVIDE_BY_ZERO)) == 0 && (flags & INPUT_DENORMAL) != 0 ? bits | DE : bits;
}

/**
 * ORs exceptions into MXCSR, and the unmasked ones into `pending`. Unmasked exceptions that are detected before the
 * computation prevent those that are detected after it (11.5.3).
 */
function report(bits: u32, fp: i32): void {
  const control = mxcsr(fp);
  const unmasked = bits & ~(control >> MASKS);
  const stopped = (unmasked & BEFORE) != 0;
  store<u32>(fp, control | (stopped ? bits & BEFORE : bits));
  if (unmasked) store<u32>(fp, load<u32>(fp, 4) | (stopped ? unmasked & BEFORE : unmasked), 4);
}

/** Finishes an operation: its exceptions are reported, or collected for the vector. */
export function end(fp: i32): void {
  if (Env.flags == 0) return;
  if (Lanes.open) Lanes.raised |= raised();
  else report(raised(), fp);
}

/** Starts the lanes of a vector; between this and endLanes, exceptions are collected. */
export function beginLanes(): void {
  Lanes.open = true;
  Lanes.raised = 0;
}

/** Reports the exceptions of the lanes. Returns whether none of the instruction's was unmasked. */
export function endLanes(fp: i32): bool {
  Lanes.open = false;
  if (Lanes.raised) report(Lanes.raised, fp);
  return load<u32>(fp, 4) == 0;
}

/** The floating-point indefinite: a quiet NaN with the sign set. */
export function defaultNaN(format: i32): u64 {
  return infinity(format, 1) | quietBit(format);
}

/** The result of an invalid operation. */
export function invalid(format: i32): u64 {
  raise(INVALID);
  return defaultNaN(format);
}

/** A NaN as result, quieted. NaN operands hide DE. */
export function processNaN(format: i32, cls: i32, bits: u64): u64 {
  Env.flags = cls == SNAN ? INVALID : Env.flags & INVALID;
  return bits | quietBit(format);
}

/** The first operand if it is a NaN, otherwise the second; either one raises IE if it is signalling. */
export function processNaNs(format: i32, a: u64, b: u64): u64 {
  if (A.cls == SNAN || B.cls == SNAN) raise(INVALID);
  return A.cls >= QNAN ? processNaN(format, A.cls, a) : processNaN(format, B.cls, b);
}

/** The NaN of a * b + c: the first of a, b and c. */
export function processNaNs3(format: i32, c: u64, a: u64, b: u64): u64 {
  if (C.cls == SNAN) raise(INVALID);
  if (A.cls >= QNAN || B.cls >= QNAN) return processNaNs(format, a, b);
  return processNaN(format, C.cls, c);
}
