/**
 * Control and status word of x87 (Intel SDM volume 1, section 8.1). The status block at `fp` is two 32-bit words, the
 * lower halves of which are FCW and FSW. Functions replace C1 (and other condition codes where they say so), OR
 * exceptions into FSW, and set ES and B if one of them is unmasked. TOP is not touched.
 */
import { roundingOf } from '../x86/policy';

export const IE: u32 = 1;
export const DE: u32 = 1 << 1;
export const ZE: u32 = 1 << 2;
export const OE: u32 = 1 << 3;
export const UE: u32 = 1 << 4;
export const PE: u32 = 1 << 5;
const SF: u32 = 1 << 6;
const EXCEPTIONS: u32 = 0x3f;
/** IE, DE and ZE are detected before the result is computed. */
const BEFORE: u32 = IE | DE | ZE;
const ES_AND_B: u32 = 0x8080;
export const C0: u32 = 1 << 8;
export const C1: u32 = 1 << 9;
export const C2: u32 = 1 << 10;
export const C3: u32 = 1 << 14;

/** The environment of an instruction, and what it raised. */
export class X87 {
  static control: u32 = 0;
  /** Rounding mode, as in core.ts. */
  static rounding: i32 = 0;
  /** Bits of the significand of results: 24, 53 or 64. */
  static precision: i32 = 64;
  static flags: u32 = 0;
  /** The condition codes that become the given values, and these values. C1 is always among them. */
  static conditions: u32 = 0;
  static conditionMask: u32 = C1;
}

export function raise(flags: u32): void {
  X87.flags |= flags;
}

export function masked(flag: u32): bool {
  return (X87.control & flag) != 0;
}

/** Sets C1 if the magnitude of the result was rounded up. */
export function roundedUp(up: bool): void {
  if (up) X87.conditions |= C1;
}

/** Sets condition codes: those of `mask` become `values`. */
export function conditions(mask: u32, values: u32): void {
  X87.conditionMask |= mask;
  X87.conditions = (X87.conditions & ~mask) | values;
}

/** Starts an instruction whose results have 64 bits, whatever the precision control. */
export function begin(fp: i32): void {
  const control = load<u32>(fp);
  X87.control = control;
  X87.rounding = roundingOf(<i32>((control >> 10) & 3));
  X87.precision = 64;
  X87.flags = 0;
  X87.conditions = 0;
  X87.conditionMask = C1;
}

/** Starts an instruction that precision control applies to. The reserved value 1 is treated as 64 bits. */
export function beginWithPrecision(fp: i32): void {
  begin(fp);
  const pc = (X87.control >> 8) & 3;
  X87.precision = pc == 0 ? 24 : pc == 2 ? 53 : 64;
}

/** The unmasked exceptions among those that were raised. An invalid operation and a division by zero hide DE. */
function unmasked(): u32 {
  if (X87.flags & (IE | ZE)) X87.flags &= ~DE;
  return X87.flags & ~X87.control & EXCEPTIONS;
}

/** Whether an exception that is detected before the computation is unmasked. */
export function stopped(): bool {
  return (unmasked() & BEFORE) != 0;
}

/**
 * Reports the exceptions. Returns whether the instruction completes: not if one of `stopping` is unmasked. Then
 * exceptions that are detected after the computation are not reported if one was detected before it.
 */
export function complete(stopping: u32, fp: i32): bool {
  const trapped = unmasked();
  if (trapped & BEFORE) {
    X87.flags &= BEFORE;
    X87.conditions &= ~C1;
  }
  const status = (load<u32>(fp, 4) & ~X87.conditionMask) | X87.conditions | X87.flags;
  store<u32>(fp, trapped ? status | ES_AND_B : status, 4);
  return (trapped & stopping) == 0;
}

/** As complete, for a result in a register, which is stored even if it raised overflow, underflow or precision. */
export function completeRegister(fp: i32): bool {
  return complete(BEFORE, fp);
}

/** As complete, for a result in memory: an unmasked overflow or underflow hides PE, and the result is not stored. */
export function completeMemory(fp: i32): bool {
  if (unmasked() & (OE | UE)) {
    X87.flags &= ~PE;
    X87.conditions &= ~C1;
  }
  return complete(BEFORE | OE | UE, fp);
}

/**
 * A stack fault: IE and SF, and C1 set for an overflow (a push to a register that is not empty), clear for an
 * underflow. Returns 1 if IE is masked: then the instruction goes on with the indefinite NaN (f80_indefinite) as its
 * result. Otherwise 0: it changes nothing else.
 */
export function f80_stack_fault(overflow: i32, fp: i32): i32 {
  begin(fp);
  raise(IE | SF);
  if (overflow) X87.conditions = C1;
  const status = (load<u32>(fp, 4) & ~C1) | X87.conditions | X87.flags;
  store<u32>(fp, masked(IE) ? status : status | ES_AND_B, 4);
  return i32(masked(IE));
}
