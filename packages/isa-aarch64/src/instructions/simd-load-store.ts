import { derived, int, small, Ty } from '@qvm/jit';
import type { Reg, V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { inst, signed, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import { maskedBase } from './simd-common.js';

/** Whether the base register is SP. @experimental */
export const spBase = derived(2, ({ Rn }: { Rn: number }) => (Rn === 31 ? 1 : 0));

/** The operand of {@link maskedBase}. @experimental */
export const spMask = small(({ Rn }: { Rn: number }) => (Rn === 31 ? 15 : 0));

interface Size {
  readonly size: number;
  readonly opc: number;
}

/** log2 of the size in bytes: bit 1 of `opc` selects the 128-bit form. */
const scale = ({ size, opc }: Size): number => (opc & 2 ? 4 : size);
const valid = ({ size, opc }: Size): boolean => (opc & 2) === 0 || size === 0;

/** Loads or stores B, H, S, D or Q; `L` is static. @experimental */
export function transfer(b: A64, Rt: Reg, va: V, bytes: number, L: number): void {
  const m = b.open(va, bytes, L ? 'read' : 'write');
  if (L) loadRegister(b, Rt, m, 0, bytes);
  else b.storeAt(m, 0, bytes, registerBits(b, Rt, bytes));
}

/** The low `bytes` of a vector register as the narrowest type that holds them. @experimental */
export function registerBits(b: A64, Rt: Reg, bytes: number): V {
  return bytes === 16 ? b.v(Rt) : bytes === 8 ? b.d(Rt) : b.s(Rt);
}

/** Loads the low `bytes` of a vector register and clears the rest. @experimental */
export function loadRegister(b: A64, Rt: Reg, m: V, offset: number, bytes: number): void {
  const loaded = b.loadAt(m, offset, bytes);
  if (bytes === 16) b.setV(Rt, loaded);
  else b.setD(Rt, loaded);
}

/** LDR, STR with an unsigned scaled offset, LDUR and STUR. */
const immediateOffset = inst(
  'C7.2',
  'LDR, STR (immediate, SIMD&FP) with an offset, LDUR, STUR (SIMD&FP)',
  'size:2! 111 1 0 scaled:1 opc:2! imm12:12 Rn:5 Rt:5',
  {
    operands: { imm: int((f) => (f.scaled ? f.imm12 << scale(f) : signed((f.imm12 >> 2) & 0x1ff, 9))) },
    derived: { sp: spBase },
    valid,
    allocated: ({ scaled, imm12 }) => scaled === 1 || (imm12 & 0x803) === 0,
  },
  (b, { size, opc, imm, Rn, Rt, sp }) => {
    transfer(b, Rt, b.add(b.base(Rn, sp), imm), 1 << scale({ size, opc }), opc & 1);
  },
);

const writeBack = inst(
  'C7.2',
  'LDR, STR (immediate, SIMD&FP) with write-back',
  'size:2! 111 1 00 opc:2! 0 imm9:9 pre:1 1 Rn:5 Rt:5',
  {
    operands: { imm: int((f) => signed(f.imm9, 9)), before: int((f) => (f.pre ? signed(f.imm9, 9) : 0)), spMask },
    valid,
  },
  (b, { size, opc, imm, before, Rn, Rt, spMask: mask }) => {
    const base = maskedBase(b, Rn, b.as(mask, Ty.i32));
    transfer(b, Rt, b.add(base, before), 1 << scale({ size, opc }), opc & 1);
    b.setXsp(Rn, b.add(base, imm));
  },
);

/** Bits of `how` in {@link registerOffset}. */
const WORD = 1;
const SIGNED = 2;

const registerOffset = inst(
  'C7.2',
  'LDR, STR (register, SIMD&FP)',
  'size:2! 111 1 00 opc:2! 1 Rm:5 option:3 S:1 10 Rn:5 Rt:5',
  {
    operands: {
      amount: small((f) => (f.S ? scale(f) : 0)),
      how: small(({ option }) => (option & 1 ? 0 : WORD) | (option & 4 ? SIGNED : 0)),
      spMask,
    },
    derived: { plain: derived(2, ({ option, Rn }) => (option & 1 && Rn !== 31 ? 1 : 0)) },
    valid,
    allocated: ({ option }) => (option & 2) !== 0,
  },
  (b, { size, opc, plain, amount, how, spMask: mask, Rm, Rn, Rt }) => {
    const base = plain ? b.xsp(Rn, 1) : maskedBase(b, Rn, b.as(mask, Ty.i32));
    const x = b.x(Rm, 1);
    const word = (): V => b.select(b.and(b.as(how, Ty.i32), b.imm(SIGNED)), b.sx(x, 32), b.zx(x, 32));
    const index = plain ? x : b.select(b.and(b.as(how, Ty.i32), b.imm(WORD)), word(), x);
    transfer(b, Rt, b.add(base, b.shl(index, amount)), 1 << scale({ size, opc }), opc & 1);
  },
);

const literal = inst(
  'C7.2',
  'LDR (literal, SIMD&FP)',
  'opc:2! 011 1 00 imm19:19 Rt:5',
  { operands: { offset: int((f) => signed(f.imm19, 19) * 4) }, valid: ({ opc }) => opc !== 3 },
  (b, { opc, offset, Rt }) => transfer(b, Rt, b.add(b.pc(), offset), 4 << opc, 1),
);

/** Loads and stores of one SIMD&FP register. @experimental */
export const simdLoadStoreRows: readonly A64Row[] = withFpCheck([immediateOffset, writeBack, registerOffset, literal]);
