import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { X86 } from '../builder/x86.js';
import type { Operand } from '../describe/operand.js';
import { inst } from '../describe/row.js';
import type { Semantics, X86Row } from '../describe/row.js';
import { immediateOf, registerOf } from './sse-float-common.js';
import { sse } from './sse-row.js';
import { ALONE_128, MERGED_128, withVex } from './vex.js';
import type { VexForms } from './vex.js';

const SSE4_1 = { feature: 'sse4_1' } as const;
const bytes = (of: (i: number) => number): number[] => Array.from({ length: 16 }, (_, i) => of(i));

/** The vector, moved down by elements so that the one that an immediate names is the lowest. */
function moveDown(b: X86, x: V, number: V, size: number): V {
  const distance = b.shl(b.and(number, b.imm(16 / size - 1)), b.imm(Math.log2(size)));
  const from = b.simd('i8x16_add', b.vector(bytes((i) => i)), b.simd('i8x16_splat', distance));
  return b.simd('i8x16_swizzle', x, from);
}

/** PEXTRB and the like: registers get 32 or 64 bits, zero-extended. */
const extract =
  (size: number): Semantics =>
  (b, [target, source, control]) => {
    const moved = moveDown(b, b.read(source), immediateOf(b, control), size);
    const low = b.extractLane(size === 8 ? 'i64x2_extract_lane' : 'i32x4_extract_lane', moved, 0);
    const element = size < 4 ? b.zx(low, 8 * size) : low;
    if (target.kind === 'register') b.setG(target.register, size === 8 ? 3 : 2, element);
    else b.write(sized(target, size), element);
  };

const sized = (operand: Operand, size: number): Operand => ({ ...operand, size: Math.log2(size) });

const SPLAT = { 1: 'i8x16', 4: 'i32x4', 8: 'i64x2' } as const;

/** PINSRB and the like. */
const insert =
  (size: 1 | 4 | 8): Semantics =>
  (b, [target, source, control]) => {
    const v = b.read(source.kind === 'memory' ? sized(source, size) : source);
    const number = b.and(immediateOf(b, control), b.imm(16 / size - 1));
    const numbers = b.vector(bytes((i) => Math.floor(i / size)));
    const chosen = b.simd('i8x16_eq', numbers, b.simd('i8x16_splat', number));
    b.write(target, b.simd('v128_bitselect', b.simd(`${SPLAT[size]}_splat`, v), b.vectorRegister(target), chosen));
  };

/** INSERTPS: an element of a register, or one in memory, to an element; then elements become 0. */
const insertSingle: Semantics = (b, [target, source, control]) => {
  const bits = immediateOf(b, control);
  const element =
    source.kind === 'register'
      ? b.extractLane('i32x4_extract_lane', moveDown(b, b.vectorRegister(source), b.shr(bits, b.imm(6)), 4), 0)
      : b.read(source);
  const number = b.and(b.shr(bits, b.imm(4)), b.imm(3));
  const chosen = b.simd('i8x16_eq', b.vector(bytes((i) => i >> 2)), b.simd('i8x16_splat', number));
  const inserted = b.simd('v128_bitselect', b.simd('i32x4_splat', element), b.vectorRegister(target), chosen);
  const zeroed = b.simd(
    'i32x4_ne',
    b.simd('v128_and', b.simd('i32x4_splat', bits), b.vector(bytes((i) => (i % 4 === 0 ? 1 << (i >> 2) : 0)))),
    b.vector(bytes(() => 0)),
  );
  b.write(target, b.simd('v128_andnot', inserted, zeroed));
};

/** CRC-32C (polynomial 11EDC6F41h) of the bytes of an operand, bit by bit. */
const crc: Semantics = (b, [target, source]) => {
  let value = b.as(b.g(registerOf(target), 2), Ty.i32);
  const operand = b.read(source);
  const count = 1 << source.size;
  for (let i = 0; i < count; i++) {
    const byte = b.and(b.as(b.shr(operand, b.imm(8 * i)), Ty.i32), b.imm(0xff));
    value = crcByte(b, b.xor(value, byte));
  }
  b.setG(registerOf(target), 2, value);
};

function crcByte(b: X86, start: V): V {
  let value = start;
  for (let bit = 0; bit < 8; bit++) {
    const feedback = b.and(b.neg(b.and(value, b.imm(1))), b.i32(0x82f6_3b78 | 0));
    value = b.xor(b.shr(value, b.imm(1)), feedback);
  }
  return value;
}

/** Encodings of an element of 32 bits. Outside of 64-bit mode, VEX.W is ignored. */
const bySize = (opcode: string, operands: string, vex: VexForms): readonly string[] => [
  `${opcode} W0 ${operands}`,
  ...withVex(`${opcode} W0 ${operands}`, vex),
  ...withVex(`${opcode} W1 i64 ${operands}`, vex),
];

/** Elements of XMM registers (SDM vol. 1, 12.10), and CRC32. @experimental */
export const sse4ElementRows: readonly X86Row[] = [
  sse('PEXTRB', ['66 0F 3A 14 Ed,Vx,Ib'], extract(1), { ...SSE4_1, vex: ALONE_128 }),
  sse('PEXTRW (to memory)', ['66 0F 3A 15 Ed,Vx,Ib'], extract(2), { ...SSE4_1, vex: ALONE_128 }),
  sse('PEXTRD', [...bySize('66 0F 3A 16', 'Ed,Vx,Ib', ALONE_128)], extract(4), SSE4_1),
  sse('PEXTRQ', ['66 0F 3A 16 W1 o64 Eq,Vx,Ib'], extract(8), { ...SSE4_1, vex: ALONE_128 }),
  sse('EXTRACTPS', ['66 0F 3A 17 Ed,Vx,Ib'], extract(4), { ...SSE4_1, vex: ALONE_128 }),
  sse('PINSRB', ['66 0F 3A 20 Vx,Ed,Ib'], insert(1), { ...SSE4_1, vex: MERGED_128 }),
  sse('INSERTPS', ['66 0F 3A 21 Vx,Wd,Ib'], insertSingle, { ...SSE4_1, vex: MERGED_128 }),
  sse('PINSRD', [...bySize('66 0F 3A 22', 'Vx,Ed,Ib', MERGED_128)], insert(4), SSE4_1),
  sse('PINSRQ', ['66 0F 3A 22 W1 o64 Vx,Eq,Ib'], insert(8), { ...SSE4_1, vex: MERGED_128 }),
  inst('CRC32', 'CRC32', ['F2 0F 38 F0 Gd,Eb', 'F2 0F 38 F1 Gd,Ev'], { feature: 'sse4_2' }, crc),
];
