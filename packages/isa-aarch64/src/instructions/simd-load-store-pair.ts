import { small, Ty } from '@qvm/jit';
import type { Reg, V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { inst, signed, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import { maskedBase } from './simd-common.js';
import { loadRegister, registerBits, spBase, spMask } from './simd-load-store.js';

/** A signed number in a `small` operand. */
const signed16 = (b: A64, v: V): V => b.sx(b.as(v, Ty.i64), 16);

const distance = ({ imm7, opc }: { imm7: number; opc: number }): number => (signed(imm7, 7) << (2 + opc)) & 0xffff;

function transferPair(b: A64, Rt: Reg, Rt2: Reg, va: V, size: number, L: number): void {
  const m = b.open(va, 2 * size, L ? 'read' : 'write', { element: size });
  [Rt, Rt2].forEach((R, i) => {
    if (L) loadRegister(b, R, m, i * size, size);
    else b.storeAt(m, i * size, size, registerBits(b, R, size));
  });
}

/** Pairs of S, D or Q. @experimental */
export const simdLoadStorePairRows: readonly A64Row[] = withFpCheck([
  inst(
    'C7.2',
    'LDP, STP (SIMD&FP) with an offset, LDNP, STNP (SIMD&FP)',
    'opc:2! 101 1 0 allocate:1 0 L:1! imm7:7 Rt2:5 Rn:5 Rt:5',
    { operands: { imm: small(distance) }, derived: { sp: spBase }, valid: ({ opc }) => opc !== 3 },
    (b, { opc, L, imm, Rt, Rt2, Rn, sp }) => {
      transferPair(b, Rt, Rt2, b.add(b.base(Rn, sp), signed16(b, imm)), 4 << opc, L);
    },
  ),
  inst(
    'C7.2',
    'LDP, STP (SIMD&FP) with write-back',
    'opc:2! 101 1 0 pre:1 1 L:1! imm7:7 Rt2:5 Rn:5 Rt:5',
    {
      operands: { imm: small(distance), before: small((f) => (f.pre ? distance(f) : 0)), spMask },
      valid: ({ opc }) => opc !== 3,
    },
    (b, { opc, L, imm, before, Rt, Rt2, Rn, spMask: mask }) => {
      const base = maskedBase(b, Rn, b.as(mask, Ty.i32));
      transferPair(b, Rt, Rt2, b.add(base, signed16(b, before)), 4 << opc, L);
      b.setXsp(Rn, b.add(base, signed16(b, imm)));
    },
  ),
]);
