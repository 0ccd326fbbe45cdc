/**
 * Conditions under which the native operation is exact: it rounds to nearest, so with that mode selected, IXC set
 * already and a normal result, there is nothing else to report. A result with the smallest normal exponent may have
 * been tiny before rounding and takes the integer path.
 */
import { denormalsMatter, quietNearest } from './policy';

/** Normal, and not of the smallest normal exponent. */
export function safe64(bits: u64): bool {
  return (bits & 0x7ff0000000000000) - 0x0020000000000000 < 0x7fd0000000000000;
}

export function safe32(bits: u32): bool {
  return (bits & 0x7f800000) - 0x01000000 < 0x7e800000;
}

/** Neither denormal nor special. */
function plain64(bits: u64): bool {
  return (bits & 0x7ff0000000000000) - 0x0010000000000000 < 0x7fe0000000000000 || bits << 1 == 0;
}

function plain32(bits: u32): bool {
  return (bits & 0x7f800000) - 0x00800000 < 0x7f000000 || bits << 1 == 0;
}

/** Denormal operands matter only when they are flushed. */
export function unflushed64(a: u64, fp: i32): bool {
  return !denormalsMatter(fp) || plain64(a);
}

export function unflushed32(a: u32, fp: i32): bool {
  return !denormalsMatter(fp) || plain32(a);
}

export function native64(a: u64, b: u64, fp: i32): bool {
  return quietNearest(fp) && (!denormalsMatter(fp) || (plain64(a) && plain64(b)));
}

export function native32(a: u32, b: u32, fp: i32): bool {
  return quietNearest(fp) && (!denormalsMatter(fp) || (plain32(a) && plain32(b)));
}
