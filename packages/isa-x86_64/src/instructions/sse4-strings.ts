import { Ty, fixedRegister } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { PackedFlag } from '../builder/flags.js';
import { Gpr } from '../builder/layout.js';
import { XMM } from '../builder/register-files.js';
import { vectorHelpers } from '../builder/vector-helpers.js';
import type { X86 } from '../builder/x86.js';
import type { Operands, Semantics, X86Row } from '../describe/row.js';
import { immediateOf } from './sse-float-common.js';
import { sse } from './sse-row.js';
import { ALONE_128 } from './vex.js';

const SSE4_2 = { feature: 'sse4_2', vex: ALONE_128 } as const;
const COMPARE = vectorHelpers.helper('compare_strings');
/** Bits of the control byte (SDM vol. 2, 4.1). */
const WORDS = 1;
const LAST_OR_MASK = 0x40;
/** Bits of the result of the comparison, beside one for each element. */
const SECOND_ENDS = 1 << 16;
const FIRST_ENDS = 1 << 17;
const ELEMENTS = 0xffff;
/** Lengths are those of strings that end with 0. */
const IMPLICIT = -1;

const bytes = (of: (i: number) => number): number[] => Array.from({ length: 16 }, (_, i) => of(i));

/** Number of elements of a register. */
const elementCount = (b: X86, control: V): V => b.shr(b.i32(16), b.and(control, b.imm(WORDS)));

/** The length of a string from a general register: its magnitude, at most that of a register. */
function explicitLength(b: X86, register: Gpr, size: number, control: V): V {
  const value = b.fixed(register, size);
  const magnitude = b.select(b.lts(value, b.imm(0)), b.neg(value), value);
  const most = elementCount(b, control);
  // The magnitude of the smallest number is too large, too.
  return b.select(b.gtu(magnitude, b.imm(16)), most, minimum(b, b.as(magnitude, Ty.i32), most));
}

const minimum = (b: X86, x: V, y: V): V => b.select(b.ltu(x, y), x, y);

/** Compares, sets the flags, and returns a bit for each element. */
function compare(b: X86, [x, y]: Operands, control: V, explicit: boolean, size: number): V {
  const length = (register: Gpr): V => (explicit ? explicitLength(b, register, size, control) : b.i32(IMPLICIT));
  const second = b.read(y);
  const result = b.call(COMPARE, b.read(x), second, length(Gpr.RAX), length(Gpr.RDX), control);
  const found = b.and(result, b.imm(ELEMENTS));
  const flag = (condition: V, bit: number): V => b.select(condition, b.i32(bit), b.i32(0));
  const bits = [
    flag(found, PackedFlag.CF),
    flag(b.and(result, b.imm(SECOND_ENDS)), PackedFlag.ZF),
    flag(b.and(result, b.imm(FIRST_ENDS)), PackedFlag.SF),
    flag(b.and(result, b.imm(1)), PackedFlag.OF),
  ];
  b.setPackedFlags(bits.reduce((all, bit) => b.or(all, bit)));
  return found;
}

/** PCMPESTRI, PCMPISTRI: the number of the first or last element that was found. */
const index =
  (explicit: boolean): Semantics =>
  (b, operands, { size }) => {
    const control = immediateOf(b, operands[2]);
    const found = compare(b, operands, control, explicit, size);
    const last = b.sub(b.i32(31), b.clz(found));
    const place = b.select(b.and(control, b.imm(LAST_OR_MASK)), last, b.ctz(found));
    b.setFixed(Gpr.RCX, 2, b.select(found, place, elementCount(b, control)));
  };

/** PCMPESTRM, PCMPISTRM: the bits, or a mask of elements. */
const mask =
  (explicit: boolean): Semantics =>
  (b, operands, { size, vex }) => {
    const control = immediateOf(b, operands[2]);
    const found = compare(b, operands, control, explicit, size);
    const asWords = spread(b, b.simd('i16x8_splat', found), 'i16x8', (i) => (i % 2 === 0 ? (1 << (i / 2)) & 0xff : 0));
    const halves = b.shuffle(
      b.simd('i16x8_splat', found),
      b.simd('i16x8_splat', found),
      bytes((i) => i >> 3),
    );
    const asBytes = spread(b, halves, 'i8x16', (i) => 1 << (i & 7));
    const elements = b.select(b.and(control, b.imm(WORDS)), asWords, asBytes);
    const bits = b.vectorFrom64(b.as(found, Ty.i64));
    b.writeReg(XMM, fixedRegister(0), b.select(b.and(control, b.imm(LAST_OR_MASK)), elements, bits));
    b.clearUpper(fixedRegister(0), vex);
  };

/** Elements that are all ones where `v` has the bit of their place. */
function spread(b: X86, v: V, lanes: 'i8x16' | 'i16x8', bitOf: (byte: number) => number): V {
  const place = b.vector(bytes(bitOf));
  return b.simd(`${lanes}_eq`, b.simd('v128_and', v, place), place);
}

/** Comparison of strings in SSE4.2 (SDM vol. 1, 12.12.2). Operands in memory need not be aligned. @experimental */
export const sse4StringRows: readonly X86Row[] = [
  sse('PCMPESTRM', ['66 0F 3A 60 Vx,Wx,Ib,sy'], mask(true), SSE4_2),
  sse('PCMPESTRI', ['66 0F 3A 61 Vx,Wx,Ib,sy'], index(true), SSE4_2),
  sse('PCMPISTRM', ['66 0F 3A 62 Vx,Wx,Ib'], mask(false), SSE4_2),
  sse('PCMPISTRI', ['66 0F 3A 63 Vx,Wx,Ib'], index(false), SSE4_2),
];
