import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Condition, PackedFlag } from '../builder/flags.js';
import { Gpr } from '../builder/layout.js';
import { vectorHelpers } from '../builder/vector-helpers.js';
import { typeOf } from '../builder/x86.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { Operands, Semantics, X86Row } from '../describe/row.js';

const BMI1 = { feature: 'bmi1' } as const;
const BMI2 = { feature: 'bmi2' } as const;
const ADX = { feature: 'adx' } as const;

const one = (b: X86, size: number): V => b.as(b.i32(1), typeOf(size));
const zero = (b: X86, size: number): V => b.as(b.i32(0), typeOf(size));

/** `bits` ones, from the lowest on; all if there are as many as the operand has, or more. */
function ones(b: X86, bits: V, size: number): V {
  const all = b.as(b.i64(-1), typeOf(size));
  return b.select(b.gtu(bits, b.imm((8 << size) - 1)), all, b.sub(b.shl(one(b, size), bits), one(b, size)));
}

/** Byte `n` of a control operand: an i32. */
const byteOf = (b: X86, control: V, n: number): V => b.and(b.as(b.shr(control, b.imm(8 * n)), Ty.i32), b.imm(0xff));

/** BLSI, BLSMSK, BLSR: of the lowest bit that is set. `carryIfZero`: CF says that there is none, otherwise that there is. */
const lowestBit =
  (of: (b: X86, x: V, less: V, size: number) => V, carryIfZero: boolean): Semantics =>
  (b, [target, source], { size }) => {
    const x = b.read(source);
    const result = of(b, x, b.sub(x, one(b, size)), size);
    const isZero = b.eqz(x);
    b.write(target, result);
    b.resultFlags(result, b.flag(carryIfZero ? isZero : b.eqz(isZero), PackedFlag.CF), size);
  };

/** BEXTR: a field of the source, by its first bit and its length. */
const extractField: Semantics = (b, [target, source, control], { size }) => {
  const fields = b.read(control);
  const [start, length] = [byteOf(b, fields, 0), byteOf(b, fields, 1)];
  const inside = b.ltu(start, b.imm(8 << size));
  const moved = b.select(inside, b.shr(b.read(source), start), zero(b, size));
  b.write(target, b.logicFlags(b.and(moved, ones(b, length, size)), size));
};

/** BZHI: clears the bits from a number on. */
const clearHigh: Semantics = (b, [target, source, control], { size }) => {
  const n = byteOf(b, b.read(control), 0);
  const result = b.and(b.read(source), ones(b, n, size));
  b.write(target, result);
  b.resultFlags(result, b.flag(b.gtu(n, b.imm((8 << size) - 1)), PackedFlag.CF), size);
};

/** PDEP, PEXT. */
const scatter =
  (name: 'deposit_bits' | 'extract_bits'): Semantics =>
  (b, [target, source, mask], { size }) => {
    const wide = (v: V): V => b.as(v, Ty.i64);
    const result = b.call(vectorHelpers.helper(name), wide(b.read(source)), wide(b.read(mask)));
    b.write(target, b.as(result, typeOf(size)));
  };

/** MULX: the high half of the product is written last. */
const multiply: Semantics = (b, [high, low, source], { size }) => {
  const [x, y] = [b.fixed(Gpr.RDX, size), b.read(source)];
  if (size === 3) {
    b.write(low, b.mul(x, y));
    b.write(high, b.multiplyHigh(x, y, false));
    return;
  }
  const product = b.mul(b.as(x, Ty.i64), b.as(y, Ty.i64));
  b.write(low, b.as(product, Ty.i32));
  b.write(high, b.as(b.shr(product, b.imm(32)), Ty.i32));
};

/** RORX, SARX, SHLX, SHRX: counts are modulo the width, flags stay. */
const shift =
  (operation: 'ror' | 'sar' | 'shl' | 'shr'): Semantics =>
  (b, [target, source, count]) =>
    b.write(target, b[operation](b.read(source), b.read(count)));

/** ADCX, ADOX: an addition whose carry is in CF or OF; the other flags stay. */
function addWithCarry(b: X86, [target, source]: Operands, size: number, flag: 'CF' | 'OF'): void {
  const carry = b.as(b.cond(flag === 'CF' ? Condition.B : Condition.O), Ty.i32);
  const [x, y] = [b.read(target), b.read(source)];
  const wide = (v: V): V => b.as(v, Ty.i64);
  const partial = b.add(wide(x), wide(y));
  const sum = b.add(partial, wide(carry));
  const carriesOut = size === 3 ? b.or(b.ltu(partial, x), b.ltu(sum, partial)) : b.as(b.shr(sum, b.imm(32)), Ty.i32);
  b.write(target, b.as(sum, typeOf(size)));
  const others = b.and(b.packedFlags(), b.imm(~PackedFlag[flag]));
  b.setPackedFlags(b.or(others, b.flag(carriesOut, PackedFlag[flag])));
}

/** BMI1, BMI2 and ADX (SDM vol. 1, 5.1.16, 5.1.17). @experimental */
export const bmiRows: readonly X86Row[] = [
  inst('ANDN', 'ANDN', ['VEX NP 0F 38 F2 L0 Gy,By,Ey'], BMI1, (b, [target, x, y], { size }) =>
    b.write(target, b.logicFlags(b.and(b.not(b.read(x)), b.read(y)), size)),
  ),
  inst(
    'BLSR',
    'BLSR',
    ['VEX NP 0F 38 F3 /1 L0 By,Ey'],
    BMI1,
    lowestBit((b, x, less) => b.and(x, less), true),
  ),
  inst(
    'BLSMSK',
    'BLSMSK',
    ['VEX NP 0F 38 F3 /2 L0 By,Ey'],
    BMI1,
    lowestBit((b, x, less) => b.xor(x, less), true),
  ),
  inst(
    'BLSI',
    'BLSI',
    ['VEX NP 0F 38 F3 /3 L0 By,Ey'],
    BMI1,
    lowestBit((b, x, _, size) => b.and(x, b.sub(zero(b, size), x)), false),
  ),
  inst('BEXTR', 'BEXTR', ['VEX NP 0F 38 F7 L0 Gy,Ey,By'], BMI1, extractField),
  inst('BZHI', 'BZHI', ['VEX NP 0F 38 F5 L0 Gy,Ey,By'], BMI2, clearHigh),
  inst('PDEP', 'PDEP', ['VEX F2 0F 38 F5 L0 Gy,By,Ey'], BMI2, scatter('deposit_bits')),
  inst('PEXT', 'PEXT', ['VEX F3 0F 38 F5 L0 Gy,By,Ey'], BMI2, scatter('extract_bits')),
  inst('MULX', 'MULX', ['VEX F2 0F 38 F6 L0 Gy,By,Ey'], BMI2, multiply),
  inst('RORX', 'RORX', ['VEX F2 0F 3A F0 L0 Gy,Ey,Ib'], BMI2, shift('ror')),
  inst('SARX/SHLX/SHRX', 'SARX', ['VEX F3 0F 38 F7 L0 Gy,Ey,By'], BMI2, shift('sar')),
  inst('SARX/SHLX/SHRX', 'SHLX', ['VEX 66 0F 38 F7 L0 Gy,Ey,By'], BMI2, shift('shl')),
  inst('SARX/SHLX/SHRX', 'SHRX', ['VEX F2 0F 38 F7 L0 Gy,Ey,By'], BMI2, shift('shr')),
  inst('ADCX', 'ADCX', ['66 0F 38 F6 Gy,Ey'], ADX, (b, operands, { size }) => addWithCarry(b, operands, size, 'CF')),
  inst('ADOX', 'ADOX', ['F3 0F 38 F6 Gy,Ey'], ADX, (b, operands, { size }) => addWithCarry(b, operands, size, 'OF')),
];
