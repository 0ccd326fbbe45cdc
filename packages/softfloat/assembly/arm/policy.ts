/**
 * The parts that are specific to Arm: the layout of FPCR and FPSR, which NaN an operation returns, the default NaN,
 * and when denormals are flushed (Arm ARM, shared pseudocode: FPUnpackBase, FPRoundBase, FPProcessNaNs, FPDefaultNaN).
 */
import { A, B, C, Env, F16, INEXACT, INPUT_DENORMAL, INVALID, QNAN, SNAN, infinity, quietBit, raise } from '../core';

const FPCR_FZ16: u32 = 1 << 19;
const FPCR_RMODE: u32 = 3 << 22;
const FPCR_FZ: u32 = 1 << 24;
const FPCR_DN: u32 = 1 << 25;
const FPCR_AHP: u32 = 1 << 26;

export function fpcr(fp: i32): u32 {
  return load<u32>(fp);
}

function fpsr(fp: i32): u32 {
  return load<u32>(fp, 4);
}

/** Tininess is detected before rounding. */
export const TINY_AFTER_ROUNDING: bool = false;
/** Trapped exceptions are not supported. */
export const TRAPS: bool = false;
/** A denormal operand that is not flushed raises no exception of its own. */
export const DENORMALS_RAISE: bool = false;

/** Whether denormal operands are flushed, so that a native operation may have another result. */
export function denormalsMatter(fp: i32): bool {
  return (fpcr(fp) & FPCR_FZ) != 0;
}

/** The rounding mode FPCR selects. */
export function rmode(fp: i32): i32 {
  return <i32>((fpcr(fp) >> 22) & 3);
}

/** Whether rounding is to nearest and inexact results have no side effect, because FPSR.IXC is set already. */
export function quietNearest(fp: i32): bool {
  return (fpcr(fp) & FPCR_RMODE) == 0 && (fpsr(fp) & INEXACT) != 0;
}

/** As quietNearest, and nothing is flushed: if the result is normal, operands need not be examined. */
export function quietNearestUnflushed(fp: i32): bool {
  return (fpcr(fp) & (FPCR_RMODE | FPCR_FZ)) == 0 && (fpsr(fp) & INEXACT) != 0;
}

export function inexactSet(fp: i32): bool {
  return (fpsr(fp) & INEXACT) != 0;
}

/** Starts an operation whose operands and results have one format. */
export function begin(format: i32, fp: i32): void {
  const control = fpcr(fp);
  const flush = (control & (format == F16 ? FPCR_FZ16 : FPCR_FZ)) != 0;
  Env.rounding = <i32>((control >> 22) & 3);
  Env.flushInputs = flush;
  // Flushing a half precision operand raises no exception (FPUnpackBase).
  Env.flushedInputFlag = format == F16 ? 0 : INPUT_DENORMAL;
  Env.flushResults = flush;
  Env.defaultNaN = (control & FPCR_DN) != 0;
  Env.alternativeHalf = false;
  Env.flags = 0;
}

/** Starts a conversion: FZ16 does not apply; the alternative half precision format does (FPUnpackCV, FPRoundCV). */
export function beginConvert(from: i32, to: i32, fp: i32): void {
  const control = fpcr(fp);
  const flush = (control & FPCR_FZ) != 0;
  begin(from, fp);
  Env.flushInputs = flush && from != F16;
  Env.flushResults = flush && to != F16;
  Env.alternativeHalf = (control & FPCR_AHP) != 0;
}

/** Finishes an operation: its exceptions are accumulated in FPSR. */
export function end(fp: i32): void {
  if (Env.flags) store<u32>(fp, fpsr(fp) | Env.flags, 4);
}

export function defaultNaN(format: i32): u64 {
  return infinity(format, 0) | quietBit(format);
}

/** The result of an invalid operation. */
export function invalid(format: i32): u64 {
  raise(INVALID);
  return defaultNaN(format);
}

/** FPProcessNaN. */
export function processNaN(format: i32, cls: i32, bits: u64): u64 {
  if (cls == SNAN) raise(INVALID);
  return Env.defaultNaN ? defaultNaN(format) : bits | quietBit(format);
}

/** FPProcessNaNs for A and B, unpacked from `a` and `b`, at least one of which is a NaN. */
export function processNaNs(format: i32, a: u64, b: u64): u64 {
  if (A.cls == SNAN) return processNaN(format, SNAN, a);
  if (B.cls == SNAN) return processNaN(format, SNAN, b);
  return A.cls == QNAN ? processNaN(format, QNAN, a) : processNaN(format, QNAN, b);
}

/** FPProcessNaNs3: the addend C has precedence. */
export function processNaNs3(format: i32, c: u64, a: u64, b: u64): u64 {
  if (C.cls == SNAN) return processNaN(format, SNAN, c);
  if (A.cls == SNAN || B.cls == SNAN) return processNaNs(format, a, b);
  if (C.cls == QNAN) return processNaN(format, QNAN, c);
  return processNaNs(format, a, b);
}
