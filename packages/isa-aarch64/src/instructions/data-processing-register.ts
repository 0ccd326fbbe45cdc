import { derived, small, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { FlagKind, nzcvModel } from '../builder/flags.js';
import { inst } from './row.js';
import type { A64Row } from './row.js';

/** The NZCV values for which a condition holds, as a mask, so that rare uses of conditions share one handler. */
const truth = small((f: { readonly cond: number }) => nzcvModel.truth[f.cond] ?? 0);

/** Division as the architecture defines it: division by zero returns 0, and the overflow case wraps. */
function divide(b: A64, n: V, m: V, signed: boolean): V {
  const zero = b.as(b.i32(0), b.type(n) as Ty);
  const quotient = signed ? b.choose(b.eq(m, b.imm(-1)), b.neg(n), b.divs(n, m)) : b.divu(n, m);
  return b.choose(b.eqz(m), zero, quotient);
}

function reverseBits(b: A64, x: V, sf: number): V {
  let r = x;
  for (const [shift, mask] of [[1, 0x5555555555555555n], [2, 0x3333333333333333n], [4, 0x0f0f0f0f0f0f0f0fn]] as const) {
    r = b.or(b.shl(b.and(r, b.imm(mask)), b.imm(shift)), b.and(b.shr(r, b.imm(shift)), b.imm(mask)));
  }
  return b.reverseBytes(r, sf ? 8 : 4);
}

/** Number of leading bits that equal the sign bit, not counting the sign bit. */
function countLeadingSigns(b: A64, x: V): V {
  const differs = b.xor(b.shl(x, b.imm(1)), x);
  // The set bit 0 bounds the count; the top bit of `differs` compares the sign with its neighbour.
  return b.clz(b.or(differs, b.imm(1)));
}

/** CRC-32 (ISO or Castagnoli, reflected) by bit: `bytes` of `data` into `acc`. */
function crc32(b: A64, acc: V, data: V, bytes: number, polynomial: number): V {
  let crc = b.xor(b.as(acc, Ty.i64), bytes === 8 ? data : b.zx(data, bytes * 8));
  for (let bit = 0; bit < bytes * 8; bit++) {
    const feedback = b.and(b.neg(b.and(crc, b.imm(1))), b.imm(polynomial));
    crc = b.xor(b.shr(crc, b.imm(1)), feedback);
  }
  return crc;
}

const CRC32 = 0xedb88320;
const CRC32C = 0x82f63b78;

/** A shift by 0 has no effect except with ROR, which only logical instructions have. */
const shiftForm = derived(5, (f: { readonly imm6: number; readonly shift: number }) => (f.imm6 === 0 ? 4 : f.shift));
const NO_SHIFT = 4;

/**
 * Data processing, register (Arm ARM C4.1.95).
 *
 * @experimental
 */
export const dataProcessingRegisterRows: readonly A64Row[] = [
  inst('C6.2.13', 'AND, BIC, ORR, ORN, EOR, EON, ANDS, BICS (shifted register)', 'sf:1! opc:2! 01010 shift:2 N:1! Rm:5 imm6:6 Rn:5 Rd:5',
    { derived: { form: shiftForm }, allocated: (f) => f.sf === 1 || f.imm6 < 32 },
    (b, { sf, opc, N, form, Rm, Rn, Rd, imm6 }) => {
      const n = b.x(Rn, sf);
      const shifted = form === NO_SHIFT ? b.x(Rm, sf) : b.shift(b.x(Rm, sf), form, imm6);
      const m = N ? b.not(shifted) : shifted;
      b.setX(Rd, opc === 0 ? b.and(n, m) : opc === 1 ? b.or(n, m) : opc === 2 ? b.xor(n, m) : b.logicFlags(b.and(n, m)));
    }),

  inst('C6.2.5', 'ADD, ADDS, SUB, SUBS (shifted register)', 'sf:1! op:1! S:1! 01011 shift:2 0 Rm:5 imm6:6 Rn:5 Rd:5',
    { derived: { form: shiftForm }, allocated: (f) => f.shift !== 3 && (f.sf === 1 || f.imm6 < 32) },
    (b, { sf, op, S, form, Rm, Rn, Rd, imm6 }) => {
      const n = b.x(Rn, sf);
      const m = form === NO_SHIFT ? b.x(Rm, sf) : b.shift(b.x(Rm, sf), form, imm6);
      if (S) b.setX(Rd, op ? b.subFlags(n, m) : b.addFlags(n, m));
      else b.setX(Rd, op ? b.sub(n, m) : b.add(n, m));
    }),

  inst('C6.2.3', 'ADD, ADDS, SUB, SUBS (extended register)', 'sf:1! op:1! S:1! 01011 00 1 Rm:5 option:3! imm3:3 Rn:5 Rd:5',
    { allocated: (f) => f.imm3 <= 4 },
    (b, { sf, op, S, option, Rm, Rn, Rd, imm3 }) => {
      const n = b.xsp(Rn, sf);
      const extended = b.shl(b.extend(Rm, option), imm3);
      const m = sf ? extended : b.as(extended, Ty.i32);
      if (S) b.setX(Rd, op ? b.subFlags(n, m) : b.addFlags(n, m));
      else b.setXsp(Rd, op ? b.sub(n, m) : b.add(n, m));
    }),

  inst('C6.2.1', 'ADC, ADCS, SBC, SBCS', 'sf:1! op:1! S:1! 11010000 Rm:5 000000 Rn:5 Rd:5', {},
    (b, { sf, op, S, Rm, Rn, Rd }) => {
      const m = b.x(Rm, sf);
      b.setX(Rd, b.addWithCarry(b.x(Rn, sf), op ? b.not(m) : m, sf, S === 1));
    }),

  inst('C6.2.49', 'CCMN, CCMP (immediate)', 'sf:1! op:1! 1 11010010 imm5:5 cond:4 1 0 Rn:5 0 nzcv:4', { operands: { truth } },
    (b, { sf, op, imm5, truth, Rn, nzcv }) => conditionalCompare(b, op, truth, b.x(Rn, sf), b.as(imm5, sf ? Ty.i64 : Ty.i32), nzcv)),

  inst('C6.2.50', 'CCMN, CCMP (register)', 'sf:1! op:1! 1 11010010 Rm:5 cond:4 0 0 Rn:5 0 nzcv:4', { operands: { truth } },
    (b, { sf, op, Rm, truth, Rn, nzcv }) => conditionalCompare(b, op, truth, b.x(Rn, sf), b.x(Rm, sf), nzcv)),

  inst('C6.2.76', 'CSEL, CSINC, CSINV, CSNEG', 'sf:1! op:1! 0 11010100 Rm:5 cond:4! 0 o2:1! Rn:5 Rd:5', {},
    (b, { sf, op, Rm, cond, o2, Rn, Rd }) => {
      const m = b.x(Rm, sf);
      const inverted = op ? b.not(m) : m;
      b.setX(Rd, b.select(b.cond(cond), b.x(Rn, sf), o2 ? b.add(inverted, b.imm(1)) : inverted));
    }),

  inst('C6.2.236', 'MADD, MSUB', 'sf:1! 00 11011 000 Rm:5 o0:1! Ra:5 Rn:5 Rd:5', {},
    (b, { sf, Rm, o0, Ra, Rn, Rd }) => {
      const product = b.mul(b.x(Rn, sf), b.x(Rm, sf));
      b.setX(Rd, o0 ? b.sub(b.x(Ra, sf), product) : b.add(b.x(Ra, sf), product));
    }),

  inst('C6.2.339', 'SMADDL, SMSUBL, UMADDL, UMSUBL', '1 00 11011 U:1! 01 Rm:5 o0:1! Ra:5 Rn:5 Rd:5', {},
    (b, { U, Rm, o0, Ra, Rn, Rd }) => {
      const half = (v: V): V => (U ? b.zx(v, 32) : b.sx(v, 32));
      const product = b.mul(half(b.x(Rn, 1)), half(b.x(Rm, 1)));
      b.setX(Rd, o0 ? b.sub(b.x(Ra, 1), product) : b.add(b.x(Ra, 1), product));
    }),

  inst('C6.2.343', 'SMULH, UMULH', '1 00 11011 U:1! 10 Rm:5 0 xxxxx Rn:5 Rd:5', {},
    (b, { U, Rm, Rn, Rd }) => b.setX(Rd, b.multiplyHigh(b.x(Rn, 1), b.x(Rm, 1), U === 0))),

  inst('C6.2.389', 'UDIV, SDIV', 'sf:1! 0 0 11010110 Rm:5 00001 o1:1! Rn:5 Rd:5', {},
    (b, { sf, Rm, o1, Rn, Rd }) => b.setX(Rd, divide(b, b.x(Rn, sf), b.x(Rm, sf), o1 === 1))),

  inst('C6.2.234', 'LSLV, LSRV, ASRV, RORV', 'sf:1! 0 0 11010110 Rm:5 0010 op2:2! Rn:5 Rd:5', {},
    (b, { sf, Rm, op2, Rn, Rd }) => b.setX(Rd, b.shift(b.x(Rn, sf), op2, b.x(Rm, sf)))),

  inst('C6.2.69', 'CRC32B, CRC32H, CRC32W, CRC32X', 'sf:1! 0 0 11010110 Rm:5 010 C:1! sz:2! Rn:5 Rd:5',
    { feature: 'FEAT_CRC32', valid: (f) => (f.sz === 3) === (f.sf === 1) },
    (b, { Rm, C, sz, Rn, Rd }) => b.setX(Rd, crc32(b, b.x(Rn, 0), b.x(Rm, 1), 1 << sz, C ? CRC32C : CRC32))),

  inst('C6.2.289', 'RBIT', 'sf:1! 1 0 11010110 00000 000000 Rn:5 Rd:5', {}, (b, { sf, Rn, Rd }) => b.setX(Rd, reverseBits(b, b.x(Rn, sf), sf))),

  inst('C6.2.292', 'REV16, REV32, REV', 'sf:1! 1 0 11010110 00000 0000 opc:2! Rn:5 Rd:5', { valid: (f) => f.opc !== 0 && (f.sf === 1 || f.opc !== 3) },
    (b, { sf, opc, Rn, Rd }) => b.setX(Rd, b.reverseBytes(b.x(Rn, sf), 1 << opc))),

  inst('C6.2.58', 'CLZ, CLS', 'sf:1! 1 0 11010110 00000 00010 op:1! Rn:5 Rd:5', {},
    (b, { sf, op, Rn, Rd }) => b.setX(Rd, op ? countLeadingSigns(b, b.x(Rn, sf)) : b.clz(b.x(Rn, sf)))),
];

/** Sets the flags of a comparison if the condition with this truth table holds, otherwise `nzcv`. */
function conditionalCompare(b: A64, op: number, truth: V, n: V, m: V, nzcv: V): void {
  const ty = b.type(n) as Ty;
  const toTop = (v: V): V => (ty === Ty.i64 ? v : b.shl(b.as(v, Ty.i64), b.imm(32)));
  const holds = b.and(b.shr(b.as(truth, Ty.i32), b.packedFlags()), b.imm(1));
  b.setFlagsIf(holds, op ? FlagKind.Sub : FlagKind.Add, toTop(n), toTop(m), nzcv);
}
