/** Operations whose operands and results have lanes of the same width, one lane at a time. */
import {
  addSigned,
  addUnsigned,
  beginSaturation,
  clampSigned,
  endSaturation,
  signedBound,
  signedMax,
  subSigned,
  subUnsigned,
} from './saturation';
import { FULL, ROUND, SCALAR, SCOPE, UNSIGNED, extract, join, laneBits, lower, maskOf, upper } from './selector';
import { shiftLane, shiftLaneSaturating, shiftLaneToUnsigned } from './shift';

/** The numbers of the operations, as in src/instructions/simd-common.ts. */
const ADD: i32 = 0;
const SUB: i32 = 1;
const ACCUMULATE: i32 = 2;
const ABS: i32 = 3;
const NEG: i32 = 4;
const SHIFT_SATURATING: i32 = 5;
const SHIFT_TO_UNSIGNED: i32 = 6;
const DOUBLE_MULTIPLY_HIGH: i32 = 7;
const MULTIPLY_ADD_HIGH: i32 = 8;
const MULTIPLY_SUB_HIGH: i32 = 9;
const SHIFT: i32 = 10;
const CLZ: i32 = 11;
const CLS: i32 = 12;
const POLYNOMIAL: i32 = 13;

/** The low byte of the product of polynomials over {0, 1}. */
export function polynomialProduct(a: u64, b: u64): u64 {
  let r: u64 = 0;
  for (let i = 0; i < 8; i++) r ^= (0 - ((b >> i) & 1)) & (a << i);
  return r;
}

/**
 * d + n for SUQADD (signed d, unsigned n) or USQADD (unsigned d, signed n); each is extended according to its own
 * signedness.
 */
function accumulate(d: i64, n: i64, bits: i32, unsigned: bool): i64 {
  if (unsigned) return n < 0 ? subUnsigned(d, 0 - n) : addUnsigned(d, n, bits);
  const sum = d + n;
  // The sum with an offset of 2^63 is unsigned: a carry out means that it is above the signed range.
  const offset = (<u64>d) ^ 0x8000000000000000;
  return offset + <u64>n < offset ? signedBound(false, bits) : clampSigned(sum, bits);
}

/** (d << bits ± 2 * n * m + round) >> bits, computed at half the scale so that it fits into 64 bits. */
function multiplyHigh(d: i64, product: i64, bits: i32, round: bool): i64 {
  const sum = (d << (bits - 1)) + product + (round ? (<i64>1) << (bits - 2) : 0);
  return clampSigned(sum >> (bits - 1), bits);
}

function lane(op: i32, sel: i32, n: i64, m: i64, d: i64): i64 {
  const bits = laneBits(sel);
  const unsigned = (sel & UNSIGNED) != 0;
  const round = (sel & ROUND) != 0;
  switch (op) {
    case ADD:
      return unsigned ? addUnsigned(n, m, bits) : addSigned(n, m, bits);
    case SUB:
      return unsigned ? subUnsigned(n, m) : subSigned(n, m, bits);
    case ACCUMULATE:
      return accumulate(n, m, bits, unsigned);
    case ABS:
      return n == ~signedMax(bits) ? signedBound(false, bits) : n < 0 ? -n : n;
    case NEG:
      return n == ~signedMax(bits) ? signedBound(false, bits) : -n;
    case SHIFT_SATURATING:
      return shiftLaneSaturating(n, <i32>(<i8>m), bits, unsigned, round);
    case SHIFT_TO_UNSIGNED:
      return shiftLaneToUnsigned(n, <i32>(<i8>m), bits);
    case DOUBLE_MULTIPLY_HIGH:
      return multiplyHigh(0, n * m, bits, round);
    case MULTIPLY_ADD_HIGH:
      return multiplyHigh(d, n * m, bits, true);
    case MULTIPLY_SUB_HIGH:
      return multiplyHigh(d, -(n * m), bits, true);
    case SHIFT:
      return shiftLane(n, <i32>(<i8>m), unsigned, round);
    case CLZ:
      return clz((<u64>n) & maskOf(bits)) - (64 - bits);
    case CLS:
      return clz(n ^ (n >> 63)) - (64 - bits) - 1;
    case POLYNOMIAL:
      return polynomialProduct(n, m);
    default:
      return unreachable();
  }
}

/** The lanes of half a vector from bit 0 to bit `end`. */
function half(op: i32, sel: i32, n: u64, m: u64, d: u64, end: i32): u64 {
  const bits = laneBits(sel);
  const unsigned = (sel & UNSIGNED) != 0;
  const mUnsigned = op == ACCUMULATE ? !unsigned : unsigned;
  let result: u64 = 0;
  for (let at = 0; at < end; at += bits) {
    const r = lane(
      op,
      sel,
      extract(n, at, bits, unsigned),
      extract(m, at, bits, mUnsigned),
      extract(d, at, bits, unsigned),
    );
    result |= ((<u64>r) & maskOf(bits)) << at;
  }
  return result;
}

/** Operations that cannot saturate. */
export function lanes(op: i32, sel: i32, n: v128, m: v128, d: v128): v128 {
  const scope = sel & SCOPE;
  const low = half(op, sel, lower(n), lower(m), lower(d), scope == SCALAR ? laneBits(sel) : 64);
  return join(low, scope == FULL ? half(op, sel, upper(n), upper(m), upper(d), 64) : 0);
}

/** Operations that may set FPSR.QC. */
export function sat_lanes(op: i32, sel: i32, n: v128, m: v128, d: v128, fp: i32): v128 {
  beginSaturation();
  const result = lanes(op, sel, n, m, d);
  endSaturation(fp);
  return result;
}
