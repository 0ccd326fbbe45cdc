import type { V } from '@qvm/jit';
import { PackedFlag } from '../builder/flags.js';
import type { X86 } from '../builder/x86.js';
import { halfOf } from '../describe/halves.js';
import { VECTOR } from '../describe/operand-code.js';
import type { Operands } from '../describe/row.js';

/**
 * PTEST and the like: ZF = (`of` x & y is 0), CF = (`of` ~x & y is 0).
 *
 * @param of - the bits that count.
 * @internal
 */
export function testBits(b: X86, [target, source]: Operands, of: (v: V) => V): void {
  const halves = target.size === VECTOR ? [0 as const] : ([0, 1] as const);
  const both = (combine: 'v128_and' | 'v128_andnot'): V =>
    halves
      .map((half) => of(b.simd(combine, b.readAligned(halfOf(source, half)), b.read(halfOf(target, half)))))
      .reduce((all, one) => b.simd('v128_or', all, one));
  const isZero = (v: V): V => b.eqz(b.simd('v128_any_true', v));
  const zero = b.flag(isZero(both('v128_and')), PackedFlag.ZF);
  b.setPackedFlags(b.or(zero, b.flag(isZero(both('v128_andnot')), PackedFlag.CF)));
}
