import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Exit, SystemOperation, Vector } from '../builder/exits.js';
import { Gpr, State } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import type { Operand } from '../describe/operand.js';

/** The dividend for a divisor of up to 32 bits: AX, DX:AX or EDX:EAX as an i64. */
function dividend(b: X86, size: number, signed: boolean): V {
  if (size === 0) {
    const ax = b.as(b.fixed(Gpr.RAX, 1), Ty.i64);
    return signed ? b.sx(ax, 16) : ax;
  }
  const high = b.shl(b.as(b.fixed(Gpr.RDX, size), Ty.i64), b.imm(8 << size));
  const joined = b.or(high, b.as(b.fixed(Gpr.RAX, size), Ty.i64));
  return signed && size === 1 ? b.sx(joined, 32) : joined;
}

/** Writes quotient and remainder. */
function setQuotient(b: X86, size: number, quotient: V, remainder: V): void {
  if (size === 0) {
    const [q, r] = [b.zx(b.as(quotient, Ty.i32), 8), b.zx(b.as(remainder, Ty.i32), 8)];
    b.setFixed(Gpr.RAX, 1, b.or(q, b.shl(r, b.imm(8))));
    return;
  }
  b.setFixed(Gpr.RAX, size, size === 3 ? quotient : b.as(quotient, Ty.i32));
  b.setFixed(Gpr.RDX, size, size === 3 ? remainder : b.as(remainder, Ty.i32));
}

/** Divisors of up to 32 bits: the division has 64. */
function divideNarrow(b: X86, source: Operand, size: number, signed: boolean): void {
  const bits = 8 << size;
  const value = b.as(b.read(source), Ty.i64);
  const divisor = signed ? b.sx(value, bits) : value;
  const n = dividend(b, size, signed);
  b.raiseIf(b.eqz(divisor), Vector.DE);
  if (!signed) {
    const quotient = b.divu(n, divisor);
    b.raiseIf(b.gtu(quotient, b.imm(2 ** bits - 1)), Vector.DE);
    setQuotient(b, size, quotient, b.sub(n, b.mul(quotient, divisor)));
    return;
  }
  // WebAssembly traps where the quotient does not fit 64 bits.
  if (size === 2) b.raiseIf(b.and(b.eq(n, b.imm(-(2n ** 63n))), b.eq(divisor, b.imm(-1))), Vector.DE);
  const quotient = b.divs(n, divisor);
  b.raiseIf(b.ne(quotient, b.sx(quotient, bits)), Vector.DE);
  setQuotient(b, size, quotient, b.sub(n, b.mul(quotient, divisor)));
}

/** Divisors of 64 bits: a dividend that takes more than 64 bits is left to the vCPU. */
function divideWide(b: X86, source: Operand, signed: boolean, info: InstructionInfo): void {
  const divisor = b.read(source);
  const [low, high] = [b.fixed(Gpr.RAX, 3), b.fixed(Gpr.RDX, 3)];
  b.raiseIf(b.eqz(divisor), Vector.DE);
  const operation = signed ? SystemOperation.DivideSigned : SystemOperation.Divide;
  const isWide = signed
    ? b.or(b.ne(high, b.sar(low, b.imm(63))), b.and(b.eq(low, b.imm(-(2n ** 63n))), b.eq(divisor, b.imm(-1))))
    : b.ne(high, b.imm(0));
  const note = { offset: State.operandAddress, value: divisor };
  b.leaveIf(isWide, Exit.System, b.operation(info, operation), note);
  const quotient = signed ? b.divs(low, divisor) : b.divu(low, divisor);
  setQuotient(b, 3, quotient, b.sub(low, b.mul(quotient, divisor)));
}

const divide =
  (signed: boolean) =>
  (b: X86, [source]: readonly [Operand, ...Operand[]], info: InstructionInfo): void => {
    if (info.size < 3) divideNarrow(b, source, info.size, signed);
    else divideWide(b, source, signed, info);
  };

/** DIV and IDIV. Quotients that do not fit raise #DE; the flags stay, which are undefined. @experimental */
export const divisionRows: readonly X86Row[] = [
  inst('DIV', 'DIV', ['F6 /6 Eb', 'F7 /6 Ev'], {}, divide(false)),
  inst('IDIV', 'IDIV', ['F6 /7 Eb', 'F7 /7 Ev'], {}, divide(true)),
];
