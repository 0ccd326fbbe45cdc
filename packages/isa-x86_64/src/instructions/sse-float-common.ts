import { Ty } from '@qvm/jit';
import type { Helper, Reg, SimdName, V } from '@qvm/jit';
import { Exit, Vector } from '../builder/exits.js';
import { State } from '../builder/layout.js';
import { scalarFloat } from '../builder/softfloat-helpers.js';
import type { ScalarOperation } from '../builder/softfloat-helpers.js';
import { typeOf } from '../builder/x86.js';
import type { X86 } from '../builder/x86.js';
import type { Operand } from '../describe/operand.js';

/** log2 of the bytes of a number in single (`double` = 0) or double precision. @internal */
export const sizeOfFloat = (double: number): number => 2 + double;

/** The register of an operand that is one. @internal */
export function registerOf(operand: Operand): Reg {
  if (operand.kind !== 'register') throw new Error('a register');
  return operand.register;
}

/** The value of an immediate operand: an i32. @internal */
export function immediateOf(b: X86, operand: Operand): V {
  if (operand.kind !== 'immediate') throw new Error('an immediate');
  return b.as(operand.value, Ty.i32);
}

/** Address of MXCSR and of the word after it, for softfloat. @internal */
export const sseStatus = (b: X86): V => b.add(b.state(), b.i32(State.mxcsr));

/**
 * Raises #XM if a function of softfloat has found an unmasked exception. Registers have not changed; the word of pending
 * exceptions becomes 0. The vCPU makes it #UD if CR4.OSXMMEXCPT is 0.
 *
 * @param before - of a vector in halves: MXCSR before the first.
 * @internal
 */
export function raisePending(b: X86, before?: V): void {
  const pending = b.stateAt(State.pendingSse, 4);
  const mxcsr = b.stateAt(State.mxcsr, 4);
  const reported =
    before === undefined ? mxcsr : b.select(b.and(pending, b.imm(FOUND_FIRST)), without(b, mxcsr, before), mxcsr);
  const cleared = { offset: State.mxcsr, value: b.as(reported, Ty.i64) };
  b.leaveIf(pending, Exit.Exception, b.i32(Vector.XM), cleared);
}

/** IE, DE and ZE, which are found before results are computed; OE, UE and PE, which are found afterwards. */
const [FOUND_FIRST, FOUND_LAST] = [7, 0x38];

/** MXCSR without exceptions of the second kind that were not there before. */
const without = (b: X86, mxcsr: V, before: V): V => b.and(mxcsr, b.or(before, b.imm(~FOUND_LAST)));

/**
 * Calls a function of softfloat that may raise an exception; the address of the status block is its last argument. Of both
 * halves of a vector of 256 bits, exceptions are raised together: an unmasked one of one half that is found before the computation
 * prevents those of the other that are found afterwards (SDM vol. 1, 11.5.3).
 *
 * @internal
 */
export function callFloat(b: X86, helper: Helper, ...args: readonly V[]): V {
  if (b.half === 0) b.keepMxcsr();
  const result = b.callNow(helper, ...args, sseStatus(b));
  if (b.half !== 0) raisePending(b, b.half === 1 ? b.keptMxcsr : undefined);
  return result;
}

/** Operations for which WebAssembly has instructions, on single and double precision lanes. */
const NATIVE: Readonly<Partial<Record<ScalarOperation, readonly [SimdName, SimdName]>>> = {
  add: ['f32x4_add', 'f64x2_add'],
  sub: ['f32x4_sub', 'f64x2_sub'],
  mul: ['f32x4_mul', 'f64x2_mul'],
  div: ['f32x4_div', 'f64x2_div'],
  sqrt: ['f32x4_sqrt', 'f64x2_sqrt'],
};

/** MXCSR.RC, PM and PE. */
const ROUNDING_AND_PRECISION = 0x7020;
const PRECISION_MASKED_AND_SET = 0x1020;

/**
 * Whether rounding is to nearest, and inexact results are masked and already reported: then an operation on numbers
 * that are not denormal with a normal result has no side effects, and WebAssembly's instruction is exact.
 */
const isQuiet = (b: X86): V =>
  b.eq(b.and(b.stateAt(State.mxcsr, 4), b.imm(ROUNDING_AND_PRECISION)), b.imm(PRECISION_MASKED_AND_SET));

/**
 * Whether the result is normal and does not have the smallest normal exponent, with which it may have been tiny before
 * rounding.
 */
function isSafe(b: X86, bits: V, double: number): V {
  return double
    ? b.ltu(b.sub(b.and(bits, b.i64(0x7ffn << 52n)), b.i64(2n << 52n)), b.i64(0x7fdn << 52n))
    : b.ltu(b.sub(b.and(bits, b.i32(0xff << 23)), b.i32(2 << 23)), b.i32(0xfd << 23));
}

/** Whether a number is not denormal. @internal */
export function isNotDenormal(b: X86, bits: V, double: number): V {
  // Without the sign, denormal numbers are 1 to 2^53 − 1 (2^24 − 1), and 0 becomes the largest value.
  const doubled = b.sub(b.shl(bits, b.imm(1)), double ? b.i64(1) : b.i32(1));
  return b.geu(doubled, double ? b.i64((1n << 53n) - 1n) : b.i32(0xffffff));
}

/** The low lane of a vector as bits. @internal */
export const lowLane = (b: X86, x: V, double: number): V =>
  b.extractLane(double ? 'i64x2_extract_lane' : 'i32x4_extract_lane', x, 0);

/** `x` with a new low lane. @internal */
export const withLowLane = (b: X86, x: V, double: number, bits: V): V =>
  b.replaceLane(double ? 'i64x2_replace_lane' : 'i32x4_replace_lane', x, 0, bits);

/** Bits in the low lane of a vector. @internal */
export const inLowLane = (b: X86, bits: V): V => b.vectorFrom64(b.as(bits, Ty.i64));

/** A scalar operand: an i32 or i64 of its bits. @internal */
export function readScalar(b: X86, operand: Operand, double: number): V {
  const size = sizeOfFloat(double);
  if (operand.kind === 'register') return b.as(lowLane(b, b.vectorRegister(operand), double), typeOf(size));
  return b.read(operand.kind === 'memory' ? { ...operand, size } : operand);
}

/** An operation on one or two scalars: WebAssembly's instruction where it is exact, otherwise softfloat. @internal */
export function scalarOperation(b: X86, op: ScalarOperation, double: number, ...operands: readonly V[]): V {
  const helper = scalarFloat(op, double);
  const native = NATIVE[op]?.[double];
  if (native === undefined) return callFloat(b, helper, ...operands);
  const [x, y] = operands.map((bits) => inLowLane(b, bits));
  const bits = lowLane(b, b.simd(native, x as V, y), double);
  const ordinary = operands.map((v) => isNotDenormal(b, v, double)).reduce((all, one) => b.and(all, one));
  const condition = b.and(b.and(isQuiet(b), isSafe(b, bits, double)), ordinary);
  const result = b.chooseCall(condition, bits, helper, ...operands, sseStatus(b));
  raisePending(b);
  return result;
}
