/** Operations whose result has lanes of half the width. The selector's size is that of the result. */
import { beginSaturation, clampSigned, clampToUnsigned, clampUnsigned, endSaturation } from './saturation';
import { FULL, ROUND, SCALAR, SCOPE, UNSIGNED, extract, join, laneBits, lower, maskOf, upper } from './selector';
import { shiftRight } from './shift';

/** Selector bit: a signed source gives an unsigned result. */
const TO_UNSIGNED: i32 = 64;
/** Selector bit: subtract. */
const SUBTRACT: i32 = 64;

/** Places the result in the lower half with zeros above, or, for the `2` forms, in the upper half of `d`. */
function place(sel: i32, result: u64, d: v128): v128 {
  return (sel & SCOPE) == FULL ? join(lower(d), result) : join(result, 0);
}

function narrowLane(sel: i32, x: i64, amount: i32): i64 {
  const bits = laneBits(sel);
  const unsigned = (sel & UNSIGNED) != 0;
  const r = amount == 0 ? x : shiftRight(x, amount, unsigned, (sel & ROUND) != 0);
  if (unsigned) return clampUnsigned(r, bits);
  return sel & TO_UNSIGNED ? clampToUnsigned(r, bits) : clampSigned(r, bits);
}

/** Narrows half a source to a quarter of the result. */
function narrowHalf(sel: i32, n: u64, amount: i32): u64 {
  const bits = laneBits(sel);
  let result: u64 = 0;
  const end = (sel & SCOPE) == SCALAR ? bits : 32;
  for (let at = 0; at < end; at += bits) {
    const r = narrowLane(sel, extract(n, 2 * at, 2 * bits, (sel & UNSIGNED) != 0), amount);
    result |= ((<u64>r) & maskOf(bits)) << at;
  }
  return result;
}

/** SQXTN, UQXTN, SQXTUN (amount 0) and the saturating narrowing shifts. */
export function sat_narrow(sel: i32, amount: i32, n: v128, d: v128, fp: i32): v128 {
  beginSaturation();
  let result = narrowHalf(sel, lower(n), amount);
  if ((sel & SCOPE) != SCALAR) result |= narrowHalf(sel, upper(n), amount) << 32;
  endSaturation(fp);
  return place(sel, result, d);
}

function addHalf(sel: i32, n: u64, m: u64): u64 {
  const bits = laneBits(sel);
  const rounding: u64 = sel & ROUND ? (<u64>1) << (bits - 1) : 0;
  let result: u64 = 0;
  for (let at = 0; at < 32; at += bits) {
    const x = n >> (2 * at);
    const y = m >> (2 * at);
    const sum = (sel & SUBTRACT ? x - y : x + y) + rounding;
    result |= ((sum >> bits) & maskOf(bits)) << at;
  }
  return result;
}

/** ADDHN, RADDHN, SUBHN, RSUBHN. */
export function add_narrow(sel: i32, n: v128, m: v128, d: v128): v128 {
  return place(sel, addHalf(sel, lower(n), lower(m)) | (addHalf(sel, upper(n), upper(m)) << 32), d);
}
