/** VFMADD and the like: a product and a sum with one rounding (Intel SDM volume 1, section 14.5). */
import { begin, end, invalid, processNaNs3 } from './policy';
import { A, B, C, F32, F64, INF, QNAN, infinity, unpackA, unpackB, unpackC } from '../core';
import { fused, invalidProduct, quick32, quick64 } from '../fused';

/** Bits of `negate`: the product, and the addend, have the opposite sign. NaNs keep theirs. */
const PRODUCT: i32 = 1;

function unpacked(format: i32, a: u64, b: u64, c: u64, negate: i32): u64 {
  unpackA(format, a);
  unpackB(format, b);
  unpackC(format, c);
  if (A.cls >= QNAN || B.cls >= QNAN || C.cls >= QNAN) return processNaNs3(format, c, a, b);
  C.sign ^= negate >> 1;
  const sign = A.sign ^ B.sign ^ (negate & PRODUCT);
  const infProduct = A.cls == INF || B.cls == INF;
  if (invalidProduct() || (C.cls == INF && infProduct && C.sign != sign)) return invalid(format);
  if (C.cls == INF) return infinity(format, C.sign);
  return infProduct ? infinity(format, sign) : fused(format, sign, 0);
}

function muladd(format: i32, a: u64, b: u64, c: u64, negate: i32, fp: i32): u64 {
  begin(format, fp);
  const result = unpacked(format, a, b, c, negate);
  end(fp);
  return result;
}

/** a * b + c. @param negate - bit 0: the product is subtracted, bit 1: the addend is. */
export function f64_fma(a: i64, b: i64, c: i64, negate: i32, fp: i32): i64 {
  const quick = quick64(c ^ ((<i64>(negate >> 1)) << 63), a ^ ((<i64>negate) << 63), b, fp);
  return quick != 0 ? quick : muladd(F64, a, b, c, negate, fp);
}

export function f32_fma(a: i32, b: i32, c: i32, negate: i32, fp: i32): i32 {
  const quick = quick32(c ^ ((negate >> 1) << 31), a ^ (negate << 31), b, fp);
  return quick != 0 ? quick : <i32>muladd(F32, <u32>a, <u32>b, <u32>c, negate, fp);
}
