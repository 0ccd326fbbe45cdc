/** ADDV, SADDLV, UADDLV, SMAXV, UMAXV, SMINV, UMINV. */
import { FULL, SCOPE, UNSIGNED, extract, laneBits, lower, maskOf, upper } from './selector';

/** The numbers of the operations, as in src/instructions/simd-common.ts. */
const ADD: i32 = 0;
const ADD_LONG: i32 = 1;
const MAX: i32 = 2;

function combine(op: i32, a: i64, b: i64): i64 {
  if (op <= ADD_LONG) return a + b;
  // Lanes have at most 32 bits, so unsigned ones are positive as i64.
  return op == MAX ? max(a, b) : min(a, b);
}

/** Reduces the lanes of half a vector, starting with `from`. */
function reduce(op: i32, sel: i32, half: u64, from: i64, first: i32): i64 {
  const bits = laneBits(sel);
  let result = from;
  for (let at = first; at < 64; at += bits)
    result = combine(op, result, extract(half, at, bits, (sel & UNSIGNED) != 0));
  return result;
}

/** Returns the result in the low bits, zero-extended. */
export function across(op: i32, sel: i32, n: v128): i64 {
  const bits = laneBits(sel);
  let result = extract(lower(n), 0, bits, (sel & UNSIGNED) != 0);
  result = reduce(op, sel, lower(n), result, bits);
  if ((sel & SCOPE) == FULL) result = reduce(op, sel, upper(n), result, 0);
  return result & (<i64>maskOf(op == ADD_LONG ? 2 * bits : bits));
}
