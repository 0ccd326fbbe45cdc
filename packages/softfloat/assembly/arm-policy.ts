/**
 * What is Arm's own: the layout of FPCR and FPSR, which NaN an operation returns, the default NaN, and when denormals are flushed
 * (Arm ARM, shared pseudocode: FPUnpackBase, FPRoundBase, FPProcessNaNs, FPDefaultNaN).
 */
import { A, B, C, Env, F16, INEXACT, INPUT_DENORMAL, INVALID, QNAN, SNAN, infinity, quietBit, raise } from './core';

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

export function flushing(fp: i32): bool {
  return (fpcr(fp) & FPCR_FZ) != 0;
}

/** The rounding mode FPCR selects. */
export function rmode(fp: i32): i32 {
  return <i32>((fpcr(fp) >> 22) & 3);
}

/** Round to nearest and inexact results leave no trace, as FPSR.IXC is set already. */
export function quietNearest(fp: i32): bool {
  return (fpcr(fp) & FPCR_RMODE) == 0 && (fpsr(fp) & INEXACT) != 0;
}

/** The same, and no flushing: operands need no look at all when the result is normal. */
export function quietNearestUnflushed(fp: i32): bool {
  return (fpcr(fp) & (FPCR_RMODE | FPCR_FZ)) == 0 && (fpsr(fp) & INEXACT) != 0;
}

export function inexactSet(fp: i32): bool {
  return (fpsr(fp) & INEXACT) != 0;
}

/** Start an operation on operands and results of one format. */
export function begin(format: i32, fp: i32): void {
  const control = fpcr(fp);
  const flush = (control & (format == F16 ? FPCR_FZ16 : FPCR_FZ)) != 0;
  Env.rounding = <i32>((control >> 22) & 3);
  Env.flushInputs = flush;
  // A flushed half precision operand raises nothing (FPUnpackBase).
  Env.flushedInputFlag = format == F16 ? 0 : INPUT_DENORMAL;
  Env.flushResults = flush;
  Env.defaultNaN = (control & FPCR_DN) != 0;
  Env.alternativeHalf = false;
  Env.flags = 0;
}

/** Start a conversion: FZ16 does not apply, the alternative half precision format does (FPUnpackCV, FPRoundCV). */
export function beginConvert(from: i32, to: i32, fp: i32): void {
  const control = fpcr(fp);
  const flush = (control & FPCR_FZ) != 0;
  begin(from, fp);
  Env.flushInputs = flush && from != F16;
  Env.flushResults = flush && to != F16;
  Env.alternativeHalf = (control & FPCR_AHP) != 0;
}

/** Finish an operation: its exceptions become sticky in FPSR. */
export function end(fp: i32): void {
  if (Env.flags) store<u32>(fp, fpsr(fp) | Env.flags, 4);
}

export function defaultNaN(format: i32): u64 {
  return infinity(format, 0) | quietBit(format);
}

/** An operation without a meaningful result. */
export function invalid(format: i32): u64 {
  raise(INVALID);
  return defaultNaN(format);
}

/** FPProcessNaN. */
export function processNaN(format: i32, cls: i32, bits: u64): u64 {
  if (cls == SNAN) raise(INVALID);
  return Env.defaultNaN ? defaultNaN(format) : bits | quietBit(format);
}

/** FPProcessNaNs, for A and B unpacked from `a` and `b`, of which at least one is a NaN. */
export function processNaNs(format: i32, a: u64, b: u64): u64 {
  if (A.cls == SNAN) return processNaN(format, SNAN, a);
  if (B.cls == SNAN) return processNaN(format, SNAN, b);
  return A.cls == QNAN ? processNaN(format, QNAN, a) : processNaN(format, QNAN, b);
}

/** FPProcessNaNs3: the addend C goes first. */
export function processNaNs3(format: i32, c: u64, a: u64, b: u64): u64 {
  if (C.cls == SNAN) return processNaN(format, SNAN, c);
  if (A.cls == SNAN || B.cls == SNAN) return processNaNs(format, a, b);
  if (C.cls == QNAN) return processNaN(format, QNAN, c);
  return processNaNs(format, a, b);
}
