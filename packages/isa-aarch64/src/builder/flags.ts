import { truthTable } from '@qvm/jit';
import type { Builder, FlagModel, V } from '@qvm/jit';

/**
 * Representation of NZCV: an operation and its operands, which 32-bit operations shift to the top of 64 bits. A
 * logical result is `Add` with 0.
 *
 * @experimental
 */
export enum FlagKind {
  /** The flags are those of `flagX - flagY`. */
  Sub = 0,
  /** The flags are those of `flagX + flagY`. */
  Add = 1,
  /** `flagX` holds NZCV as a number 0–15. */
  Packed = 2,
}

/** Condition codes of the Arm ARM, C1.2.4. @experimental */
export enum Condition {
  EQ,
  NE,
  CS,
  CC,
  MI,
  PL,
  VS,
  VC,
  HI,
  LS,
  GE,
  LT,
  GT,
  LE,
  AL,
  NV,
}

const NZCV_BITS = 4;
/** Conditions of C1.2.4, NV among them. */
const CONDITIONS = 16;

/** Whether a condition holds for NZCV (N is bit 3). */
function holds(condition: number, nzcv: number): boolean {
  const [n, z, c, v] = [(nzcv >> 3) & 1, (nzcv >> 2) & 1, (nzcv >> 1) & 1, nzcv & 1];
  const base = [z, c, n, v, c & ~z, n === v ? 1 : 0, n === v && !z ? 1 : 0, 1][condition >> 1] === 1;
  return (condition & 1) === 1 && condition !== Condition.NV ? !base : base;
}

/**
 * The model of AArch64's condition flags, NZCV.
 *
 * @experimental
 */
export const nzcvModel: FlagModel = {
  bits: NZCV_BITS,
  direct: [FlagKind.Sub],
  truth: truthTable(
    NZCV_BITS,
    Array.from({ length: CONDITIONS }, (_, condition) => (nzcv: number) => holds(condition, nzcv)),
  ),
  test: (b, kind, x, y, condition) => {
    if (kind === FlagKind.Sub) return testSub(b, x, y, condition);
    throw new Error('only differences are tested directly');
  },
  pack: (b, kind, x, y) =>
    b.choose(
      b.eq(kind, b.imm(FlagKind.Packed)),
      b.as(x, 0x7f),
      b.choose(b.eq(kind, b.imm(FlagKind.Sub)), packSub(b, x, y), packAdd(b, x, y)),
    ),
};

function testSub(b: Builder, x: V, y: V, condition: number): V {
  const overflow = (): V => b.lts(b.and(b.xor(x, y), b.xor(x, b.sub(x, y))), b.imm(0));
  switch (condition as Condition) {
    case Condition.EQ:
      return b.eq(x, y);
    case Condition.NE:
      return b.ne(x, y);
    case Condition.CS:
      return b.geu(x, y);
    case Condition.CC:
      return b.ltu(x, y);
    case Condition.MI:
      return b.lts(b.sub(x, y), b.imm(0));
    case Condition.PL:
      return b.ges(b.sub(x, y), b.imm(0));
    case Condition.VS:
      return overflow();
    case Condition.VC:
      return b.eqz(overflow());
    case Condition.HI:
      return b.gtu(x, y);
    case Condition.LS:
      return b.leu(x, y);
    case Condition.GE:
      return b.ges(x, y);
    case Condition.LT:
      return b.lts(x, y);
    case Condition.GT:
      return b.gts(x, y);
    case Condition.LE:
      return b.les(x, y);
    default:
      return b.i32(1);
  }
}

function pack(b: Builder, result: V, carry: V, overflow: V): V {
  const n = b.as(b.shr(result, b.imm(63)), 0x7f);
  const bits = b.or(b.shl(n, b.imm(3)), b.shl(b.eqz(result), b.imm(2)));
  return b.or(bits, b.or(b.shl(carry, b.imm(1)), b.as(b.shr(overflow, b.imm(63)), 0x7f)));
}

function packSub(b: Builder, x: V, y: V): V {
  const result = b.sub(x, y);
  return pack(b, result, b.geu(x, y), b.and(b.xor(x, y), b.xor(x, result)));
}

function packAdd(b: Builder, x: V, y: V): V {
  const result = b.add(x, y);
  return pack(b, result, b.ltu(result, x), b.and(b.xor(x, result), b.xor(y, result)));
}
