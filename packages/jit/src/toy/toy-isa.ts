import type { Builder } from '../builder/builder.js';
import { truthTable } from '../builder/flag-model.js';
import type { FlagModel } from '../builder/flag-model.js';
import { EngineState, ExitReason } from '../builder/layout.js';
import type { RegisterFile } from '../builder/register-file.js';
import type { Decoded, InstructionDecoder } from '../describe/decoder.js';
import { extractFields } from '../describe/pattern.js';
import { int, rowMaker, small, target } from '../describe/row.js';
import type { PatternRow } from '../describe/row.js';
import type { Reg, V } from '../describe/value.js';
import { fixedRegister } from '../interpreter/operands.js';
import { STRADDLES } from '../records/record-plan.js';
import type { RecordMemory } from '../records/record-plan.js';
import type { InstructionGeometry } from '../records/instruction-geometry.js';
import { Ty } from '../wasm/code-buffer.js';

/*
 * A small instruction set that differs from A64 in everything that the shared code must support: instructions of one
 * to three bytes at any address, registers of 32 bits, five flags, jumps relative to the next instruction.
 */

/** Instructions of one to three bytes. @experimental */
export const TOY_GEOMETRY: InstructionGeometry = { unit: 1, longest: 3, addressBits: 48 };

/** Eight registers; the last is the link register. @experimental */
export const TOY_REGISTERS: RegisterFile = {
  name: 'R',
  bits: 32,
  inPlace: true,
  readOffset: (n) => EngineState.end + n * 4,
  writeOffset: (n) => EngineState.end + n * 4,
};
/** Number of registers. @experimental */
export const TOY_REGISTER_COUNT = 8;
const LINK = 7;

/** The exit reason of LEAVE. @experimental */
export const TOY_LEAVE = ExitReason.architecture;

/** Bits of the packed flags. @experimental */
export const ToyFlag = {
  /** The operands are equal. */
  equal: 1,
  /** The first is less, as signed numbers. */
  less: 2,
  /** The first is less, as unsigned numbers. */
  below: 4,
  /** The difference is negative. */
  negative: 8,
  /** The difference is odd. */
  odd: 16,
} as const;

/** The conditions as functions of the packed flags, by number. @experimental */
export const TOY_CONDITIONS: readonly ((packed: number) => boolean)[] = [
  (f) => (f & ToyFlag.equal) !== 0,
  (f) => (f & ToyFlag.less) !== 0,
  (f) => (f & ToyFlag.below) !== 0,
  (f) => (f & ToyFlag.negative) !== 0,
  (f) => (f & ToyFlag.odd) !== 0,
  (f) => (f & (ToyFlag.equal | ToyFlag.less)) !== 0,
  (f) => (f & ToyFlag.odd) === 0,
  (f) => (f & (ToyFlag.equal | ToyFlag.below | ToyFlag.odd)) === ToyFlag.odd,
];

/** Kinds of lazy flags: of a comparison, and of a result. */
const [COMPARED, RESULT] = [0, 1];

/** Lazy flags of two kinds: 0 of a comparison, 1 of a result. @experimental */
export const toyFlags: FlagModel = {
  bits: 5,
  direct: [COMPARED],
  truth: truthTable(5, TOY_CONDITIONS),
  test: (b, _kind, x, y, condition) => testCompared(b, x, y, condition),
  pack: (b, kind, x, y) => {
    const result = b.sx(b.select(b.eq(kind, b.imm(COMPARED)), b.sub(x, y), x), 32);
    const compared = b.eq(kind, b.imm(COMPARED));
    const bit = (condition: V, flag: number): V => b.mul(condition, b.i32(flag));
    const less = b.or(
      bit(b.and(compared, b.lts(b.sx(x, 32), b.sx(y, 32))), ToyFlag.less),
      bit(b.and(compared, b.ltu(x, y)), ToyFlag.below),
    );
    const ofResult = b.or(bit(b.eqz(result), ToyFlag.equal), bit(b.lts(result, b.imm(0)), ToyFlag.negative));
    return b.or(b.or(less, ofResult), b.shl(b.and(b.as(result, Ty.i32), b.imm(1)), b.imm(4)));
  },
};

/** Conditions 0 to 7 after a comparison of 32-bit values, which are zero-extended. */
function testCompared(b: Builder, x: V, y: V, condition: number): V {
  const low = (v: V): V => b.as(v, Ty.i32);
  const odd = b.and(low(b.sub(x, y)), b.imm(1));
  switch (condition) {
    case 0:
      return b.eq(x, y);
    case 1:
      return b.lts(low(x), low(y));
    case 2:
      return b.ltu(x, y);
    case 3:
      return b.lts(b.sub(low(x), low(y)), b.imm(0));
    case 4:
      return odd;
    case 5:
      return b.les(low(x), low(y));
    case 6:
      return b.eqz(odd);
    default:
      return b.and(odd, b.gtu(x, y));
  }
}

const inst = rowMaker<Builder>();
const read = (b: Builder, r: Reg): V => b.readReg(TOY_REGISTERS, r, Ty.i32);
const write = (b: Builder, r: Reg, v: V): void => b.writeReg(TOY_REGISTERS, r, v);
const address = (b: Builder, r: Reg): V => b.readReg(TOY_REGISTERS, r, Ty.i64);
const link = (b: Builder): void => write(b, fixedRegister(LINK), b.as(b.nextPc(), Ty.i32));
const signed = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);

/** Writes a result and sets the flags by it. */
function result(b: Builder, d: Reg, v: V): void {
  write(b, d, v);
  b.setFlags(RESULT, b.as(v, Ty.i64), b.i64(0));
}

/** Operations with two registers, by their number. */
const OPERATIONS: readonly ((b: Builder, x: V, y: V) => V)[] = [
  (_b, _x, y) => y,
  (b, x, y) => b.add(x, y),
  (b, x, y) => b.sub(x, y),
  (b, x, y) => b.and(x, y),
  (b, x, y) => b.xor(x, y),
  (b, x, y) => b.mul(x, y),
  (b, x, y) => b.shl(x, y),
];
const COMPARE = 7;

/** The instruction table. @experimental */
export const toyRows: readonly PatternRow<Builder>[] = [
  inst('1', 'INC', '00000 Rn:3', {}, (b, { Rn }) => result(b, Rn, b.add(read(b, Rn), b.imm(1)))),
  inst('2', 'GO', '00001 Rn:3', {}, (b, { Rn }) => b.jumpTo(address(b, Rn))),
  inst('3', 'CALL (register)', '00010 Rn:3', {}, (b, { Rn }) => {
    link(b);
    b.jumpTo(address(b, Rn), true);
  }),
  inst('4', 'RETURN', '00011 000', {}, (b) => b.jumpTo(address(b, fixedRegister(LINK)))),
  inst('5', 'PC', '00011 001', {}, (b) => write(b, fixedRegister(0), b.as(b.pc(), Ty.i32))),
  inst('6', 'LEAVE', '00011 010', {}, (b) => b.leave(TOY_LEAVE, b.i32(5))),
  inst('7', 'FLAGS', '00011 011', {}, (b) => write(b, fixedRegister(1), b.packedFlags())),
  inst('8', 'REFETCH', '00011 100', {}, (b) => b.refetch()),
  inst('9', 'OPERATION', '001 op:3! xx Rd:3 Rn:3 xx', {}, (b, { op, Rd, Rn }) => {
    const [x, y] = [read(b, Rd), read(b, Rn)];
    if (op === COMPARE) b.setFlags(COMPARED, b.as(x, Ty.i64), b.as(y, Ty.i64));
    else result(b, Rd, (OPERATIONS[op] as (typeof OPERATIONS)[number])(b, x, y));
  }),
  inst(
    '10',
    'BRANCH',
    '010 cond:3! xx d:8',
    { operands: { to: target((f) => signed(f.d, 8) + 2) } },
    (b, { cond, to }) => b.branch(b.cond(cond), to),
  ),
  inst(
    '11',
    'JUMP',
    '011 call:1! xxxx d:8',
    { operands: { to: target((f) => signed(f.d, 8) + 2) } },
    (b, { call, to }) => jump(b, call, to),
  ),
  inst('12', 'SET', '100 Rd:3 xx n:16', { operands: { value: small((f) => f.n) } }, (b, { Rd, value }) =>
    write(b, Rd, b.as(value, Ty.i32)),
  ),
  inst(
    '13',
    'JUMP (long)',
    '101 call:1! xxxx d:16',
    { operands: { to: target((f) => signed(f.d, 16) + 3) } },
    (b, { call, to }) => jump(b, call, to),
  ),
  inst(
    '14',
    'LOAD, STORE',
    '110 store:1! Rt:3 x Rn:3 x n:12',
    { operands: { offset: int((f) => signed(f.n, 12)) } },
    (b, { store, Rt, Rn, offset }) => {
      const m = b.open(b.as(b.add(read(b, Rn), offset), Ty.i64), 4, store ? 'write' : 'read');
      if (store) b.storeAt(m, 0, 4, read(b, Rt));
      else write(b, Rt, b.loadAt(m, 0, 4, false, Ty.i32));
    },
  ),
];

function jump(b: Builder, call: number, to: V): void {
  if (call) link(b);
  b.jump(to, call === 1);
}

/**
 * Length of an instruction in bytes, by its first byte. A first byte with three leading ones is invalid.
 *
 * @experimental
 */
export const toyLength = (first: number): number => [1, 2, 2, 2, 3, 3, 3, 1][first >> 5] as number;

/**
 * Keys are the bytes of the instruction, the first in the highest place, preceded by a one bit.
 *
 * @experimental
 */
export class ToyDecoder implements InstructionDecoder<Builder> {
  /** @param flip - is combined with each byte of code by exclusive or, so that decoders can differ. */
  constructor(private readonly flip = 0) {}

  keyAt({ data }: RecordMemory, at: number, end: number): number {
    const byte = (i: number): number => data.getUint8(at + i) ^ this.flip;
    const length = toyLength(byte(0));
    if (at + length > end) return STRADDLES;
    let key = 1;
    for (let i = 0; i < length; i++) key = key * 256 + byte(i);
    return key;
  }

  lengthOf(key: number): number {
    return key < 0x1_0000 ? 1 : key < 0x100_0000 ? 2 : 3;
  }

  find(key: number): Decoded<Builder> | undefined {
    const bits = this.lengthOf(key) * 8;
    const word = key % 2 ** bits;
    const row = toyRows.find(({ pattern: p }) => p.bits === bits && ((word ^ p.value) & p.mask) === 0);
    return row && { row, fields: extractFields(row.pattern, word) };
  }
}
