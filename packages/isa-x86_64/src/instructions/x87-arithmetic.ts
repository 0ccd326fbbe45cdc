import type { V } from '@qvm/jit';
import { PackedFlag } from '../builder/flags.js';
import { softfloat } from '../builder/softfloat-helpers.js';
import type { X86 } from '../builder/x86.js';
import type { Operand } from '../describe/operand.js';
import type { X86Row } from '../describe/row.js';
import {
  BELOW,
  C2,
  ST0,
  UNORDERED,
  bitsIf,
  callX87,
  checked,
  finish,
  isEmpty,
  isFull,
  namedRegister,
  scratch,
  slot,
  withFault,
  x87,
  x87Status,
} from './x87-common.js';
import type { Semantics } from './x87-common.js';

/** The types of operands in memory, by the opcode of arithmetic instructions. */
type MemoryType = 'f32' | 'f64' | 's16' | 's32';

/** Widens an operand in memory to the scratch register. */
function widen(b: X86, operand: Operand, type: MemoryType): void {
  const bits = b.read(operand);
  if (type === 'f32' || type === 'f64') b.callNow(softfloat(`f80_widen_${type}`), scratch(b), bits);
  else b.callNow(softfloat('f80_from_s64'), scratch(b), b.widenSigned(type === 's16' ? b.sx(bits, 16) : bits));
}

/** Operations with a result, by ModRM.reg; with `true`, the operands are exchanged. */
const OPERATIONS: readonly (readonly [
  name: string,
  reg: number,
  op: 'add' | 'mul' | 'sub' | 'div',
  exchanged: boolean,
])[] = [
  ['ADD', 0, 'add', false],
  ['MUL', 1, 'mul', false],
  ['SUB', 4, 'sub', false],
  ['SUBR', 5, 'sub', true],
  ['DIV', 6, 'div', false],
  ['DIVR', 7, 'div', true],
];

function memoryOperation(op: 'add' | 'mul' | 'sub' | 'div', exchanged: boolean, type: MemoryType): Semantics {
  return (b, [source]) => {
    widen(b, source, type);
    const [x, y] = exchanged ? [scratch(b), slot(b, ST0)] : [slot(b, ST0), scratch(b)];
    const helper = softfloat(`f80_${op}`);
    const to = slot(b, ST0);
    const { done } = checked(b, isEmpty(b, ST0), false, [to], helper, to, x, y, x87Status(b));
    finish(b, { done, filled: ST0 });
  };
}

/** ST(0) and ST(i); the destination is ST(i) if `toNamed`. */
function registerOperation(
  op: 'add' | 'mul' | 'sub' | 'div',
  exchanged: boolean,
  toNamed: boolean,
  pops: 0 | 1,
): Semantics {
  return (b, _, info) => {
    const i = namedRegister(b, info);
    const to = (): V => slot(b, toNamed ? i : ST0);
    const [x, y] = exchanged ? [slot(b, i), slot(b, ST0)] : [slot(b, ST0), slot(b, i)];
    const wrong = b.or(isEmpty(b, ST0), isEmpty(b, i));
    const { done } = checked(b, wrong, false, [to()], softfloat(`f80_${op}`), to(), x, y, x87Status(b));
    finish(b, { pops, done, filled: toNamed ? i : ST0 });
  };
}

const arithmeticRows = OPERATIONS.flatMap(([name, reg, op, exchanged]) => [
  x87(`F${name} m32fp`, [`D8 /${reg} Md`], memoryOperation(op, exchanged, 'f32')),
  x87(`F${name} m64fp`, [`DC /${reg} Mq`], memoryOperation(op, exchanged, 'f64')),
  x87(`FI${name} m32int`, [`DA /${reg} Md`], memoryOperation(op, exchanged, 's32')),
  x87(`FI${name} m16int`, [`DE /${reg} Mw`], memoryOperation(op, exchanged, 's16')),
  x87(`F${name} ST(0), ST(i)`, [`D8 /${reg} Nq`], registerOperation(op, exchanged, false, 0)),
  // With ST(i) as destination, the mnemonics of FSUB and FSUBR, FDIV and FDIVR change places.
  x87(`F${name} (DC)`, [`DC /${reg} Nq`], registerOperation(op, exchanged, true, 0)),
  x87(`F${name}P (DE)`, [`DE /${reg} Nq`], registerOperation(op, exchanged, true, 1)),
]);

/** Compares; with an empty register, the numbers are unordered. */
function compare(b: X86, wrong: V, y: V, quiet: number, pops: number): void {
  const helper = softfloat('f80_compare');
  const { done } = checked(b, wrong, false, [], helper, slot(b, ST0), y, b.i32(quiet), x87Status(b));
  finish(b, { pops, done, set: bitsIf(b, wrong, UNORDERED) });
}

const compareMemory =
  (type: MemoryType, pops: number): Semantics =>
  (b, [source]) => {
    widen(b, source, type);
    compare(b, isEmpty(b, ST0), scratch(b), 0, pops);
  };

const compareRegister =
  (quiet: number, pops: number): Semantics =>
  (b, _, info) => {
    const i = namedRegister(b, info);
    compare(b, b.or(isEmpty(b, ST0), isEmpty(b, i)), slot(b, i), quiet, pops);
  };

/** FCOMI, FUCOMI: the result is in the status flags. */
const compareFlags =
  (quiet: number, pops: number): Semantics =>
  (b, _, info) => {
    const i = namedRegister(b, info);
    const wrong = b.or(isEmpty(b, ST0), isEmpty(b, i));
    const prevented = b.i32(0x145);
    const [x, y] = [slot(b, ST0), slot(b, i)];
    const flags = b.chooseCall(wrong, prevented, softfloat('f80_comi'), x, y, b.i32(quiet), x87Status(b));
    const ok = b.eqz(b.and(flags, b.imm(0x100)));
    const { done } = withFault(b, wrong, false, [], ok);
    const part = (shift: number, flag: number): V => b.and(b.shr(flags, b.imm(shift)), b.imm(flag));
    b.setPackedFlags(b.or(b.or(part(0, PackedFlag.CF), part(1, PackedFlag.PF)), part(4, PackedFlag.ZF)));
    if (pops > 0) finish(b, { pops, done });
  };

/** A function of ST(0) whose result replaces it. */
const unary =
  (name: 'f80_2xm1' | 'f80_sqrt' | 'f80_rint' | 'f80_sin' | 'f80_cos'): Semantics =>
  (b) => {
    const empty = isEmpty(b, ST0);
    const to = slot(b, ST0);
    const { done } = checked(b, empty, false, [to], softfloat(name), to, slot(b, ST0), x87Status(b));
    finish(b, { done, filled: ST0, clear: bitsIf(b, empty, hasRange(name) ? C2 : 0) });
  };

/** Whether a function sets C2 for operands that are too large, and otherwise clears it. */
const hasRange = (name: string): boolean => /sin|cos|tan/.test(name);

/** A function of ST(0) and ST(1) whose result replaces ST(1), which becomes the top. */
const binaryPop =
  (name: 'f80_yl2x' | 'f80_yl2xp1' | 'f80_patan'): Semantics =>
  (b) => {
    const wrong = b.or(isEmpty(b, ST0), isEmpty(b, 1));
    const to = slot(b, 1);
    const { done } = checked(b, wrong, false, [to], softfloat(name), to, slot(b, ST0), slot(b, 1), x87Status(b));
    finish(b, { pops: 1, done, filled: 1 });
  };

const anyEmpty = (b: X86): V => b.or(isEmpty(b, ST0), isEmpty(b, 1));

const remainder =
  (nearest: number): Semantics =>
  (b) => {
    const to = slot(b, ST0);
    const helper = softfloat('f80_rem');
    const wrong = anyEmpty(b);
    const { done } = checked(b, wrong, false, [to], helper, to, slot(b, ST0), slot(b, 1), b.i32(nearest), x87Status(b));
    finish(b, { done, filled: ST0, clear: bitsIf(b, wrong, C2) });
  };

/** A function with two results: one replaces ST(0), the other is pushed. */
const twoResults =
  (name: 'f80_sincos' | 'f80_extract', pushedFirst: boolean): Semantics =>
  (b) => {
    const empty = isEmpty(b, ST0);
    const wrong = b.or(empty, isFull(b, BELOW));
    const [old, pushed] = [slot(b, ST0), slot(b, BELOW)];
    const results = pushedFirst ? [pushed, old] : [old, pushed];
    const [first, second] = results as [V, V];
    const overflow = b.eqz(empty);
    const { done } = checked(b, wrong, overflow, results, softfloat(name), first, second, slot(b, ST0), x87Status(b));
    finish(b, { pops: -1, done, filled: ST0, clear: bitsIf(b, wrong, hasRange(name) ? C2 : 0) });
  };

const NAN_EXPONENT = 0x7fff;

/** FPTAN: pushes 1.0, or the NaN again if the result is one. */
const tangent: Semantics = (b) => {
  const empty = isEmpty(b, ST0);
  const wrong = b.or(empty, isFull(b, BELOW));
  const results = [slot(b, ST0), slot(b, BELOW)];
  const { done } = checked(
    b,
    wrong,
    b.eqz(empty),
    results,
    softfloat('f80_tan'),
    slot(b, ST0),
    slot(b, ST0),
    x87Status(b),
  );
  const [low, high] = [b.loadAt(slot(b, ST0), 0, 8), b.loadAt(slot(b, ST0), 8, 8)];
  const isNaN = b.eq(b.and(high, b.i64(NAN_EXPONENT)), b.i64(NAN_EXPONENT));
  const to = slot(b, BELOW);
  b.storeAt(to, 0, 8, b.select(done, b.select(isNaN, low, b.i64(1n << 63n)), b.loadAt(to, 0, 8)));
  b.storeAt(to, 8, 8, b.select(done, b.select(isNaN, high, b.i64(0x3fff)), b.loadAt(to, 8, 8)));
  finish(b, { pops: -1, done, filled: ST0, clear: bitsIf(b, wrong, C2) });
};

/** Arithmetic, comparisons and functions of x87 (SDM vol. 1, 8.3.5 to 8.3.7). @experimental */
export const x87ArithmeticRows: readonly X86Row[] = [
  ...arithmeticRows,
  x87('FCOM m32fp', ['D8 /2 Md'], compareMemory('f32', 0)),
  x87('FCOMP m32fp', ['D8 /3 Md'], compareMemory('f32', 1)),
  x87('FCOM m64fp', ['DC /2 Mq'], compareMemory('f64', 0)),
  x87('FCOMP m64fp', ['DC /3 Mq'], compareMemory('f64', 1)),
  x87('FICOM m32int', ['DA /2 Md'], compareMemory('s32', 0)),
  x87('FICOMP m32int', ['DA /3 Md'], compareMemory('s32', 1)),
  x87('FICOM m16int', ['DE /2 Mw'], compareMemory('s16', 0)),
  x87('FICOMP m16int', ['DE /3 Mw'], compareMemory('s16', 1)),
  x87('FCOM', ['D8 /2 Nq', 'DC /2 Nq'], compareRegister(0, 0)),
  x87('FCOMP', ['D8 /3 Nq', 'DC /3 Nq', 'DE /2 Nq'], compareRegister(0, 1)),
  x87('FCOMPP', ['DE !D9'], compareRegister(0, 2)),
  x87('FUCOM', ['DD /4 Nq'], compareRegister(1, 0)),
  x87('FUCOMP', ['DD /5 Nq'], compareRegister(1, 1)),
  x87('FUCOMPP', ['DA !E9'], compareRegister(1, 2)),
  x87('FCOMI', ['DB /6 @cmov Nq'], compareFlags(0, 0)),
  x87('FCOMIP', ['DF /6 @cmov Nq'], compareFlags(0, 1)),
  x87('FUCOMI', ['DB /5 @cmov Nq'], compareFlags(1, 0)),
  x87('FUCOMIP', ['DF /5 @cmov Nq'], compareFlags(1, 1)),
  x87('FTST', ['D9 !E4'], (b) => {
    const empty = isEmpty(b, ST0);
    checked(b, empty, false, [], softfloat('f80_tst'), slot(b, ST0), x87Status(b));
    finish(b, { set: bitsIf(b, empty, UNORDERED) });
  }),
  x87('FXAM', ['D9 !E5'], (b) => void callX87(b, softfloat('f80_examine'), slot(b, ST0), isEmpty(b, ST0))),
  x87('F2XM1', ['D9 !F0'], unary('f80_2xm1')),
  x87('FYL2X', ['D9 !F1'], binaryPop('f80_yl2x')),
  x87('FPTAN', ['D9 !F2'], tangent),
  x87('FPATAN', ['D9 !F3'], binaryPop('f80_patan')),
  x87('FXTRACT', ['D9 !F4'], twoResults('f80_extract', true)),
  x87('FPREM1', ['D9 !F5'], remainder(1)),
  x87('FPREM', ['D9 !F8'], remainder(0)),
  x87('FYL2XP1', ['D9 !F9'], binaryPop('f80_yl2xp1')),
  x87('FSQRT', ['D9 !FA'], unary('f80_sqrt')),
  x87('FSINCOS', ['D9 !FB'], twoResults('f80_sincos', false)),
  x87('FRNDINT', ['D9 !FC'], unary('f80_rint')),
  x87('FSCALE', ['D9 !FD'], (b) => {
    const to = slot(b, ST0);
    const { done } = checked(
      b,
      anyEmpty(b),
      false,
      [to],
      softfloat('f80_scale'),
      to,
      slot(b, ST0),
      slot(b, 1),
      x87Status(b),
    );
    finish(b, { done, filled: ST0 });
  }),
  x87('FSIN', ['D9 !FE'], unary('f80_sin')),
  x87('FCOS', ['D9 !FF'], unary('f80_cos')),
];
