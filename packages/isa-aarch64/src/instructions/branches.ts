import { small, target } from '@qvm/jit';
import { Exit } from '../builder/layout.js';
import { inst, signed } from './row.js';
import type { A64Row } from './row.js';

const offset26 = { offset: target((f: { readonly imm26: number }) => signed(f.imm26, 26) * 4) };
const offset19 = { offset: target((f: { readonly imm19: number }) => signed(f.imm19, 19) * 4) };

/**
 * Branches, exception generation and return (Arm ARM C4.1.93).
 *
 * @experimental
 */
export const branchRows: readonly A64Row[] = [
  inst('C6.2.26', 'B', '0 00101 imm26:26', { operands: offset26 }, (b, { offset }) => b.jump(offset)),

  inst('C6.2.35', 'BL', '1 00101 imm26:26', { operands: offset26 }, (b, { offset }) => {
    b.link();
    b.jump(offset, true);
  }),

  inst('C6.2.27', 'B.cond', '0101010 0 imm19:19 0 cond:4!', { operands: offset19 }, (b, { offset, cond }) => b.branch(b.cond(cond), offset)),

  inst('C6.2.47', 'CBZ, CBNZ', 'sf:1! 011010 op:1! imm19:19 Rt:5', { operands: offset19 }, (b, { sf, op, Rt, offset }) => {
    const t = b.x(Rt, sf);
    b.branch(op ? b.ne(t, b.imm(0)) : b.eqz(t), offset);
  }),

  inst('C6.2.375', 'TBZ, TBNZ', 'b5:1 011011 op:1! b40:5 imm14:14 Rt:5',
    { operands: { offset: target((f) => signed(f.imm14, 14) * 4), bit: small((f) => (f.b5 << 5) | f.b40) } },
    (b, { op, Rt, bit, offset }) => {
      const t = b.as(b.and(b.shr(b.x(Rt, 1), bit), b.imm(1)), 0x7f);
      b.branch(op ? t : b.eqz(t), offset);
    }),

  inst('C6.2.37', 'BR, BLR, RET', '1101011 00 opc:2! 11111 000000 Rn:5 00000', { valid: (f) => f.opc < 3 }, (b, { opc, Rn }) => {
    if (opc === 1) b.link();
    b.jumpTo(b.x(Rn, 1), opc === 1);
  }),

  inst('C6.2.103', 'ERET', '1101011 0100 11111 000000 11111 00000', {}, (b) => b.leave(Exit.Eret, b.i32(0))),

  inst('C6.2.365', 'SVC', '11010100 000 imm16:16 000 01', {}, (b, { imm16 }) => b.leave(Exit.Svc, imm16)),
  inst('C6.2.128', 'HVC', '11010100 000 imm16:16 000 10', {}, (b, { imm16 }) => b.leave(Exit.Hvc, imm16)),
  inst('C6.2.340', 'SMC', '11010100 000 imm16:16 000 11', {}, (b, { imm16 }) => b.leave(Exit.Smc, imm16)),
  inst('C6.2.42', 'BRK', '11010100 001 imm16:16 000 00', {}, (b, { imm16 }) => b.leave(Exit.Brk, imm16)),
  inst('C6.2.127', 'HLT', '11010100 010 imm16:16 000 00', {}, (b, { imm16 }) => b.leave(Exit.Hlt, imm16)),
];
