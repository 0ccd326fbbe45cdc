import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Condition, FlagKind, PackedFlag, flagKind } from '../builder/flags.js';
import type { X86 } from '../builder/x86.js';
import { typeOf } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import type { MemoryOperand, Operand } from '../describe/operand.js';

/** How BTS, BTR and BTC change the bit. */
type Change = (b: X86, x: V, mask: V) => V;

/**
 * BT, BTS, BTR, BTC: the bit goes to CF. With an operand in memory and the number in a register, the number is signed
 * and may be outside of the operand (SDM vol. 2, BT).
 */
function bitTest(b: X86, target: Operand, number: Operand, size: number, change?: Change): void {
  const n = b.read(number);
  const far = target.kind === 'memory' && number.kind === 'register';
  const operand = far ? atBit(b, target, n, size) : target;
  const x = change ? b.modify(operand) : b.read(operand);
  const within = b.and(n, b.imm((8 << size) - 1));
  const carry = b.and(b.as(b.shr(x, within), Ty.i32), b.imm(1));
  if (change) b.write(operand, change(b, x, b.shl(b.as(b.i32(1), typeOf(size)), within)));
  // ZF stays; SF, PF, OF and AF are undefined.
  const notZero = b.as(b.cond(Condition.NE), Ty.i64);
  b.setFlags(flagKind(FlagKind.Result, size), notZero, b.as(carry, Ty.i64));
}

/** The operand that contains a bit, by its number from the operand given. */
function atBit(b: X86, operand: MemoryOperand, n: V, size: number): MemoryOperand {
  const signed = size === 3 ? n : b.sx(b.as(n, Ty.i64), 8 << size);
  const bytes = b.shl(b.sar(signed, b.imm(3 + size)), b.imm(size));
  return { ...operand, offset: bytes };
}

/** BSF, BSR: of 0, the destination stays in all its 64 bits, and ZF is set. */
function scan(b: X86, target: Operand, source: Operand, size: number, forward: boolean): void {
  if (target.kind !== 'register') throw new Error('a register');
  const x = b.read(source);
  const isZero = b.eqz(x);
  const position = forward ? b.ctz(x) : b.sub(b.as(b.i32(size === 3 ? 63 : 31), typeOf(size)), b.clz(x));
  const old = b.g(target.register, 3);
  if (size === 1) b.write(target, b.select(isZero, b.read(target), position));
  else b.setG(target.register, 3, b.select(isZero, old, b.as(position, Ty.i64)));
  b.setFlags(flagKind(FlagKind.Result, size), b.as(x, Ty.i64), b.i64(0));
}

/** LZCNT, TZCNT: of 0, the width; CF tells. */
function count(b: X86, target: Operand, source: Operand, size: number, forward: boolean): void {
  const x = b.read(source);
  const bits = b.imm(8 << size);
  const narrow = size === 1;
  const n = forward ? b.ctz(narrow ? b.or(x, b.imm(0x1_0000)) : x) : narrow ? b.sub(b.clz(x), b.imm(16)) : b.clz(x);
  b.write(target, n);
  b.resultFlags(n, b.eq(n, bits), size);
}

const CHANGES: readonly (readonly [name: string, opcode: string, extension: number, change: Change])[] = [
  ['BTS', 'AB', 5, (b, x, mask) => b.or(x, mask)],
  ['BTR', 'B3', 6, (b, x, mask) => b.and(x, b.not(mask))],
  ['BTC', 'BB', 7, (b, x, mask) => b.xor(x, mask)],
];

/** Bit and byte instructions (SDM vol. 1, 5.1.6, 5.1.13). @experimental */
export const bitRows: readonly X86Row[] = [
  inst('BT', 'BT', ['0F A3 Ev,Gv', '0F BA /4 Ev,Ib'], {}, (b, [x, n], { size }) => bitTest(b, x, n, size)),
  ...CHANGES.map(([name, opcode, extension, change]) =>
    inst(name, name, [`0F ${opcode} Ev,Gv lock`, `0F BA /${extension} Ev,Ib lock`], {}, (b, [x, n], { size }) =>
      bitTest(b, x, n, size, change),
    ),
  ),
  inst('BSF', 'BSF', ['0F BC Gv,Ev'], {}, (b, [target, source], { size }) => scan(b, target, source, size, true)),
  inst('BSR', 'BSR', ['0F BD Gv,Ev'], {}, (b, [target, source], { size }) => scan(b, target, source, size, false)),
  inst('TZCNT', 'TZCNT', ['F3 0F BC Gv,Ev'], { feature: 'bmi1' }, (b, [target, source], { size }) =>
    count(b, target, source, size, true),
  ),
  inst('LZCNT', 'LZCNT', ['F3 0F BD Gv,Ev'], { feature: 'lzcnt' }, (b, [target, source], { size }) =>
    count(b, target, source, size, false),
  ),
  inst('POPCNT', 'POPCNT', ['F3 0F B8 Gv,Ev'], { feature: 'popcnt' }, (b, [target, source]) => {
    const x = b.read(source);
    b.write(target, b.popcnt(x));
    b.setPackedFlags(b.flag(b.eqz(x), PackedFlag.ZF));
  }),
];
