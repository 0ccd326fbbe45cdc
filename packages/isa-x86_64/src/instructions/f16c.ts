import type { V } from '@qvm/jit';
import { softfloat } from '../builder/softfloat-helpers.js';
import { halfOf } from '../describe/halves.js';
import { VECTOR } from '../describe/operand-code.js';
import type { Semantics, X86Row } from '../describe/row.js';
import { widening } from './sse-convert.js';
import { callFloat, immediateOf, lowLane } from './sse-float-common.js';
import { sse } from './sse-row.js';

/** VCVTPS2PH: bits 2–0 of the immediate select the rounding. */
const toHalf: Semantics = (b, [target, source, control]) => {
  // Nothing may fault after MXCSR has changed.
  if (target.kind === 'memory') target.opened = b.openOperand(target, 1 << target.size, 'write');
  const rounding = b.and(immediateOf(b, control), b.imm(7));
  const convert = (x: V): V => callFloat(b, softfloat('v_f32_to_f16'), x, rounding, b.i32(4));
  if (source.size === VECTOR) {
    const result = convert(b.read(source));
    b.write(target, target.kind === 'memory' ? lowLane(b, result, 1) : result);
    return;
  }
  const results: V[] = [];
  b.forHalves((half) => results.push(convert(b.read(halfOf(source, half)))));
  const [low, high] = results as [V, V];
  b.write(target, b.replaceLane('i64x2_replace_lane', low, 1, lowLane(b, high, 1)));
};

const WHOLE = { whole: true };

/** Conversions from and to half precision (SDM vol. 1, 14.4). @experimental */
export const f16cRows: readonly X86Row[] = [
  sse(
    'VCVTPH2PS',
    ['VEX 66 0F 38 13 W0 Vx,Wx/2 @f16c'],
    widening((b, x) => callFloat(b, softfloat('v_f16_to_f32'), x, b.i32(4))),
    WHOLE,
  ),
  sse('VCVTPS2PH', ['VEX 66 0F 3A 1D W0 Wx/2,Vx,Ib @f16c'], toHalf, WHOLE),
];
