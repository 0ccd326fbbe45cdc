import type { DecoderMode } from '../decode/mode.js';
import { rowIn, rowWith } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import { aesRows } from './aes.js';
import { arithmeticRows } from './arithmetic.js';
import { avxRows } from './avx.js';
import { bitRows } from './bits.js';
import { bmiRows } from './bmi.js';
import { controlRows } from './control.js';
import { decimalRows } from './decimal.js';
import { divisionRows } from './division.js';
import { f16cRows } from './f16c.js';
import { fmaRows } from './fma.js';
import { mmxRows } from './mmx.js';
import { moveRows } from './moves.js';
import { shiftRows } from './shifts.js';
import { sseConvertRows } from './sse-convert.js';
import { sseFloatRows } from './sse-float.js';
import { sseIntegerRows } from './sse-integer.js';
import { sseMoveRows } from './sse-moves.js';
import { sse4ElementRows } from './sse4-elements.js';
import { sse4StringRows } from './sse4-strings.js';
import { sse4Rows } from './sse4.js';
import { ssse3Rows } from './ssse3.js';
import { interruptReturnRows } from './interrupt-return.js';
import { fastCallRows } from './fast-calls.js';
import { stackRows } from './stack.js';
import { stringRows } from './strings.js';
import { systemRows } from './system.js';
import { x87ArithmeticRows } from './x87-arithmetic.js';
import { x87ControlRows } from './x87-control.js';
import { x87EnvironmentRows } from './x87-environment.js';
import { x87MoveRows } from './x87-moves.js';

/** The instruction tables by name. @experimental */
export const x86Tables = {
  /** AES-NI and PCLMULQDQ. */
  aes: aesRows,
  /** Integer arithmetic and logic of two operands, comparisons. */
  arithmetic: arithmeticRows,
  /** AVX and AVX2: what SSE does not have. */
  avx: avxRows,
  /** Bit tests, scans and counts. */
  bits: bitRows,
  /** BMI1, BMI2, ADX. */
  bmi: bmiRows,
  /** Jumps, calls, returns, conditions. */
  control: [...controlRows, ...interruptReturnRows],
  /** Decimal arithmetic, outside of 64-bit mode. */
  decimal: decimalRows,
  /** DIV and IDIV. */
  division: divisionRows,
  /** F16C: half precision. */
  f16c: f16cRows,
  /** FMA: products and sums with one rounding. */
  fma: fmaRows,
  /** MMX: moves, and what SSE does not have. */
  mmx: mmxRows,
  /** Moves, extensions, conversions, exchanges. */
  moves: moveRows,
  /** Shifts and rotates. */
  shifts: shiftRows,
  /** SSE: conversions of numbers. */
  'sse-convert': sseConvertRows,
  /** SSE: floating-point arithmetic and comparisons. */
  'sse-float': sseFloatRows,
  /** SSE: integers in vectors. */
  'sse-integer': sseIntegerRows,
  /** SSE: moves. */
  'sse-moves': sseMoveRows,
  /** SSE4.1, SSE4.2: vectors. */
  sse4: sse4Rows,
  /** SSE4.1: elements of vectors; CRC32. */
  'sse4-elements': sse4ElementRows,
  /** SSE4.2: comparison of strings. */
  'sse4-strings': sse4StringRows,
  /** SSSE3. */
  ssse3: ssse3Rows,
  /** PUSH, POP, ENTER, LEAVE, flags on the stack. */
  stack: stackRows,
  /** String instructions, with REP. */
  strings: stringRows,
  /** Instructions that the vCPU executes, and other system instructions. */
  system: [...systemRows, ...fastCallRows],
  /** x87: arithmetic, comparisons, transcendental functions. */
  'x87-arithmetic': x87ArithmeticRows,
  /** x87: control of the unit. */
  'x87-control': x87ControlRows,
  /** x87: saving and restoring the state. */
  'x87-environment': x87EnvironmentRows,
  /** x87: loads, stores, exchanges, constants. */
  'x87-moves': x87MoveRows,
} as const satisfies Readonly<Record<string, readonly X86Row[]>>;

/** Every instruction that is implemented. @experimental */
export const x86Rows: readonly X86Row[] = Object.values(x86Tables).flat();

/** The rows that a processor with these features has. @experimental */
export function rowsWith(features: ReadonlySet<string>): readonly X86Row[] {
  return x86Rows.map((row) => rowWith(row, features)).filter((row) => row !== undefined);
}

/** The features on which rows and encodings depend. @experimental */
export const rowFeatures: readonly string[] = [
  ...new Set(
    x86Rows.flatMap(({ options, encodings }) => [options.feature, ...encodings.map(({ feature }) => feature)]),
  ),
].filter((feature) => feature !== undefined);

/** The rows with the encodings and forms of a mode. @experimental */
export function rowsIn(rows: readonly X86Row[], mode: DecoderMode): readonly X86Row[] {
  return rows.map((row) => rowIn(row, mode)).filter((row) => row !== undefined);
}
