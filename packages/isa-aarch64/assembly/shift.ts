/** Shifts of one lane, with rounding and saturation. */
import { Saturation, clampSigned, clampToUnsigned, clampUnsigned, signedBound } from './saturation';
import { maskOf } from './selector';

/** Shifts right by `amount`, 1 or more; rounding adds the highest bit that is shifted out. */
export function shiftRight(x: i64, amount: i32, unsigned: bool, round: bool): i64 {
  const before = amount - 1;
  let t: i64;
  if (unsigned) t = before > 63 ? 0 : <i64>((<u64>x) >> before);
  else t = x >> min(before, 63);
  const r = unsigned ? <i64>((<u64>t) >> 1) : t >> 1;
  return round ? r + (t & 1) : r;
}

/** SSHL, USHL, SRSHL, URSHL: a negative amount shifts right. */
export function shiftLane(x: i64, amount: i32, unsigned: bool, round: bool): i64 {
  if (amount >= 0) return amount > 63 ? 0 : x << amount;
  return shiftRight(x, -amount, unsigned, round);
}

/** The bound to which a left shift of `x` saturates. */
function leftBound(x: i64, bits: i32, unsigned: bool): i64 {
  if (!unsigned) return signedBound(x < 0, bits);
  Saturation.seen = true;
  return maskOf(bits);
}

/** SQSHL, UQSHL, SQRSHL, UQRSHL. */
export function shiftLaneSaturating(x: i64, amount: i32, bits: i32, unsigned: bool, round: bool): i64 {
  if (amount < 0) return shiftRight(x, -amount, unsigned, round);
  if (x == 0) return 0;
  if (amount >= bits) return leftBound(x, bits, unsigned);
  const r = x << amount;
  const back = unsigned ? <i64>((<u64>r) >> amount) : r >> amount;
  if (back != x) return leftBound(x, bits, unsigned);
  return unsigned ? clampUnsigned(r, bits) : clampSigned(r, bits);
}

/** SQSHLU: shifts a signed lane to an unsigned one; the amount is below the width. */
export function shiftLaneToUnsigned(x: i64, amount: i32, bits: i32): i64 {
  if (x < 0) return clampToUnsigned(x, bits);
  return shiftLaneSaturating(x, amount, bits, true, false);
}
