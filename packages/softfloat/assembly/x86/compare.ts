/** COMISS, UCOMISS, CMPPS with its predicates, MINSS, MAXSS and their double precision forms. */
import { begin, denormalsMatter, end } from './policy';
import { A, B, Env, F32, F64, INVALID, QNAN, SNAN, ZERO, raise, signBit, unpackA, unpackB } from '../core';
import { EQUAL, GREATER, LESS, UNORDERED, order } from '../order';

/** EFLAGS of an order: CF is bit 0, PF bit 2, ZF bit 6. */
function eflags(order: i32): i32 {
  if (order == GREATER) return 0;
  if (order == LESS) return 1;
  return order == EQUAL ? 0x40 : 0x45;
}

/** The order of two numbers; quiet NaNs raise IE if `signalNaNs` is not zero, NaNs hide DE. */
function compare(format: i32, a: u64, b: u64, signalNaNs: i32, fp: i32): i32 {
  begin(format, fp);
  unpackA(format, a);
  unpackB(format, b);
  let result = UNORDERED;
  if (A.cls >= QNAN || B.cls >= QNAN) {
    Env.flags = 0;
    if (signalNaNs || A.cls == SNAN || B.cls == SNAN) raise(INVALID);
  } else {
    result = order();
  }
  end(fp);
  return result;
}

function order64(a: i64, b: i64, signalNaNs: i32, fp: i32): i32 {
  const x = reinterpret<f64>(a);
  const y = reinterpret<f64>(b);
  if (x == x && y == y && unremarkable64(a, b, fp)) return x < y ? LESS : x > y ? GREATER : EQUAL;
  return compare(F64, a, b, signalNaNs, fp);
}

function order32(a: i32, b: i32, signalNaNs: i32, fp: i32): i32 {
  const x = reinterpret<f32>(a);
  const y = reinterpret<f32>(b);
  if (x == x && y == y && unremarkable32(a, b, fp)) return x < y ? LESS : x > y ? GREATER : EQUAL;
  return compare(F32, <u32>a, <u32>b, signalNaNs, fp);
}

/** Whether no operand is a denormal that matters. */
function unremarkable64(a: i64, b: i64, fp: i32): bool {
  return (!denormal64(a) && !denormal64(b)) || !denormalsMatter(fp);
}

function unremarkable32(a: i32, b: i32, fp: i32): bool {
  return (!denormal32(a) && !denormal32(b)) || !denormalsMatter(fp);
}

function denormal64(bits: u64): bool {
  return (bits << 1) - 1 < 0x1fffffffffffff;
}

function denormal32(bits: u32): bool {
  return (bits << 1) - 1 < 0xffffff;
}

/** ZF, PF and CF of a comparison, in their places in EFLAGS; quiet NaNs raise IE only if `signalNaNs` is not zero. */
export function f64_compare(a: i64, b: i64, signalNaNs: i32, fp: i32): i32 {
  return eflags(order64(a, b, signalNaNs, fp));
}

export function f32_compare(a: i32, b: i32, signalNaNs: i32, fp: i32): i32 {
  return eflags(order32(a, b, signalNaNs, fp));
}

/**
 * For predicate n, bits 4n+3 to 4n: unordered, greater, equal, less. The predicates from 16 on are the same relations
 * with the opposite behaviour for quiet NaNs.
 */
const RELATIONS: u64 = 0xf4650b9a7ced8312;

function holds(predicate: i32, order: i32): bool {
  const bit = order == LESS ? 0 : order == EQUAL ? 1 : order == GREATER ? 2 : 3;
  return ((RELATIONS >> (((predicate & 15) << 2) + bit)) & 1) != 0;
}

/** Whether quiet NaNs raise IE. */
function signals(predicate: i32): i32 {
  return (predicate ^ (predicate >> 1) ^ (predicate >> 4)) & 1;
}

/** All ones if predicate 0 to 31 of CMPSD holds, otherwise 0. */
export function f64_cmp(a: i64, b: i64, predicate: i32, fp: i32): i64 {
  return -(<i64>holds(predicate, order64(a, b, signals(predicate), fp)));
}

export function f32_cmp(a: i32, b: i32, predicate: i32, fp: i32): i32 {
  return -(<i32>holds(predicate, order32(a, b, signals(predicate), fp)));
}

/** The second operand unless `found`, the order of the operands, is `wanted`; a denormal is flushed with DAZ. */
function select(format: i32, a: u64, b: u64, wanted: i32, found: i32): u64 {
  if (found == wanted) return A.cls == ZERO ? signBit(format, A.sign) : a;
  return B.cls == ZERO ? signBit(format, B.sign) : b;
}

export function f64_max(a: i64, b: i64, fp: i32): i64 {
  const x = reinterpret<f64>(a);
  const y = reinterpret<f64>(b);
  if (x == x && y == y && unremarkable64(a, b, fp)) return x > y ? a : b;
  return select(F64, a, b, GREATER, compare(F64, a, b, 1, fp));
}

export function f64_min(a: i64, b: i64, fp: i32): i64 {
  const x = reinterpret<f64>(a);
  const y = reinterpret<f64>(b);
  if (x == x && y == y && unremarkable64(a, b, fp)) return x < y ? a : b;
  return select(F64, a, b, LESS, compare(F64, a, b, 1, fp));
}

export function f32_max(a: i32, b: i32, fp: i32): i32 {
  const x = reinterpret<f32>(a);
  const y = reinterpret<f32>(b);
  if (x == x && y == y && unremarkable32(a, b, fp)) return x > y ? a : b;
  return <i32>select(F32, <u32>a, <u32>b, GREATER, compare(F32, <u32>a, <u32>b, 1, fp));
}

export function f32_min(a: i32, b: i32, fp: i32): i32 {
  const x = reinterpret<f32>(a);
  const y = reinterpret<f32>(b);
  if (x == x && y == y && unremarkable32(a, b, fp)) return x < y ? a : b;
  return <i32>select(F32, <u32>a, <u32>b, LESS, compare(F32, <u32>a, <u32>b, 1, fp));
}
