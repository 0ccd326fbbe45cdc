/**
 * Operations whose result has lanes of twice the width. The selector's size is that of the sources; FULL selects the
 * upper halves of the sources.
 */
import { polynomialProduct } from './lanes';
import { addSigned, beginSaturation, clampSigned, endSaturation, signedBound, subSigned } from './saturation';
import { FULL, SCALAR, SCOPE, extract, join, laneBits, lower, maskOf, upper } from './selector';

/** The numbers of the operations, as in src/instructions/simd-common.ts. */
const MULTIPLY: i32 = 0;
const MULTIPLY_ADD: i32 = 1;

function longLane(op: i32, bits: i32, n: i64, m: i64, d: i64): i64 {
  const wide = 2 * bits;
  const single = n * m;
  // Doubling overflows only for the square of the smallest number.
  const product = bits == 32 && single == 0x4000000000000000 ? signedBound(false, wide) : clampSigned(single * 2, wide);
  if (op == MULTIPLY) return product;
  return op == MULTIPLY_ADD ? addSigned(d, product, wide) : subSigned(d, product, wide);
}

/** Combines 32 bits of the sources to 64 bits of the result. */
function longHalf(op: i32, sel: i32, n: u64, m: u64, d: u64): u64 {
  const bits = laneBits(sel);
  const end = (sel & SCOPE) == SCALAR ? bits : 32;
  let result: u64 = 0;
  for (let at = 0; at < end; at += bits) {
    const wide = extract(d, 2 * at, 2 * bits, false);
    const r = longLane(op, bits, extract(n, at, bits, false), extract(m, at, bits, false), wide);
    result |= ((<u64>r) & maskOf(2 * bits)) << (2 * at);
  }
  return result;
}

/** SQDMULL, SQDMLAL, SQDMLSL. */
export function sat_long(op: i32, sel: i32, n: v128, m: v128, d: v128, fp: i32): v128 {
  const scope = sel & SCOPE;
  const x = scope == FULL ? upper(n) : lower(n);
  const y = scope == FULL ? upper(m) : lower(m);
  beginSaturation();
  const low = longHalf(op, sel, x, y, lower(d));
  const high = scope == SCALAR ? 0 : longHalf(op, sel, x >> 32, y >> 32, upper(d));
  endSaturation(fp);
  return join(low, high);
}

function polynomialHalf(n: u64, m: u64): u64 {
  let result: u64 = 0;
  for (let i = 0; i < 4; i++) result |= polynomialProduct((n >> (8 * i)) & 0xff, (m >> (8 * i)) & 0xff) << (16 * i);
  return result;
}

/** PMULL of bytes. */
export function polynomial_long(sel: i32, n: v128, m: v128): v128 {
  const full = (sel & SCOPE) == FULL;
  const x = full ? upper(n) : lower(n);
  const y = full ? upper(m) : lower(m);
  return join(polynomialHalf(x, y), polynomialHalf(x >> 32, y >> 32));
}
