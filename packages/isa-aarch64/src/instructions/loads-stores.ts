import { derived, int, small, Ty } from '@qvm/jit';
import type { Reg, V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { inst, signed } from './row.js';
import type { A64Row } from './row.js';

/** 1 if the base register is SP, whose alignment is checked. */
const sp = derived(2, (f: { readonly Rn: number }) => (f.Rn === 31 ? 1 : 0));

/** `opc` of the register loads and stores: 0 store, 1 load, 2 load signed to 64 bits, 3 load signed to 32 bits. */
const allocatedOpc = (size: number, opc: number): boolean => opc < 2 || (size < 3 && opc === 2) || (size < 2 && opc === 3);

interface Transfer {
  readonly size: number;
  readonly opc: number;
  readonly Rt: Reg;
}

/** Transfers one register to or from memory at `va`. */
function transfer(b: A64, { size, opc, Rt }: Transfer, va: V, unprivileged = false): void {
  const bytes = 1 << size;
  const m = b.open(va, bytes, opc === 0 ? 'write' : 'read', { unprivileged });
  if (opc === 0) b.storeAt(m, 0, bytes, b.x(Rt, 1));
  else b.setX(Rt, opc === 3 ? b.loadAt(m, 0, bytes, true, Ty.i32) : b.loadAt(m, 0, bytes, opc === 2));
}

/** PRFM has the encoding of a signed 64-bit load and no effect. */
const isPrefetch = (size: number, opc: number): boolean => size === 3 && opc === 2;

const imm9 = { imm: int((f: { readonly imm9: number }) => signed(f.imm9, 9)) };

/**
 * Loads and stores of general registers (Arm ARM C4.1.94), without exclusives and atomics.
 *
 * @experimental
 */
export const loadStoreRows: readonly A64Row[] = [
  inst('C6.2.199', 'LDR, STR (immediate, unsigned offset)', 'size:2! 111 0 01 opc:2! imm12:12 Rn:5 Rt:5',
    { derived: { sp }, operands: { imm: int((f) => f.imm12 << f.size) }, valid: (f) => allocatedOpc(f.size, f.opc) || isPrefetch(f.size, f.opc) },
    (b, { size, opc, sp, imm, Rn, Rt }) => {
      if (!isPrefetch(size, opc)) transfer(b, { size, opc, Rt }, b.add(b.base(Rn, sp), imm));
    }),

  inst('C6.2.234', 'LDUR, STUR', 'size:2! 111 0 00 opc:2! 0 imm9:9 00 Rn:5 Rt:5',
    { derived: { sp }, operands: imm9, valid: (f) => allocatedOpc(f.size, f.opc) || isPrefetch(f.size, f.opc) },
    (b, { size, opc, sp, imm, Rn, Rt }) => {
      if (!isPrefetch(size, opc)) transfer(b, { size, opc, Rt }, b.add(b.base(Rn, sp), imm));
    }),

  inst('C6.2.199', 'LDR, STR (immediate, post-index and pre-index)', 'size:2! 111 0 00 opc:2! 0 imm9:9 pre:1! 1 Rn:5 Rt:5',
    { derived: { sp }, operands: imm9, valid: (f) => allocatedOpc(f.size, f.opc) },
    (b, { size, opc, sp, imm, pre, Rn, Rt }) => {
      const base = b.base(Rn, sp);
      const moved = b.add(base, imm);
      transfer(b, { size, opc, Rt }, pre ? moved : base);
      b.setXsp(Rn, moved);
    }),

  inst('C6.2.219', 'LDTR, STTR', 'size:2! 111 0 00 opc:2! 0 imm9:9 10 Rn:5 Rt:5',
    { derived: { sp }, operands: imm9, valid: (f) => allocatedOpc(f.size, f.opc) },
    (b, { size, opc, sp, imm, Rn, Rt }) => transfer(b, { size, opc, Rt }, b.add(b.base(Rn, sp), imm), true)),

  inst('C6.2.202', 'LDR, STR (register)', 'size:2! 111 0 00 opc:2! 1 Rm:5 option:3 S:1 10 Rn:5 Rt:5',
    {
      // LSL and SXTX are the same; UXTW and SXTW extend 32 bits.
      derived: { sp, extend: derived(3, (f) => (f.option === 2 ? 0 : f.option === 6 ? 1 : 2)) },
      operands: { amount: small((f) => (f.S ? f.size : 0)) },
      valid: (f) => allocatedOpc(f.size, f.opc) || isPrefetch(f.size, f.opc),
      allocated: (f) => (f.option & 2) !== 0,
    },
    (b, { size, opc, sp, extend, amount, Rm, Rn, Rt }) => {
      if (isPrefetch(size, opc)) return;
      const m = b.x(Rm, 1);
      const index = extend === 0 ? b.zx(m, 32) : extend === 1 ? b.sx(m, 32) : m;
      transfer(b, { size, opc, Rt }, b.add(b.base(Rn, sp), b.shl(index, amount)));
    }),

  inst('C6.2.200', 'LDR (literal), LDRSW (literal), PRFM (literal)', 'opc:2! 011 0 00 imm19:19 Rt:5', { operands: { imm: int((f) => signed(f.imm19, 19) * 4) } },
    (b, { opc, imm, Rt }) => {
      if (opc === 3) return;
      const bytes = opc === 1 ? 8 : 4;
      b.setX(Rt, b.loadAt(b.open(b.add(b.pc(), imm), bytes, 'read'), 0, bytes, opc === 2));
    }),

  inst('C6.2.197', 'LDP, STP, LDPSW, LDNP, STNP', 'opc:2! 101 0 0 mode:2! L:1! imm7:7 Rt2:5 Rn:5 Rt:5',
    {
      derived: { sp },
      operands: { imm: int((f) => signed(f.imm7, 7) * (f.opc === 2 ? 8 : 4)) },
      valid: (f) => f.opc !== 3 && !(f.opc === 1 && (f.L === 0 || f.mode === 0)),
    },
    (b, { opc, mode, L, sp, imm, Rt2, Rn, Rt }) => {
      const [postIndex, preIndex] = [mode === 1, mode === 3];
      const size = opc === 2 ? 8 : 4;
      const base = b.base(Rn, sp);
      const moved = b.add(base, imm);
      const m = b.open(postIndex ? base : moved, 2 * size, L ? 'read' : 'write', { element: size });
      if (L) {
        b.setX(Rt, b.loadAt(m, 0, size, opc === 1));
        b.setX(Rt2, b.loadAt(m, size, size, opc === 1));
      } else {
        b.storeAt(m, 0, size, b.x(Rt, 1));
        b.storeAt(m, size, size, b.x(Rt2, 1));
      }
      if (postIndex || preIndex) b.setXsp(Rn, moved);
    }),
];

