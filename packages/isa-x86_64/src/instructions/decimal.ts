import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Vector } from '../builder/exits.js';
import { PackedFlag } from '../builder/flags.js';
import { Gpr } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { Operands, X86Row } from '../describe/row.js';

const AF_SHIFT = Math.log2(PackedFlag.AF);

/** Whether the low digit of AL is no decimal digit, or AF says that it was: 0 or 1. */
function lowOverflows(b: X86): V {
  const adjust = b.and(b.shr(b.packedFlags(), b.imm(AF_SHIFT)), b.imm(1));
  return b.or(b.gtu(b.and(b.fixed(Gpr.RAX, 0), b.imm(15)), b.imm(9)), adjust);
}

/** DAA, DAS: AL after a sum or difference of packed decimal digits. */
function adjustPacked(b: X86, subtracts: boolean): void {
  const al = b.fixed(Gpr.RAX, 0);
  const low = lowOverflows(b);
  const high = b.or(b.gtu(al, b.imm(0x99)), b.carry());
  const distance = b.add(b.mul(low, b.imm(6)), b.mul(high, b.imm(0x60)));
  const carry = subtracts ? b.or(high, b.and(low, b.ltu(al, b.imm(6)))) : high;
  const others = b.or(carry, b.flag(low, PackedFlag.AF));
  b.setFixed(Gpr.RAX, 0, b.resultFlags(subtracts ? b.sub(al, distance) : b.add(al, distance), others, 0));
}

/** AAA, AAS: AX after a sum or difference of unpacked decimal digits. */
function adjustUnpacked(b: X86, distance: number): void {
  const low = lowOverflows(b);
  const adjusted = b.add(b.fixed(Gpr.RAX, 1), b.mul(low, b.imm(distance)));
  // ZF, SF, PF and OF are undefined.
  b.setPackedFlags(b.mul(low, b.imm(PackedFlag.CF | PackedFlag.AF)));
  b.setFixed(Gpr.RAX, 1, b.and(adjusted, b.imm(0xff0f)));
}

/** The number base of AAM and AAD, the immediate byte. */
const baseOf = (b: X86, [base]: Operands): V => b.zx(b.as(b.read(base), Ty.i32), 8);

/** Decimal arithmetic and SALC, which 64-bit mode does not have (SDM vol. 1, 5.1.3). @experimental */
export const decimalRows: readonly X86Row[] = [
  inst('DAA', 'DAA', ['27 i64'], {}, (b) => adjustPacked(b, false)),
  inst('DAS', 'DAS', ['2F i64'], {}, (b) => adjustPacked(b, true)),
  inst('AAA', 'AAA', ['37 i64'], {}, (b) => adjustUnpacked(b, 0x106)),
  inst('AAS', 'AAS', ['3F i64'], {}, (b) => adjustUnpacked(b, -0x106)),
  inst('AAM', 'AAM', ['D4 Ib i64'], {}, (b, operands) => {
    const [al, base] = [b.fixed(Gpr.RAX, 0), baseOf(b, operands)];
    b.raiseIf(b.eqz(base), Vector.DE);
    const quotient = b.divu(al, base);
    const rest = b.resultFlags(b.sub(al, b.mul(quotient, base)), b.i32(0), 0);
    b.setFixed(Gpr.RAX, 1, b.or(b.shl(quotient, b.imm(8)), rest));
  }),
  inst('AAD', 'AAD', ['D5 Ib i64'], {}, (b, operands) => {
    const ax = b.fixed(Gpr.RAX, 1);
    const sum = b.add(ax, b.mul(b.shr(ax, b.imm(8)), baseOf(b, operands)));
    b.setFixed(Gpr.RAX, 1, b.resultFlags(sum, b.i32(0), 0));
  }),
  // Not in the manual; every processor has it: AL becomes 0 or −1 by CF.
  inst('SALC', 'SALC', ['D6 i64'], {}, (b) => b.setFixed(Gpr.RAX, 0, b.neg(b.carry()))),
];
