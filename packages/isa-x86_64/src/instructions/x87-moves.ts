import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Condition } from '../builder/flags.js';
import { State } from '../builder/layout.js';
import { softfloat } from '../builder/softfloat-helpers.js';
import { typeOf } from '../builder/x86.js';
import type { X86 } from '../builder/x86.js';
import type { MemoryOperand, Operand } from '../describe/operand.js';
import type { X86Row } from '../describe/row.js';
import {
  BELOW,
  C1,
  ST0,
  bitsIf,
  checked,
  copy,
  finish,
  isEmpty,
  isFull,
  namedRegister,
  scratch,
  slot,
  tagBit,
  withFault,
  x87,
  x87Status,
} from './x87-common.js';
import type { Semantics } from './x87-common.js';

function memoryOf(operand: Operand): MemoryOperand {
  if (operand.kind !== 'memory') throw new Error('an operand in memory');
  return operand;
}

/** A part of an operand in memory that is longer than 8 bytes. */
const partOf = (operand: Operand, offset: number, size: number, b: X86): MemoryOperand => ({
  ...memoryOf(operand),
  size,
  offset: b.i64(offset),
});

/** FLD m32fp, m64fp. */
const loadFloat =
  (type: 'f32' | 'f64'): Semantics =>
  (b, [source]) => {
    const bits = b.read(source);
    const to = slot(b, BELOW);
    const { done } = checked(b, isFull(b, BELOW), true, [to], softfloat(`f80_from_${type}`), to, bits, x87Status(b));
    finish(b, { pops: -1, done });
  };

/** A load by a function that raises no exceptions of its own. */
function loadExact(b: X86, name: 'f80_from_s64' | 'f80_from_bcd', ...args: readonly V[]): void {
  const full = isFull(b, BELOW);
  const to = slot(b, BELOW);
  const { done } = checked(b, full, true, [to], softfloat(name), to, ...args);
  finish(b, { pops: -1, done, clear: bitsIf(b, b.eqz(full), C1) });
}

const loadInteger =
  (size: 1 | 2 | 3): Semantics =>
  (b, [source]) => {
    const bits = b.read(source);
    const x = size === 3 ? bits : b.widenSigned(size === 1 ? b.sx(bits, 16) : bits);
    loadExact(b, 'f80_from_s64', x);
  };

const loadDecimal: Semantics = (b, [source]) => {
  const low = b.read(partOf(source, 0, 3, b));
  const high = b.read(partOf(source, 8, 1, b));
  loadExact(b, 'f80_from_bcd', low, high);
};

/** Writes a number to a slot at the end of the instruction if `condition`, otherwise leaves it. */
function put(b: X86, to: V, condition: V, low: V, high: V): void {
  b.storeAt(to, 0, 8, b.select(condition, low, b.loadAt(to, 0, 8)));
  b.storeAt(to, 8, 8, b.select(condition, high, b.loadAt(to, 8, 8)));
}

const loadExtended: Semantics = (b, [source]) => {
  const low = b.read(partOf(source, 0, 3, b));
  const high = b.as(b.read(partOf(source, 8, 1, b)), Ty.i64);
  const full = isFull(b, BELOW);
  const { done } = withFault(b, full, true, [slot(b, BELOW)], b.eqz(full));
  put(b, slot(b, BELOW), b.eqz(full), low, high);
  finish(b, { pops: -1, done, clear: bitsIf(b, b.eqz(full), C1) });
};

/** FLD ST(i). */
const loadRegister: Semantics = (b, _, info) => {
  const i = namedRegister(b, info);
  const empty = isEmpty(b, i);
  const wrong = b.or(empty, isFull(b, BELOW));
  const { done } = withFault(b, wrong, b.eqz(empty), [slot(b, BELOW)], b.eqz(wrong));
  copy(b, slot(b, BELOW), slot(b, i), b.eqz(wrong));
  finish(b, { pops: -1, done, clear: bitsIf(b, b.eqz(wrong), C1) });
};

/** Indefinite numbers (SDM vol. 1, table 4-4) by the functions that store. */
const INDEFINITE = { f32: 0xffc0_0000n, f64: 0xfff8n << 48n, s16: 0x8000n, s32: 0x8000_0000n, s64: 1n << 63n } as const;
const SIZE = { f32: 2, f64: 3, s16: 1, s32: 2, s64: 3 } as const;

/** FST, FIST, FISTTP: `truncate` is undefined for floating-point numbers. */
const store =
  (type: keyof typeof SIZE, pops: 0 | 1, truncate?: 0 | 1): Semantics =>
  (b, [target]) => {
    // The access is checked first, because a fault must not change FSW; if nothing is stored, memory keeps its value.
    const old = b.modify(target);
    const mode = truncate === undefined ? [] : [b.i32(truncate)];
    const empty = isEmpty(b, ST0);
    const helper = softfloat(`f80_to_${type}`);
    const { done, faulted } = checked(b, empty, false, [], helper, scratch(b), slot(b, ST0), ...mode, x87Status(b));
    const number = b.select(faulted, b.i64(INDEFINITE[type]), b.stateAt(State.x87Scratch, 8));
    const ty = typeOf(SIZE[type]);
    b.write(target, b.select(done, b.as(number, ty), old));
    if (pops > 0) finish(b, { pops, done });
  };

/** Stores 10 bytes if `done`. */
function writeTen(b: X86, [first, last]: readonly [MemoryOperand, MemoryOperand], done: V, low: V, high: V): void {
  for (const [operand, v] of [
    [first, low],
    [last, b.as(high, Ty.i32)],
  ] as const) {
    const at = operand.opened as V;
    const bytes = 1 << operand.size;
    const ty = typeOf(operand.size);
    b.storeAt(at, 0, bytes, b.select(done, v, b.loadAt(at, 0, bytes, false, ty)));
  }
}

function openTen(b: X86, target: Operand): readonly [MemoryOperand, MemoryOperand] {
  const parts = [partOf(target, 0, 3, b), partOf(target, 8, 1, b)] as const;
  for (const part of parts) part.opened = b.openOperand(part, 1 << part.size, 'readWrite');
  return parts;
}

const storeDecimal: Semantics = (b, [target]) => {
  const parts = openTen(b, target);
  const empty = isEmpty(b, ST0);
  const { done, faulted } = checked(
    b,
    empty,
    false,
    [],
    softfloat('f80_to_bcd'),
    scratch(b),
    slot(b, ST0),
    x87Status(b),
  );
  const low = b.select(faulted, b.i64(0xc000n << 48n), b.stateAt(State.x87Scratch, 8));
  const high = b.select(faulted, b.i64(0xffff), b.stateAt(State.x87Scratch + 8, 8));
  writeTen(b, parts, done, low, high);
  finish(b, { pops: 1, done });
};

const storeExtended: Semantics = (b, [target]) => {
  const parts = openTen(b, target);
  const empty = isEmpty(b, ST0);
  const { done, faulted } = withFault(b, empty, false, [], b.eqz(empty));
  const from = slot(b, ST0);
  const low = b.select(faulted, b.i64(0xc000n << 48n), b.loadAt(from, 0, 8));
  const high = b.select(faulted, b.i64(0xffff), b.loadAt(from, 8, 8));
  writeTen(b, parts, done, low, high);
  finish(b, { pops: 1, done, clear: bitsIf(b, b.eqz(empty), C1) });
};

/** FST ST(i), FSTP ST(i). */
const storeRegister =
  (pops: 0 | 1): Semantics =>
  (b, _, info) => {
    const i = namedRegister(b, info);
    const empty = isEmpty(b, ST0);
    const { done } = withFault(b, empty, false, [slot(b, i)], b.eqz(empty));
    copy(b, slot(b, i), slot(b, ST0), b.eqz(empty));
    finish(b, { pops, done, filled: i, clear: bitsIf(b, b.eqz(empty), C1) });
  };

/** FXCH: empty registers count as the indefinite number. */
const exchange: Semantics = (b, _, info) => {
  const i = namedRegister(b, info);
  const [emptyTop, emptyNamed] = [isEmpty(b, ST0), isEmpty(b, i)];
  const wrong = b.or(emptyTop, emptyNamed);
  const { done, faulted } = withFault(b, wrong, false, [], b.eqz(wrong));
  const part = (offset: 0 | 8, indefinite: bigint): void => {
    const [top, named] = [slot(b, ST0), slot(b, i)];
    const [x, y] = [b.loadAt(top, offset, 8), b.loadAt(named, offset, 8)];
    const whole = (v: V, empty: V): V => b.select(b.and(faulted, empty), b.i64(indefinite), v);
    b.storeAt(top, offset, 8, b.select(done, whole(y, emptyNamed), x));
    b.storeAt(named, offset, 8, b.select(done, whole(x, emptyTop), y));
  };
  part(0, 0xc000n << 48n);
  part(8, 0xffffn);
  const tags = b.stateAt(State.ftw, 4);
  b.setState(State.ftw, b.select(done, b.or(tags, b.or(tagBit(b, ST0), tagBit(b, i))), tags));
  finish(b, { clear: bitsIf(b, b.eqz(wrong), C1) });
};

/** FCMOVcc: a stack fault is reported also if the condition does not hold. */
const conditional =
  (condition: Condition): Semantics =>
  (b, _, info) => {
    const i = namedRegister(b, info);
    const wrong = b.or(isEmpty(b, ST0), isEmpty(b, i));
    const holds = b.cond(condition);
    const { done } = withFault(b, wrong, false, [slot(b, ST0)], b.eqz(wrong));
    copy(b, slot(b, ST0), slot(b, i), b.and(b.eqz(wrong), holds));
    finish(b, { done, filled: ST0 });
  };

const CONDITIONS: readonly (readonly [name: string, encoding: string, condition: Condition])[] = [
  ['FCMOVB', 'DA /0 @cmov Nq', Condition.B],
  ['FCMOVE', 'DA /1 @cmov Nq', Condition.E],
  ['FCMOVBE', 'DA /2 @cmov Nq', Condition.BE],
  ['FCMOVU', 'DA /3 @cmov Nq', Condition.P],
  ['FCMOVNB', 'DB /0 @cmov Nq', Condition.AE],
  ['FCMOVNE', 'DB /1 @cmov Nq', Condition.NE],
  ['FCMOVNBE', 'DB /2 @cmov Nq', Condition.A],
  ['FCMOVNU', 'DB /3 @cmov Nq', Condition.NP],
];

/** FCHS, FABS: change the sign of ST(0), also of a NaN. */
const sign =
  (of: (b: X86, high: V) => V): Semantics =>
  (b) => {
    const empty = isEmpty(b, ST0);
    const { done } = withFault(b, empty, false, [slot(b, ST0)], b.eqz(empty));
    const to = slot(b, ST0);
    const high = b.loadAt(to, 8, 8);
    b.storeAt(to, 8, 8, b.select(empty, high, of(b, high)));
    finish(b, { done, filled: ST0, clear: bitsIf(b, b.eqz(empty), C1) });
  };

const constants = ['FLD1', 'FLDL2T', 'FLDL2E', 'FLDPI', 'FLDLG2', 'FLDLN2', 'FLDZ'].map((name, n) =>
  x87(name, [`D9 !${(0xe8 + n).toString(16).toUpperCase()}`], (b) => {
    const to = slot(b, BELOW);
    const { done } = checked(b, isFull(b, BELOW), true, [to], softfloat('f80_constant'), to, b.i32(n), x87Status(b));
    finish(b, { pops: -1, done });
  }),
);

/** Data transfer of x87 (SDM vol. 1, 8.3.3, 8.3.4). @experimental */
export const x87MoveRows: readonly X86Row[] = [
  x87('FLD m32fp', ['D9 /0 Md'], loadFloat('f32')),
  x87('FLD m64fp', ['DD /0 Mq'], loadFloat('f64')),
  x87('FLD m80fp', ['DB /5 Mq'], loadExtended),
  x87('FLD ST(i)', ['D9 /0 Nq'], loadRegister),
  x87('FILD m16int', ['DF /0 Mw'], loadInteger(1)),
  x87('FILD m32int', ['DB /0 Md'], loadInteger(2)),
  x87('FILD m64int', ['DF /5 Mq'], loadInteger(3)),
  x87('FBLD', ['DF /4 Mq'], loadDecimal),
  x87('FST m32fp', ['D9 /2 Md'], store('f32', 0)),
  x87('FSTP m32fp', ['D9 /3 Md'], store('f32', 1)),
  x87('FST m64fp', ['DD /2 Mq'], store('f64', 0)),
  x87('FSTP m64fp', ['DD /3 Mq'], store('f64', 1)),
  x87('FSTP m80fp', ['DB /7 Mq'], storeExtended),
  x87('FST ST(i)', ['DD /2 Nq'], storeRegister(0)),
  // Beside the encodings of the manual, processors have further ones.
  x87('FSTP ST(i)', ['DD /3 Nq', 'DF /2 Nq', 'DF /3 Nq'], storeRegister(1)),
  x87('FIST m16int', ['DF /2 Mw'], store('s16', 0, 0)),
  x87('FISTP m16int', ['DF /3 Mw'], store('s16', 1, 0)),
  x87('FIST m32int', ['DB /2 Md'], store('s32', 0, 0)),
  x87('FISTP m32int', ['DB /3 Md'], store('s32', 1, 0)),
  x87('FISTP m64int', ['DF /7 Mq'], store('s64', 1, 0)),
  x87('FISTTP m16int', ['DF /1 @sse3 Mw'], store('s16', 1, 1)),
  x87('FISTTP m32int', ['DB /1 @sse3 Md'], store('s32', 1, 1)),
  x87('FISTTP m64int', ['DD /1 @sse3 Mq'], store('s64', 1, 1)),
  x87('FBSTP', ['DF /6 Mq'], storeDecimal),
  x87('FXCH', ['D9 /1 Nq', 'DD /1 Nq', 'DF /1 Nq'], exchange),
  ...CONDITIONS.map(([name, encoding, condition]) => x87(name, [encoding], conditional(condition))),
  x87(
    'FCHS',
    ['D9 !E0'],
    sign((b, high) => b.xor(high, b.i64(0x8000))),
  ),
  x87(
    'FABS',
    ['D9 !E1'],
    sign((b, high) => b.and(high, b.i64(0x7fff))),
  ),
  ...constants,
];
