import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { FlagKind, PackedFlag, flagKind } from '../builder/flags.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import type { Operand } from '../describe/operand.js';

/** The number of a shift: masked to 5 bits, 6 for 64-bit operands (SDM vol. 2, SAL). */
const countOf = (b: X86, count: Operand, size: number): V =>
  b.and(b.as(b.read({ ...count, size: 0 }), Ty.i32), b.imm(size === 3 ? 63 : 31));

/** A result with CF and OF, both i32 of value 0 or 1. */
interface Shifted {
  readonly result: V;
  readonly carry: V;
  readonly overflow: V;
}

/** Shifts `x` by a count that is not 0. Values of up to 32 bits are shifted in an i64, where nothing is lost. */
type Shift = (b: X86, x: V, count: V, size: number) => Shifted;

const bit = (b: X86, v: V, n: V): V => b.and(b.as(b.shr(v, n), Ty.i32), b.imm(1));
const topBit = (b: X86, v: V, size: number): V => bit(b, v, b.imm((8 << size) - 1));

const shl: Shift = (b, x, count, size) => {
  const bits = 8 << size;
  if (size === 3) {
    const result = b.shl(x, count);
    const carry = bit(b, x, b.sub(b.i32(bits), count));
    return { result, carry, overflow: b.xor(topBit(b, result, 3), carry) };
  }
  const wide = b.shl(b.as(x, Ty.i64), count);
  const result = b.cut(b.as(wide, Ty.i32), size);
  const carry = bit(b, wide, b.imm(bits));
  return { result, carry, overflow: b.xor(topBit(b, result, size), carry) };
};

const shr: Shift = (b, x, count, size) => ({
  result: b.shr(x, count),
  carry: bit(b, x, b.sub(count, b.imm(1))),
  overflow: topBit(b, x, size),
});

const sar: Shift = (b, x, count, size) => {
  const signed = b.sx(x, 8 << size);
  return {
    result: b.cut(b.sar(signed, count), size),
    carry: bit(b, b.sar(signed, b.sub(count, b.imm(1))), b.imm(0)),
    overflow: b.i32(0),
  };
};

/** SHL, SHR, SAR: a count of 0 leaves the flags. */
function shift(b: X86, target: Operand, count: Operand, size: number, of: Shift): void {
  const x = b.modify(target);
  const n = countOf(b, count, size);
  const { result, carry, overflow } = of(b, x, n, size);
  b.write(target, result);
  setUnlessZero(b, n, result, b.or(carry, b.flag(overflow, PackedFlag.OF)), size);
}

/** Sets the flags of a result, or leaves them if `count` is 0. */
function setUnlessZero(b: X86, count: V, result: V, others: V, size: number): void {
  const known = b.constant(count);
  if (known === 0n) return;
  if (known !== undefined) {
    b.resultFlags(result, others, size);
    return;
  }
  const { kind, x, y } = b.lazyFlags();
  const keep = b.eqz(count);
  b.setFlagsOf(
    b.select(keep, kind, b.i32(flagKind(FlagKind.Result, size))),
    b.select(keep, x, b.as(result, Ty.i64)),
    b.select(keep, y, b.as(b.as(others, Ty.i32), Ty.i64)),
  );
}

/** Changes CF and OF only, unless `count` is 0. */
function setCarryAndOverflow(b: X86, count: V, carry: V, overflow: V): void {
  if (b.constant(count) === 0n) return;
  const { known } = b.lazyFlags();
  if (known !== undefined && known !== (FlagKind.Packed as number)) {
    const { result, adjust, size } = b.resultOfFlags(known);
    setUnlessZero(b, count, result, b.or(b.or(carry, b.flag(overflow, PackedFlag.OF)), adjust), size);
    return;
  }
  const packed = b.packedFlags();
  const others = b.and(packed, b.imm(~(PackedFlag.CF | PackedFlag.OF)));
  const changed = b.or(b.or(others, carry), b.flag(overflow, PackedFlag.OF));
  b.setPackedFlags(b.select(b.eqz(count), packed, changed));
}

/** ROL, ROR. */
function rotate(b: X86, target: Operand, count: Operand, size: number, left: boolean): void {
  const x = b.modify(target);
  const n = countOf(b, count, size);
  const result = size >= 2 ? (left ? b.rotl(x, n) : b.ror(x, n)) : rotateNarrow(b, x, n, size, left);
  const [low, top] = [b.and(b.as(result, Ty.i32), b.imm(1)), topBit(b, result, size)];
  const carry = left ? low : top;
  const overflow = left ? b.xor(low, top) : b.xor(top, bit(b, result, b.imm((8 << size) - 2)));
  b.write(target, result);
  setCarryAndOverflow(b, n, carry, overflow);
}

function rotateNarrow(b: X86, x: V, count: V, size: number, left: boolean): V {
  const bits = 8 << size;
  // Two copies beside each other, or four of a byte, fill 32 bits, whose rotation rotates each.
  const pair = b.or(x, b.shl(x, b.imm(bits)));
  const whole = size === 0 ? b.or(pair, b.shl(pair, b.imm(16))) : pair;
  return b.cut(left ? b.rotl(whole, count) : b.ror(whole, count), size);
}

/** RCL, RCR: rotation of CF and the operand, by count modulo its width + 1 for 8 and 16 bits. */
function rotateThroughCarry(b: X86, target: Operand, count: Operand, size: number, left: boolean): void {
  const bits = 8 << size;
  const x = b.modify(target);
  const masked = countOf(b, count, size);
  const n = size < 2 ? b.sub(masked, b.mul(b.divu(masked, b.i32(bits + 1)), b.i32(bits + 1))) : masked;
  const carry = b.carry();
  const wide = b.as(x, Ty.i64);
  const [result, carryOut] =
    size < 3 ? rotateWithBit(b, wide, carry, n, bits, left) : rotateWideWithBit(b, wide, carry, n, left);
  const final = size === 3 ? result : b.cut(b.as(result, Ty.i32), size);
  const top = topBit(b, final, size);
  const overflow = left ? b.xor(top, carryOut) : b.xor(top, bit(b, final, b.imm(bits - 2)));
  b.write(target, final);
  setCarryAndOverflow(b, masked, carryOut, overflow);
}

/** Operand and carry are one number of `bits` + 1, at most 33. */
function rotateWithBit(b: X86, x: V, carry: V, n: V, bits: number, left: boolean): [V, V] {
  const width = b.i32(bits + 1);
  const whole = b.or(x, b.shl(b.as(carry, Ty.i64), b.imm(bits)));
  const [up, down] = left ? [n, b.sub(width, n)] : [b.sub(width, n), n];
  const rotated = b.or(b.shl(whole, up), b.shr(whole, down));
  return [rotated, bit(b, rotated, b.imm(bits))];
}

/** As {@link rotateWithBit} for 64 bits: a shift by 64 must give 0, so it is done in two steps. */
function rotateWideWithBit(b: X86, x: V, carry: V, n: V, left: boolean): [V, V] {
  const one = b.imm(1);
  const c = b.as(carry, Ty.i64);
  const back = b.sub(b.i32(64), n);
  const before = b.sub(n, b.i32(1));
  const result = left
    ? b.or(b.or(b.shl(x, n), b.shl(c, before)), b.shr(b.shr(x, one), back))
    : b.or(b.or(b.shr(x, n), b.shl(c, back)), b.shl(b.shl(x, one), back));
  const out = left ? bit(b, x, back) : bit(b, x, before);
  const isZero = b.eqz(n);
  return [b.select(isZero, x, result), b.select(isZero, carry, out)];
}

/** SHLD, SHRD. */
function shiftDouble(b: X86, target: Operand, source: Operand, count: Operand, size: number, left: boolean): void {
  const bits = 8 << size;
  const [x, y] = [b.modify(target), b.read(source)];
  const n = countOf(b, count, size);
  const back = b.sub(b.i32(bits), n);
  let [result, carry]: [V, V] = [x, x];
  if (size === 3) {
    const other = left
      ? b.shr(b.shr(y, b.imm(1)), b.sub(b.i32(63), n))
      : b.shl(b.shl(y, b.imm(1)), b.sub(b.i32(63), n));
    result = b.or(left ? b.shl(x, n) : b.shr(x, n), other);
    carry = left ? bit(b, x, back) : bit(b, x, b.sub(n, b.i32(1)));
  } else {
    [result, carry] = doubleNarrow(b, x, y, n, size, left);
  }
  const cut = b.cut(result, size);
  const overflow = b.xor(topBit(b, cut, size), topBit(b, x, size));
  b.write(target, b.select(b.eqz(n), x, cut));
  setUnlessZero(b, n, cut, b.or(carry, b.flag(overflow, PackedFlag.OF)), size);
}

/**
 * Up to 32 bits: both operands in an i64. For 16 bits and a count above 16, processors go on with the bits of the
 * source; the result is undefined.
 */
function doubleNarrow(b: X86, x: V, y: V, n: V, size: number, left: boolean): [V, V] {
  const [wx, wy] = [b.as(x, Ty.i64), b.as(y, Ty.i64)];
  const before = b.sub(n, b.i32(1));
  if (left) {
    // x above y, and for 16 bits y a second time; the result and the carry are taken from the bits of x.
    const lower = size === 1 ? b.or(b.shl(wy, b.imm(16)), wy) : wy;
    const whole = b.or(b.shl(wx, b.imm(32)), lower);
    const carry = bit(b, b.shl(whole, before), b.imm(31 + (8 << size)));
    return [b.as(b.shr(b.shl(whole, n), b.imm(32)), Ty.i32), carry];
  }
  const upper = size === 1 ? b.or(b.shl(wy, b.imm(16)), b.shl(wy, b.imm(32))) : b.shl(wy, b.imm(32));
  const whole = b.or(wx, upper);
  return [b.as(b.shr(whole, n), Ty.i32), bit(b, whole, before)];
}

const counts = (n: number): readonly string[] =>
  ['D0 Eb,1', 'D1 Ev,1', 'D2 Eb,CL', 'D3 Ev,CL', 'C0 Eb,Ib', 'C1 Ev,Ib'].map((text) => text.replace(' ', ` /${n} `));

/** Shifts and rotations (SDM vol. 1, 5.1.5). @experimental */
export const shiftRows: readonly X86Row[] = [
  inst('SAL', 'SHL', [...counts(4), ...counts(6)], {}, (b, [x, n], { size }) => shift(b, x, n, size, shl)),
  inst('SAL', 'SHR', counts(5), {}, (b, [x, n], { size }) => shift(b, x, n, size, shr)),
  inst('SAL', 'SAR', counts(7), {}, (b, [x, n], { size }) => shift(b, x, n, size, sar)),
  inst('RCL', 'ROL', counts(0), {}, (b, [x, n], { size }) => rotate(b, x, n, size, true)),
  inst('RCL', 'ROR', counts(1), {}, (b, [x, n], { size }) => rotate(b, x, n, size, false)),
  inst('RCL', 'RCL', counts(2), {}, (b, [x, n], { size }) => rotateThroughCarry(b, x, n, size, true)),
  inst('RCL', 'RCR', counts(3), {}, (b, [x, n], { size }) => rotateThroughCarry(b, x, n, size, false)),
  inst('SHLD', 'SHLD', ['0F A4 Ev,Gv,Ib', '0F A5 Ev,Gv,CL'], { staticScale: true }, (b, [x, y, n], { size }) =>
    shiftDouble(b, x, y, n, size, true),
  ),
  inst('SHRD', 'SHRD', ['0F AC Ev,Gv,Ib', '0F AD Ev,Gv,CL'], { staticScale: true }, (b, [x, y, n], { size }) =>
    shiftDouble(b, x, y, n, size, false),
  ),
];
