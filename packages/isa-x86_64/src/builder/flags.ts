import { Ty, truthTable } from '@qvm/jit';
import type { Builder, DynamicFlags, FlagModel, V } from '@qvm/jit';

/**
 * Kinds of lazy flags. All but `Packed` have the log2 of the operand size in bytes in bits 1–0 (see {@link flagKind}),
 * and operands that are zero-extended from that size.
 *
 * @experimental
 */
export enum FlagKind {
  /** `flagX` holds the flags as {@link PackedFlag} bits. */
  Packed = 0,
  /** The flags of `flagX - flagY`. */
  Sub = 4,
  /** The flags of `flagX + flagY`. */
  Add = 8,
  /** ZF, SF and PF are those of `flagX`; `flagY` has CF, OF and AF as {@link PackedFlag} bits. */
  Result = 12,
  /** ZF, SF and PF are those of `flagX`; CF, OF and AF are 0. `flagY` is 0. */
  Logic = 16,
}

/** Bits of packed flags: those that conditions read are the lowest. @experimental */
export const PackedFlag = {
  /** Carry. */
  CF: 1,
  /** Parity of the low byte of the result: set if even. */
  PF: 2,
  /** Zero. */
  ZF: 4,
  /** Sign. */
  SF: 8,
  /** Signed overflow. */
  OF: 16,
  /** Carry out of bit 3. */
  AF: 32,
} as const;

/** Number of flags that conditions read. */
const CONDITION_FLAGS = 5;

/** A kind for an operand size. @param size - log2 of the bytes. @experimental */
export const flagKind = (kind: FlagKind, size: number): number => kind | size;

/** Condition codes, as encoded (SDM vol. 1, B.1). @experimental */
export enum Condition {
  /** Overflow: OF. */
  O,
  /** No overflow. */
  NO,
  /** Below: CF. */
  B,
  /** Above or equal: CF = 0. */
  AE,
  /** Equal: ZF. */
  E,
  /** Not equal. */
  NE,
  /** Below or equal: CF or ZF. */
  BE,
  /** Above. */
  A,
  /** Negative: SF. */
  S,
  /** Not negative. */
  NS,
  /** Parity even: PF. */
  P,
  /** Parity odd. */
  NP,
  /** Less: SF ≠ OF. */
  L,
  /** Greater or equal. */
  GE,
  /** Less or equal: ZF or SF ≠ OF. */
  LE,
  /** Greater. */
  G,
}

/** Number of condition codes. @experimental */
export const CONDITIONS = 16;

/** Whether a condition holds for packed flags. */
function holds(condition: number, packed: number): boolean {
  const flag = (bit: number): boolean => (packed & bit) !== 0;
  const { CF, PF, ZF, SF, OF } = PackedFlag;
  const less = flag(SF) !== flag(OF);
  const base = [flag(OF), flag(CF), flag(ZF), flag(CF) || flag(ZF), flag(SF), flag(PF), less, less || flag(ZF)];
  return base[condition >> 1] !== ((condition & 1) === 1);
}

/**
 * The model of the status flags of x86: CF, PF, AF, ZF, SF and OF.
 *
 * @experimental
 */
export const x86Flags: FlagModel = {
  bits: CONDITION_FLAGS,
  direct: [FlagKind.Sub, FlagKind.Add, FlagKind.Result, FlagKind.Logic].flatMap((kind) =>
    [0, 1, 2, 3].map((size) => flagKind(kind, size)),
  ),
  truth: truthTable(
    CONDITION_FLAGS,
    Array.from({ length: CONDITIONS }, (_, condition) => (packed: number) => holds(condition, packed)),
  ),
  test: (b, kind, x, y, condition) => testKind(b, kind, x, y, condition),
  testAny: (b, flags, condition) => testAny(b, flags, condition),
  pack: (b, kind, x, y) => b.choose(b.eq(kind, b.imm(FlagKind.Packed)), b.as(x, Ty.i32), packOperation(b, kind, x, y)),
};

/** Values of one operation in the width in which they are compared. */
interface Sized {
  readonly b: Builder;
  readonly kind: FlagKind;
  readonly x: V;
  readonly y: V;
  /** The low bits of a value as a signed number of this width. */
  signed(v: V): V;
  /** The low bits of a value, zero-extended. */
  unsigned(v: V): V;
}

function testKind(b: Builder, kind: number, x: V, y: V, condition: number): V {
  const size = kind & 3;
  const ty = size === 3 ? Ty.i64 : Ty.i32;
  const bits = 8 << size;
  const sized: Sized = {
    b,
    kind: kind & ~3,
    x: b.as(x, ty),
    y: b.as(y, ty),
    signed: (v) => b.sx(v, bits),
    unsigned: (v) => b.zx(v, bits),
  };
  return testSized(sized, condition);
}

/** A condition for a kind that is only known at run time: common kinds first. */
function testAny(b: Builder, { kind, x, y, packed }: DynamicFlags, condition: number): V {
  // The sign bit of every size is moved to bit 63.
  const shift = b.sub(b.i32(64), b.shl(b.i32(8), b.and(kind, b.imm(3))));
  const signed = (v: V): V => b.shl(v, shift);
  const sized = (of: FlagKind): Sized => ({ b, kind: of, x, y, signed, unsigned: signed });
  const operation = b.and(kind, b.imm(~3));
  const ofResult = b.choose(
    b.eq(operation, b.imm(FlagKind.Logic)),
    testSized(sized(FlagKind.Logic), condition),
    packed(),
  );
  return b.choose(b.eq(operation, b.imm(FlagKind.Sub)), testSized(sized(FlagKind.Sub), condition), ofResult);
}

function testSized(of: Sized, condition: number): V {
  const { b } = of;
  const holds = testTrue(of, condition & ~1);
  if ((condition & 1) === 0) return holds;
  return testFalse(of, condition) ?? b.eqz(holds);
}

/** Conditions with even numbers. */
function testTrue(of: Sized, condition: Condition): V {
  const { b, kind, x, y, signed } = of;
  const isSub = kind === FlagKind.Sub;
  const result = resultOf(of);
  switch (condition) {
    case Condition.O:
      return overflowOf(of);
    case Condition.B:
      return carryOf(of);
    case Condition.E:
      return isSub ? b.eq(x, y) : b.eqz(of.unsigned(result));
    case Condition.BE:
      return isSub ? b.leu(x, y) : b.or(carryOf(of), b.eqz(of.unsigned(result)));
    case Condition.S:
      return b.lts(signed(result), b.imm(0));
    case Condition.P:
      return evenParity(b, b.as(result, Ty.i32));
    case Condition.L:
      return less(of);
    default:
      if (isSub) return b.les(signed(x), signed(y));
      if (kind === FlagKind.Logic) return b.les(signed(x), b.imm(0));
      return b.or(less(of), b.eqz(of.unsigned(result)));
  }
}

/** Conditions with odd numbers that one comparison tells. */
function testFalse({ b, kind, x, y, signed }: Sized, condition: Condition): V | undefined {
  const isSub = kind === FlagKind.Sub;
  const isLogic = kind === FlagKind.Logic;
  switch (condition) {
    case Condition.AE:
      return isSub ? b.geu(x, y) : undefined;
    case Condition.NE:
      return isSub ? b.ne(x, y) : undefined;
    case Condition.A:
      return isSub ? b.gtu(x, y) : undefined;
    case Condition.GE:
      return isSub ? b.ges(signed(x), signed(y)) : isLogic ? b.ges(signed(x), b.imm(0)) : undefined;
    case Condition.G:
      return isSub ? b.gts(signed(x), signed(y)) : isLogic ? b.gts(signed(x), b.imm(0)) : undefined;
    default:
      return undefined;
  }
}

function resultOf({ b, kind, x, y }: Sized): V {
  return kind === FlagKind.Sub ? b.sub(x, y) : kind === FlagKind.Add ? b.add(x, y) : x;
}

function carryOf({ b, kind, x, y, unsigned }: Sized): V {
  if (kind === FlagKind.Sub) return b.ltu(x, y);
  if (kind === FlagKind.Add) return b.ltu(unsigned(b.add(x, y)), unsigned(x));
  return kind === FlagKind.Logic ? b.i32(0) : b.and(b.as(y, Ty.i32), b.imm(1));
}

function overflowOf(of: Sized): V {
  const { b, kind, x, y, signed } = of;
  const result = resultOf(of);
  if (kind === FlagKind.Sub) return b.lts(signed(b.and(b.xor(x, y), b.xor(x, result))), b.imm(0));
  if (kind === FlagKind.Add) return b.lts(signed(b.and(b.xor(x, result), b.xor(y, result))), b.imm(0));
  return kind === FlagKind.Logic ? b.i32(0) : b.and(b.shr(b.as(y, Ty.i32), b.imm(4)), b.imm(1));
}

/** SF ≠ OF. */
function less(of: Sized): V {
  const { b, kind, x, y, signed } = of;
  if (kind === FlagKind.Sub) return b.lts(signed(x), signed(y));
  const sign = b.lts(signed(resultOf(of)), b.imm(0));
  return kind === FlagKind.Logic ? sign : b.xor(sign, overflowOf(of));
}

/** PF: whether the lowest byte has an even number of ones. */
function evenParity(b: Builder, result: V): V {
  return b.xor(b.and(b.popcnt(b.and(result, b.imm(0xff))), b.imm(1)), b.imm(1));
}

/** All flags of an operation whose kind is known at run time. */
function packOperation(b: Builder, kind: V, x: V, y: V): V {
  const shift = b.sub(b.i32(64), b.shl(b.i32(8), b.and(kind, b.imm(3))));
  const operation = b.and(kind, b.imm(~3));
  const isSub = b.eq(operation, b.imm(FlagKind.Sub));
  const isAdd = b.eq(operation, b.imm(FlagKind.Add));
  const bit = (v: V, flag: number): V => b.mul(v, b.i32(flag));
  const low = (v: V): V => b.as(v, Ty.i32);
  const result = b.select(isSub, b.sub(x, y), b.select(isAdd, b.add(x, y), x));
  const top = b.shl(result, shift);
  const sums = (): V => {
    const carry = b.select(isSub, b.ltu(x, y), b.ltu(top, b.shl(x, shift)));
    const changed = b.xor(x, result);
    const overflow = b.and(changed, b.select(isSub, b.xor(x, y), b.xor(y, result)));
    const adjust = b.and(b.shl(low(b.xor(b.xor(x, y), result)), b.imm(1)), b.imm(PackedFlag.AF));
    const isOverflow = b.lts(b.shl(overflow, shift), b.imm(0));
    return b.or(b.or(carry, bit(isOverflow, PackedFlag.OF)), adjust);
  };
  const ofResult = b.or(
    b.or(bit(evenParity(b, low(result)), PackedFlag.PF), bit(b.eqz(top), PackedFlag.ZF)),
    bit(b.lts(top, b.imm(0)), PackedFlag.SF),
  );
  return b.or(ofResult, b.choose(b.or(isSub, isAdd), sums(), low(y)));
}
