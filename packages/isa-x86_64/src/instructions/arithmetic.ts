import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { FlagKind, PackedFlag, flagKind } from '../builder/flags.js';
import { Gpr } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import { typeOf } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import type { Operand } from '../describe/operand.js';

/** A computation of two operands that sets the flags. */
type Operation = (b: X86, x: V, y: V, size: number) => V;

/** AF of a sum or difference (SDM vol. 1, 3.4.3.1): the carry into bit 4. */
function adjust(b: X86, x: V, y: V, result: V): V {
  const changed = b.as(b.xor(b.xor(x, y), result), Ty.i32);
  return b.and(b.shl(changed, b.imm(1)), b.imm(PackedFlag.AF));
}

/** x + y + CF. */
const addWithCarry: Operation = (b, x, y, size) => {
  const carry = b.as(b.carry(), typeOf(size));
  const partial = b.cut(b.add(x, y), size);
  const result = b.cut(b.add(partial, carry), size);
  const carryOut = b.or(b.ltu(partial, x), b.ltu(result, partial));
  const overflow = b.sign(b.and(b.xor(x, result), b.xor(y, result)), size);
  return b.resultFlags(result, b.or(b.or(carryOut, b.flag(overflow, PackedFlag.OF)), adjust(b, x, y, result)), size);
};

/** x − y − CF. */
const subWithBorrow: Operation = (b, x, y, size) => {
  const borrow = b.as(b.carry(), typeOf(size));
  const partial = b.cut(b.sub(x, y), size);
  const result = b.cut(b.sub(partial, borrow), size);
  const borrowOut = b.or(b.ltu(x, y), b.ltu(partial, borrow));
  const overflow = b.sign(b.and(b.xor(x, y), b.xor(x, result)), size);
  return b.resultFlags(result, b.or(b.or(borrowOut, b.flag(overflow, PackedFlag.OF)), adjust(b, x, y, result)), size);
};

const logic =
  (of: (b: X86, x: V, y: V) => V): Operation =>
  (b, x, y, size) =>
    b.logicFlags(of(b, x, y), size);

/** The eight operations of the first opcodes, by the number that is part of their opcodes (SDM vol. 2, table A-6). */
const GROUP: readonly (readonly [name: string, of: Operation])[] = [
  ['ADD', (b, x, y, size) => b.addFlags(x, y, size)],
  ['OR', logic((b, x, y) => b.or(x, y))],
  ['ADC', addWithCarry],
  ['SBB', subWithBorrow],
  ['AND', logic((b, x, y) => b.and(x, y))],
  ['SUB', (b, x, y, size) => b.subFlags(x, y, size)],
  ['XOR', logic((b, x, y) => b.xor(x, y))],
];

const hex = (opcode: number): string => opcode.toString(16).toUpperCase().padStart(2, '0');

/** The encodings that the operations of the group have; `lock` where the destination may be locked. */
function groupEncodings(n: number, lock: string): readonly string[] {
  const at = (offset: number): string => hex(n * 8 + offset);
  return [
    `${at(0)} Eb,Gb ${lock}`,
    `${at(1)} Ev,Gv ${lock}`,
    `${at(2)} Gb,Eb`,
    `${at(3)} Gv,Ev`,
    `${at(4)} AL,Ib`,
    `${at(5)} rAX,Iz`,
    `80 /${n} Eb,Ib ${lock}`,
    `81 /${n} Ev,Iz ${lock}`,
    `83 /${n} Ev,Ib ${lock}`,
    `82 /${n} Eb,Ib i64 ${lock}`,
  ];
}

const CMP = 7;

/** INC, DEC: CF stays. */
function step(b: X86, target: Operand, size: number, up: boolean): void {
  const x = b.modify(target);
  const one = b.as(b.i32(1), typeOf(size));
  const result = b.cut(up ? b.add(x, one) : b.sub(x, one), size);
  // Overflow is reached from the largest, or left from the smallest number.
  const smallest = b.as(b.shl(one, b.imm((8 << size) - 1)), typeOf(size));
  const overflow = b.eq(up ? result : x, smallest);
  const others = b.or(
    b.or(b.carry(), b.flag(overflow, PackedFlag.OF)),
    adjust(b, x, b.as(b.i32(0), typeOf(size)), result),
  );
  b.write(target, b.resultFlags(result, others, size));
}

/** The product of RAX and an operand, in RDX:RAX (AX for bytes). */
function multiply(b: X86, source: Operand, size: number, signed: boolean): void {
  const [x, y] = [b.fixed(Gpr.RAX, size), b.read(source)];
  if (size === 3) {
    const [low, high] = [b.mul(x, y), b.multiplyHigh(x, y, signed)];
    const fits = signed ? b.eq(high, b.sar(low, b.imm(63))) : b.eqz(high);
    carryUnless(b, fits, low, size);
    b.setFixed(Gpr.RAX, 3, low);
    b.setFixed(Gpr.RDX, 3, high);
    return;
  }
  const bits = 8 << size;
  const wide = (v: V): V => (signed ? b.sx(b.as(v, Ty.i64), bits) : b.as(v, Ty.i64));
  const product = b.mul(wide(x), wide(y));
  const low = b.cut(b.as(product, Ty.i32), size);
  const fits = b.eq(product, wide(low));
  carryUnless(b, fits, low, size);
  if (size === 0) b.setFixed(Gpr.RAX, 1, b.as(product, Ty.i32));
  else {
    b.setFixed(Gpr.RAX, size, low);
    b.setFixed(Gpr.RDX, size, b.as(b.shr(product, b.imm(bits)), Ty.i32));
  }
}

/** Sets CF and OF if the product does not fit; the other flags are undefined. */
function carryUnless(b: X86, fits: V, low: V, size: number): void {
  b.resultFlags(low, b.mul(b.eqz(fits), b.i32(PackedFlag.CF | PackedFlag.OF)), size);
}

/** IMUL with two and three operands: the product has the size of its factors. */
function multiplyInto(b: X86, target: Operand, x: V, y: V, size: number): void {
  if (size === 3) {
    const product = b.mul(x, y);
    carryUnless(b, b.eq(b.multiplyHigh(x, y, true), b.sar(product, b.imm(63))), product, size);
    b.write(target, product);
    return;
  }
  const bits = 8 << size;
  // The flags, which are seldom read, need twice as many bits.
  const low = b.cut(b.mul(b.as(x, Ty.i32), b.as(y, Ty.i32)), size);
  const product = b.mul(b.sx(b.as(x, Ty.i64), bits), b.sx(b.as(y, Ty.i64), bits));
  carryUnless(b, b.eq(product, b.sx(product, bits)), low, size);
  b.write(target, low);
}

/** MUL, IMUL, ADD … CMP, INC, DEC, NEG, TEST (SDM vol. 1, 5.1.2). @experimental */
export const arithmeticRows: readonly X86Row[] = [
  ...GROUP.map(([name, of], n) =>
    inst(name, name, groupEncodings(n, 'lock'), {}, (b, [target, source], { size }) => {
      const x = b.modify(target);
      const y = b.read(source);
      b.write(target, of(b, x, y, size));
    }),
  ),
  inst('CMP', 'CMP', groupEncodings(CMP, ''), {}, (b, [x, y], { size }) => {
    b.subFlags(b.read(x), b.read(y), size);
  }),
  inst(
    'TEST',
    'TEST',
    ['84 Eb,Gb', '85 Ev,Gv', 'A8 AL,Ib', 'A9 rAX,Iz', 'F6 /0 Eb,Ib', 'F6 /1 Eb,Ib', 'F7 /0 Ev,Iz', 'F7 /1 Ev,Iz'],
    {},
    (b, [x, y], { size }) => {
      b.logicFlags(b.and(b.read(x), b.read(y)), size);
    },
  ),
  inst('INC', 'INC', ['FE /0 Eb lock', 'FF /0 Ev lock', '40+r Zv i64'], {}, (b, [x], { size }) =>
    step(b, x, size, true),
  ),
  inst('DEC', 'DEC', ['FE /1 Eb lock', 'FF /1 Ev lock', '48+r Zv i64'], {}, (b, [x], { size }) =>
    step(b, x, size, false),
  ),
  inst('NEG', 'NEG', ['F6 /3 Eb lock', 'F7 /3 Ev lock'], {}, (b, [x], { size }) => {
    const value = b.modify(x);
    b.write(x, b.subFlags(b.as(b.i32(0), typeOf(size)), value, size));
  }),
  inst('NOT', 'NOT', ['F6 /2 Eb lock', 'F7 /2 Ev lock'], {}, (b, [x]) => {
    b.write(x, b.not(b.modify(x)));
  }),
  inst('MUL', 'MUL', ['F6 /4 Eb', 'F7 /4 Ev'], {}, (b, [x], { size }) => multiply(b, x, size, false)),
  inst('IMUL', 'IMUL', ['F6 /5 Eb', 'F7 /5 Ev'], {}, (b, [x], { size }) => multiply(b, x, size, true)),
  inst('IMUL', 'IMUL (two operands)', ['0F AF Gv,Ev'], {}, (b, [target, source], { size }) => {
    multiplyInto(b, target, b.read(target), b.read(source), size);
  }),
  inst(
    'IMUL',
    'IMUL (three operands)',
    ['69 Gv,Ev,Iz', '6B Gv,Ev,Ib'],
    { staticScale: true },
    (b, [target, source, factor], { size }) => {
      multiplyInto(b, target, b.read(source), b.read(factor), size);
    },
  ),
  inst('CBW', 'CBW, CWDE, CDQE', ['98 sz'], {}, (b, _, { size }) => {
    const half = b.fixed(Gpr.RAX, size - 1);
    const v = size === 3 ? b.widenSigned(half) : b.sx(half, 4 << size);
    b.setFixed(Gpr.RAX, size, v);
  }),
  inst('CWD', 'CWD, CDQ, CQO', ['99 sz'], {}, (b, _, { size }) => {
    const value = b.fixed(Gpr.RAX, size);
    const extended = size === 1 ? b.sx(value, 16) : value;
    b.setFixed(Gpr.RDX, size, b.sar(extended, b.imm(size === 3 ? 63 : 31)));
  }),
  inst('CMPXCHG', 'CMPXCHG', ['0F B0 Eb,Gb lock', '0F B1 Ev,Gv lock'], {}, (b, [target, source], { size }) => {
    const old = b.modify(target);
    const expected = b.fixed(Gpr.RAX, size);
    const equal = b.eq(expected, old);
    // Memory is always written (SDM vol. 2, CMPXCHG). A destination of 32 bits is written only when they are equal.
    const isRegister = target.kind === 'register';
    b.setFlags(flagKind(FlagKind.Sub, size), b.as(expected, Ty.i64), b.as(old, Ty.i64));
    if (isRegister && size === 2) exchangeRegister(b, target, source, equal, old);
    else {
      const accumulator = b.select(equal, expected, old);
      if (size === 2) b.setFixed(Gpr.RAX, 3, b.select(equal, b.fixed(Gpr.RAX, 3), b.as(old, Ty.i64)));
      else b.setFixed(Gpr.RAX, size, accumulator);
      b.write(target, b.select(equal, b.read(source), old));
    }
  }),
  inst('XADD', 'XADD', ['0F C0 Eb,Gb lock', '0F C1 Ev,Gv lock'], {}, (b, [target, source], { size }) => {
    const x = b.modify(target);
    const y = b.read(source);
    const sum = b.addFlags(x, y, size);
    // If both are the same register, it has the sum at the end.
    b.write(source, x);
    b.write(target, sum);
  }),
];

/** CMPXCHG with a register of 32 bits: what is not equal keeps its upper half, RAX in the other case. */
function exchangeRegister(b: X86, target: Operand, source: Operand, equal: V, old: V): void {
  if (target.kind !== 'register') throw new Error('a register');
  const [whole, rax] = [b.g(target.register, 3), b.fixed(Gpr.RAX, 3)];
  b.setFixed(Gpr.RAX, 3, b.select(equal, rax, b.as(old, Ty.i64)));
  b.setG(target.register, 3, b.select(equal, b.as(b.read(source), Ty.i64), whole));
}
