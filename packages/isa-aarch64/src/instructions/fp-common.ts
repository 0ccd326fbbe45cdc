import { small, Ty } from '@qvm/jit';
import type { Reg, SimdName, V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { nzcvModel } from '../builder/flags.js';
import { State } from '../builder/layout.js';
import { scalarFloat } from '../builder/softfloat-helpers.js';
import type { ScalarOperation } from '../builder/softfloat-helpers.js';

/** softfloat's number of FPRounding_TIEAWAY; 0–3 are FPCR.RMode. @experimental */
export const TIES_AWAY = 4;

/** The bits of a scalar operand: an i64 in double precision (`double` = 1), otherwise an i32. @experimental */
export function scalar(b: A64, r: Reg, double: number): V {
  return double ? b.d(r) : b.s(r);
}

/** Operations for which WebAssembly has instructions, on single and double precision lanes. */
const NATIVE: Readonly<Partial<Record<ScalarOperation, readonly [SimdName, SimdName]>>> = {
  add: ['f32x4_add', 'f64x2_add'],
  sub: ['f32x4_sub', 'f64x2_sub'],
  mul: ['f32x4_mul', 'f64x2_mul'],
  div: ['f32x4_div', 'f64x2_div'],
  sqrt: ['f32x4_sqrt', 'f64x2_sqrt'],
};
/** FPCR.RMode and FZ, and above them FPSR.IXC, as one word of the state. */
const FP_MODE = (7n << 22n) | (1n << 36n);
const INEXACT_SET = 1n << 36n;

/**
 * Whether the mode is round to nearest without flushing, and FPSR.IXC is set: then an operation with a normal result
 * has no side effects, and WebAssembly's instruction is exact.
 */
function isQuiet(b: A64): V {
  return b.eq(b.and(b.stateAt(State.fpcr, 8), b.i64(FP_MODE)), b.i64(INEXACT_SET));
}

/**
 * Whether the result is normal and does not have the smallest normal exponent, with which it may have been tiny before
 * rounding.
 */
function isSafe(b: A64, bits: V, double: number): V {
  return double
    ? b.ltu(b.sub(b.and(bits, b.i64(0x7ffn << 52n)), b.i64(2n << 52n)), b.i64(0x7fdn << 52n))
    : b.ltu(b.sub(b.and(bits, b.i32(0xff << 23)), b.i32(2 << 23)), b.i32(0xfd << 23));
}

/**
 * A scalar operation on one or two registers: WebAssembly's instruction where it is exact, otherwise softfloat.
 *
 * @experimental
 */
export function scalarOperation(b: A64, op: ScalarOperation, double: number, ...registers: readonly Reg[]): V {
  const helper = scalarFloat(op, double);
  const operands = registers.map((r) => scalar(b, r, double));
  const native = NATIVE[op]?.[double];
  if (native === undefined) return b.call(helper, ...operands, b.fpStatus());
  const [n, m] = registers.map((r) => b.v(r));
  const bits = b.extractLane(double ? 'i64x2_extract_lane' : 'i32x4_extract_lane', b.simd(native, n as V, m), 0);
  return b.chooseCall(b.and(isQuiet(b), isSafe(b, bits, double)), bits, helper, ...operands, b.fpStatus());
}

/** FPNeg of a scalar: a bit operation, also for NaNs. @experimental */
export function negate(b: A64, x: V, double: number): V {
  return b.xor(x, double ? b.i64(1n << 63n) : b.i32(1 << 31));
}

/** FPAbs of a scalar. @experimental */
export function absolute(b: A64, x: V, double: number): V {
  return b.and(x, double ? b.i64((1n << 63n) - 1n) : b.i32(0x7fffffff));
}

/** The lanes of a vector that {@link signs} sets. @experimental */
export enum Lanes {
  All,
  Even,
  Odd,
}

/** A vector with the sign bits of lanes set. @experimental */
export function signs(b: A64, double: number, lanes: Lanes = Lanes.All): V {
  const size = double ? 8 : 4;
  const chosen = (lane: number): boolean => lanes === Lanes.All || lane % 2 === (lanes === Lanes.Odd ? 1 : 0);
  return b.vector(
    Array.from({ length: 16 }, (_, i) => (i % size === size - 1 && chosen(Math.floor(i / size)) ? 0x80 : 0)),
  );
}

/** FPNeg of all lanes. @experimental */
export function negateVector(b: A64, x: V, double: number): V {
  return b.simd('v128_xor', x, signs(b, double));
}

/** FPAbs of all lanes. @experimental */
export function absoluteVector(b: A64, x: V, double: number): V {
  return b.simd('v128_andnot', x, signs(b, double));
}

/** The rounding mode that FPCR selects. @experimental */
export function currentRounding(b: A64): V {
  return b.and(b.shr(b.stateAt(State.fpcr, 4), b.imm(22)), b.imm(3));
}

/** The NZCV values for which the condition in field `cond` holds, as a mask of 16 bits. @experimental */
export const conditionMask = small(({ cond }: { cond: number }) => nzcvModel.truth[cond] as number);

/** Whether the flags satisfy a {@link conditionMask}: an i32, 0 or 1. @experimental */
export function holds(b: A64, mask: V): V {
  return b.and(b.shr(b.as(mask, Ty.i32), b.packedFlags()), b.imm(1));
}

interface Shape {
  readonly Q: number;
  readonly S?: number;
  readonly sz: number;
}

/**
 * Number of lanes of an instruction with fields `Q` and `sz` that is scalar if `S` (bit 28) is set. One handler serves
 * all of them, because softfloat clears the other lanes.
 *
 * @experimental
 */
export const laneCount = small(({ Q, S, sz }: Shape) => (S ? 1 : sz || !Q ? 2 : 4));

/** Whether `Q` and `sz` (and `S`) form a valid arrangement: 2S, 4S, 2D, or a scalar. @experimental */
export function arrangement({ Q, S, sz }: Shape): boolean {
  return Q === 1 || (!S && !sz);
}

/** Copies the element at byte `offset` (an operand) to all lanes. @experimental */
export function splatElement(b: A64, x: V, offset: V, bytes: number): V {
  const first = b.vector(Array.from({ length: 16 }, (_, i) => i % bytes));
  return b.simd('i8x16_swizzle', x, b.simd('i8x16_add', first, b.simd('i8x16_splat', b.as(offset, Ty.i32))));
}
