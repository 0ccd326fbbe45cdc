import type { V } from '@qvm/jit';
import { softfloat } from '../builder/softfloat-helpers.js';
import type { X86 } from '../builder/x86.js';
import { halfOf } from '../describe/halves.js';
import { VECTOR } from '../describe/operand-code.js';
import type { Operands, Semantics, X86Row } from '../describe/row.js';
import { callFloat, inLowLane, lowLane, readScalar, registerOf, withLowLane } from './sse-float-common.js';
import { setVector, sse, vectorOf } from './sse-row.js';
import { ALONE_AVX, MERGED_AVX } from './vex.js';

const setLow = (b: X86, [target]: Operands, double: number, bits: V): void => {
  b.write(target, withLowLane(b, b.vectorRegister(target), double, bits));
};

/** CVTSI2SS, CVTSI2SD. An integer of 32 bits is exact in double precision. */
const fromInteger =
  (double: number): Semantics =>
  (b, operands, { size }) => {
    const x = b.read(operands[1]);
    if (double && size < 3) {
      setLow(b, operands, 1, lowLane(b, b.simd('f64x2_convert_low_i32x4_s', inLowLane(b, x)), 1));
      return;
    }
    const wide = size === 3 ? x : b.widenSigned(x);
    setLow(b, operands, double, callFloat(b, softfloat(double ? 'f64_from_s64' : 'f32_from_s64'), wide));
  };

/** CVTSS2SI, CVTTSD2SI and the like. */
const toInteger =
  (double: number, truncate: number): Semantics =>
  (b, [target, source], { size }) => {
    const x = readScalar(b, source, double);
    const helper = softfloat(`${double ? 'f64' : 'f32'}_to_${size === 3 ? 's64' : 's32'}`);
    b.setG(registerOf(target), size === 3 ? 3 : 2, callFloat(b, helper, x, b.i32(truncate)));
  };

/** The source of an operation on two lanes of 64 or 32 bits, in the low half of a vector. */
const lowHalf = (b: X86, [, source]: Operands): V => inLowLane(b, readScalar(b, source, 1));

/** Operations that make lanes twice as wide: of 256 bits, each half of the source makes a half of the result. @internal */
export const widening =
  (of: (b: X86, low: V) => V): Semantics =>
  (b, operands) => {
    const [target, source] = operands;
    if (target.size === VECTOR) {
      b.write(target, of(b, lowHalf(b, operands)));
      return;
    }
    const x = b.read(source);
    b.forHalves((half) => b.write(halfOf(target, half), of(b, half ? highToLow(b, x) : x)));
  };

const highToLow = (b: X86, x: V): V => inLowLane(b, b.extractLane('i64x2_extract_lane', x, 1));

/** Operations that make lanes half as wide: of 256 bits, each half of the source makes a half of a vector of 128. */
const narrowing =
  (of: (b: X86, x: V) => V): Semantics =>
  (b, [target, source]) => {
    if (source.size === VECTOR) {
      b.write(target, of(b, b.readAligned(source)));
      return;
    }
    const results: V[] = [];
    b.forHalves((half) => results.push(of(b, b.read(halfOf(source, half)))));
    const [low, high] = results as [V, V];
    b.write(target, b.replaceLane('i64x2_replace_lane', low, 1, b.extractLane('i64x2_extract_lane', high, 0)));
  };

const convertPacked =
  (double: number, truncate: number) =>
  (b: X86, x: V): V => {
    const helper = softfloat(double ? 'v_f64_to_s32' : 'v_f32_to_s32');
    return callFloat(b, helper, x, b.i32(truncate), b.i32(double ? 2 : 4));
  };

/** CVTPS2DQ and the like. */
const packedToInteger =
  (truncate: number): Semantics =>
  (b, [target, source]) =>
    b.write(target, convertPacked(0, truncate)(b, b.readAligned(source)));

/** CVTPS2PI, CVTPD2PI and the like: two integers in an MMX register. */
const toMmx =
  (double: number, truncate: number): Semantics =>
  (b, [target, source]) => {
    const helper = softfloat(double ? 'v_f64_to_s32' : 'v_f32_to_s32');
    const x = double ? b.readAligned(source) : inLowLane(b, readScalar(b, source, 1));
    setVector(b, target, callFloat(b, helper, x, b.i32(truncate), b.i32(2)));
  };

const WHOLE = { whole: true };
const WIDENING = { ...WHOLE, vex: { wide: 'avx', source: 'Wx/2' } } as const;

/** Conversions of SSE and SSE2 (SDM vol. 1, 11.4.1.6). @experimental */
export const sseConvertRows: readonly X86Row[] = [
  sse('CVTSI2SS', ['F3 0F 2A Vd,Ey'], fromInteger(0), { vex: MERGED_AVX }),
  sse('CVTSI2SD', ['F2 0F 2A Vq,Ey'], fromInteger(1), { vex: MERGED_AVX }),
  sse('CVTTSS2SI', ['F3 0F 2C Gy,Wd'], toInteger(0, 1), { vex: ALONE_AVX }),
  sse('CVTTSD2SI', ['F2 0F 2C Gy,Wq'], toInteger(1, 1), { vex: ALONE_AVX }),
  sse('CVTSS2SI', ['F3 0F 2D Gy,Wd'], toInteger(0, 0), { vex: ALONE_AVX }),
  sse('CVTSD2SI', ['F2 0F 2D Gy,Wq'], toInteger(1, 0), { vex: ALONE_AVX }),
  sse(
    'CVTSS2SD',
    ['F3 0F 5A @sse2 Vq,Wd'],
    (b, operands) => setLow(b, operands, 1, callFloat(b, softfloat('f32_to_f64'), readScalar(b, operands[1], 0))),
    { vex: MERGED_AVX },
  ),
  sse(
    'CVTSD2SS',
    ['F2 0F 5A Vd,Wq'],
    (b, operands) => setLow(b, operands, 0, callFloat(b, softfloat('f64_to_f32'), readScalar(b, operands[1], 1))),
    { vex: MERGED_AVX },
  ),
  sse(
    'CVTPS2PD',
    ['NP 0F 5A @sse2 Vx,Wq'],
    widening((b, x) => callFloat(b, softfloat('v_f32_to_f64'), x, b.i32(2))),
    WIDENING,
  ),
  sse(
    'CVTPD2PS',
    ['66 0F 5A Vx,Wx', 'VEX 66 0F 5A Vdq,Wx @avx'],
    narrowing((b, x) => callFloat(b, softfloat('v_f64_to_f32'), x, b.i32(2))),
    WHOLE,
  ),
  sse(
    'CVTDQ2PS',
    ['NP 0F 5B @sse2 Vx,Wx'],
    (b, [target, source]) =>
      b.write(target, callFloat(b, softfloat('v_f32_from_s32'), b.readAligned(source), b.i32(4))),
    { vex: ALONE_AVX },
  ),
  sse('CVTPS2DQ', ['66 0F 5B Vx,Wx'], packedToInteger(0), { vex: ALONE_AVX }),
  sse('CVTTPS2DQ', ['F3 0F 5B @sse2 Vx,Wx'], packedToInteger(1), { vex: ALONE_AVX }),
  sse('CVTPI2PS', ['NP 0F 2A Vq,Qq'], (b, operands) => {
    const numbers = callFloat(b, softfloat('v_f32_from_s32'), vectorOf(b, operands[1]), b.i32(2));
    setLow(b, operands, 1, lowLane(b, numbers, 1));
  }),
  sse('CVTPI2PD', ['66 0F 2A Vx,Qq'], (b, [target, source]) =>
    b.write(target, b.simd('f64x2_convert_low_i32x4_s', vectorOf(b, source))),
  ),
  sse('CVTTPS2PI', ['NP 0F 2C Pq,Wq'], toMmx(0, 1)),
  sse('CVTPS2PI', ['NP 0F 2D Pq,Wq'], toMmx(0, 0)),
  sse('CVTTPD2PI', ['66 0F 2C Pq,Wx'], toMmx(1, 1)),
  sse('CVTPD2PI', ['66 0F 2D Pq,Wx'], toMmx(1, 0)),
  sse(
    'CVTDQ2PD',
    ['F3 0F E6 @sse2 Vx,Wq'],
    widening((b, x) => b.simd('f64x2_convert_low_i32x4_s', x)),
    WIDENING,
  ),
  sse('CVTPD2DQ', ['F2 0F E6 Vx,Wx', 'VEX F2 0F E6 Vdq,Wx @avx'], narrowing(convertPacked(1, 0)), WHOLE),
  sse('CVTTPD2DQ', ['66 0F E6 Vx,Wx', 'VEX 66 0F E6 Vdq,Wx @avx'], narrowing(convertPacked(1, 1)), WHOLE),
];
