import type { V } from '@qvm/jit';
import { softfloat } from '../builder/softfloat-helpers.js';
import type { X86 } from '../builder/x86.js';
import type { Operands, Semantics, X86Row } from '../describe/row.js';
import { callFloat, inLowLane, lowLane, readScalar, registerOf, withLowLane } from './sse-float-common.js';
import { setVector, sse, vectorOf } from './sse-row.js';

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

/** Low half of the source, or all of it: four or two lanes. */
const lowHalf = (b: X86, [, source]: Operands): V => inLowLane(b, readScalar(b, source, 1));

/** CVTPS2DQ and the like. */
const packedToInteger =
  (double: number, truncate: number): Semantics =>
  (b, [target, source]) => {
    const helper = softfloat(double ? 'v_f64_to_s32' : 'v_f32_to_s32');
    b.write(target, callFloat(b, helper, b.readAligned(source), b.i32(truncate), b.i32(double ? 2 : 4)));
  };

/** CVTPS2PI, CVTPD2PI and the like: two integers in an MMX register. */
const toMmx =
  (double: number, truncate: number): Semantics =>
  (b, [target, source]) => {
    const helper = softfloat(double ? 'v_f64_to_s32' : 'v_f32_to_s32');
    const x = double ? b.readAligned(source) : inLowLane(b, readScalar(b, source, 1));
    setVector(b, target, callFloat(b, helper, x, b.i32(truncate), b.i32(2)));
  };

/** Conversions of SSE and SSE2 (SDM vol. 1, 11.4.1.6). @experimental */
export const sseConvertRows: readonly X86Row[] = [
  sse('CVTSI2SS', ['F3 0F 2A Vd,Ey'], fromInteger(0)),
  sse('CVTSI2SD', ['F2 0F 2A Vq,Ey'], fromInteger(1)),
  sse('CVTTSS2SI', ['F3 0F 2C Gy,Wd'], toInteger(0, 1)),
  sse('CVTTSD2SI', ['F2 0F 2C Gy,Wq'], toInteger(1, 1)),
  sse('CVTSS2SI', ['F3 0F 2D Gy,Wd'], toInteger(0, 0)),
  sse('CVTSD2SI', ['F2 0F 2D Gy,Wq'], toInteger(1, 0)),
  sse('CVTSS2SD', ['F3 0F 5A Vq,Wd'], (b, operands) =>
    setLow(b, operands, 1, callFloat(b, softfloat('f32_to_f64'), readScalar(b, operands[1], 0))),
  ),
  sse('CVTSD2SS', ['F2 0F 5A Vd,Wq'], (b, operands) =>
    setLow(b, operands, 0, callFloat(b, softfloat('f64_to_f32'), readScalar(b, operands[1], 1))),
  ),
  sse('CVTPS2PD', ['NP 0F 5A Vx,Wq'], (b, operands) =>
    b.write(operands[0], callFloat(b, softfloat('v_f32_to_f64'), lowHalf(b, operands), b.i32(2))),
  ),
  sse('CVTPD2PS', ['66 0F 5A Vx,Wx'], (b, [target, source]) =>
    b.write(target, callFloat(b, softfloat('v_f64_to_f32'), b.readAligned(source), b.i32(2))),
  ),
  sse('CVTDQ2PS', ['NP 0F 5B Vx,Wx'], (b, [target, source]) =>
    b.write(target, callFloat(b, softfloat('v_f32_from_s32'), b.readAligned(source), b.i32(4))),
  ),
  sse('CVTPS2DQ', ['66 0F 5B Vx,Wx'], packedToInteger(0, 0)),
  sse('CVTTPS2DQ', ['F3 0F 5B Vx,Wx'], packedToInteger(0, 1)),
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
  sse('CVTDQ2PD', ['F3 0F E6 Vx,Wq'], (b, operands) =>
    b.write(operands[0], b.simd('f64x2_convert_low_i32x4_s', lowHalf(b, operands))),
  ),
  sse('CVTPD2DQ', ['F2 0F E6 Vx,Wx'], packedToInteger(1, 0)),
  sse('CVTTPD2DQ', ['66 0F E6 Vx,Wx'], packedToInteger(1, 1)),
];
