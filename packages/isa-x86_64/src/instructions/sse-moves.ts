import { Ty } from '@qvm/jit';
import type { Reg, SimdName, V } from '@qvm/jit';
import { State } from '../builder/layout.js';
import { Vector } from '../builder/exits.js';
import type { X86 } from '../builder/x86.js';
import { halfOf } from '../describe/halves.js';
import type { Operand } from '../describe/operand.js';
import { VECTOR } from '../describe/operand-code.js';
import type { Operands, Semantics, X86Row } from '../describe/row.js';
import { sse, vectorOf } from './sse-row.js';
import { ALONE_128, ALONE_AVX, ALONE_AVX2, MERGED_128, withVex } from './vex.js';

const registerOf = (operand: Operand): Reg => {
  if (operand.kind !== 'register') throw new Error('a register');
  return operand.register;
};

const aligned = (b: X86, [target, source]: Operands): void => b.writeAligned(target, b.readAligned(source, true));
const unaligned = (b: X86, [target, source]: Operands): void => b.write(target, b.read(source));

/** Low lanes of 32 or 64 bits by number. */
const lane = (b: X86, v: V, bits: number, n: number): V =>
  bits === 64 ? b.extractLane('i64x2_extract_lane', v, n) : b.extractLane('i32x4_extract_lane', v, n);
const withLane = (b: X86, v: V, bits: number, n: number, value: V): V =>
  bits === 64 ? b.replaceLane('i64x2_replace_lane', v, n, value) : b.replaceLane('i32x4_replace_lane', v, n, value);

/** MOVSS, MOVSD: from memory, the rest becomes 0; between registers, it stays. */
const scalar =
  (bits: 32 | 64) =>
  (b: X86, [target, source]: Operands): void => {
    if (target.kind === 'memory') b.write(target, lane(b, b.vectorRegister(source), bits, 0));
    else if (source.kind === 'memory') b.write(target, b.vectorFrom64(b.as(b.read(source), Ty.i64)));
    else b.write(target, withLane(b, b.vectorRegister(target), bits, 0, lane(b, b.vectorRegister(source), bits, 0)));
  };

/** MOVLPS and the like: one half of a register, from or to memory. */
const half =
  (n: 0 | 1) =>
  (b: X86, [target, source]: Operands): void => {
    if (target.kind === 'memory') b.write(target, lane(b, b.vectorRegister(source), 64, n));
    else b.write(target, withLane(b, b.vectorRegister(target), 64, n, b.read(source)));
  };

/** MOVHLPS, MOVLHPS: a half of one register to the other half of another. */
const cross =
  (to: 0 | 1) =>
  (b: X86, [target, source]: Operands): void =>
    b.write(target, withLane(b, b.vectorRegister(target), 64, to, lane(b, b.vectorRegister(source), 64, 1 - to)));

/** The sign bits of lanes, those of the upper half above those of the lower one. */
const signs =
  (mask: SimdName, lanes: number): Semantics =>
  (b, [target, source]) => {
    const of = (operand: Operand): V => b.simd(mask, vectorOf(b, operand));
    if (source.size <= VECTOR) {
      b.setG(registerOf(target), 2, of(source));
      return;
    }
    const [low, high] = [of(halfOf(source, 0)), of(halfOf(source, 1))];
    b.setG(registerOf(target), 2, b.or(low, b.shl(high, b.imm(lanes))));
  };

/** With VEX prefixes, moves between registers take the rest of the destination from a third one. */
const scalarVex = (prefix: string, type: string): readonly string[] =>
  [
    `10 V${type},M${type}`,
    `10 V${type}=H${type},U${type}`,
    `11 M${type},V${type}`,
    `11 U${type}=H${type},V${type}`,
  ].map((encoding) => `VEX ${prefix} 0F ${encoding} @avx`);

/** Encodings of loads of a half, and of stores, whose opcode follows. */
const halfEncodings = (opcode: number): readonly string[] =>
  ['NP', '66'].flatMap((prefix) => {
    const [load, store] = [opcode, opcode + 1].map((number) => `${prefix} 0F ${number.toString(16)}`) as [
      string,
      string,
    ];
    const stores = `${store} Mq,Vx`;
    return [`${load} Vx,Mq`, `VEX ${load} L0 Vx=Hx,Mq @avx`, stores, ...withVex(stores, ALONE_128)];
  });

/** Moves between memory and registers (SDM vol. 1, 5.5, 5.6). @experimental */
export const sseMoveRows: readonly X86Row[] = [
  sse(
    'MOVAPS, MOVAPD, MOVDQA',
    ['NP 0F 28 Vx,Wx', '66 0F 28 Vx,Wx', 'NP 0F 29 Wx,Vx', '66 0F 29 Wx,Vx', '66 0F 6F Vx,Wx', '66 0F 7F Wx,Vx'],
    aligned,
    { vex: ALONE_AVX },
  ),
  sse(
    'MOVUPS, MOVUPD, MOVDQU',
    [
      'NP 0F 10 Vx,Wx',
      '66 0F 10 Vx,Wx',
      'NP 0F 11 Wx,Vx',
      '66 0F 11 Wx,Vx',
      'F3 0F 6F @sse2 Vx,Wx',
      'F3 0F 7F @sse2 Wx,Vx',
    ],
    unaligned,
    { vex: ALONE_AVX },
  ),
  sse('MOVNTPS, MOVNTPD, MOVNTDQ', ['NP 0F 2B Mx,Vx', '66 0F 2B Mx,Vx', '66 0F E7 Mx,Vx'], aligned, { vex: ALONE_AVX }),
  sse('LDDQU', ['F2 0F F0 Vx,Mx'], unaligned, { feature: 'sse3', vex: ALONE_AVX }),
  sse('MOVNTDQA', ['66 0F 38 2A Vx,Mx'], aligned, { feature: 'sse4_1', vex: ALONE_AVX2 }),
  sse('MOVSS', ['F3 0F 10 Vd,Wd', 'F3 0F 11 Wd,Vd', ...scalarVex('F3', 'd')], scalar(32)),
  sse('MOVSD', ['F2 0F 10 Vq,Wq', 'F2 0F 11 Wq,Vq', ...scalarVex('F2', 'q')], scalar(64)),
  sse('MOVLPS, MOVLPD', halfEncodings(0x12), half(0)),
  sse('MOVHPS, MOVHPD', halfEncodings(0x16), half(1)),
  sse('MOVHLPS', ['NP 0F 12 Vx,Ux'], cross(0), { vex: MERGED_128 }),
  sse('MOVLHPS', ['NP 0F 16 Vx,Ux'], cross(1), { vex: MERGED_128 }),
  sse(
    'MOVD, MOVQ',
    ['66 0F 6E Vx,Ey'],
    (b, [target, source]) => b.write(target, b.vectorFrom64(b.as(b.read(source), Ty.i64))),
    { vex: ALONE_128 },
  ),
  sse(
    'MOVD, MOVQ (from a vector)',
    ['66 0F 7E Ey,Vx'],
    (b, [target, source], { size }) => b.write(target, lane(b, b.vectorRegister(source), size === 3 ? 64 : 32, 0)),
    { vex: ALONE_128 },
  ),
  sse(
    'MOVQ',
    ['F3 0F 7E @sse2 Vq,Wq', '66 0F D6 Wq,Vq'],
    (b, [target, source]) => {
      const low = b.read(source);
      if (target.kind === 'memory') b.write(target, low);
      else b.write(target, b.vectorFrom64(low));
    },
    { vex: ALONE_128 },
  ),
  sse('MOVMSKPS', ['NP 0F 50 Gy,Ux'], signs('i32x4_bitmask', 4), { whole: true, vex: ALONE_AVX }),
  sse('MOVMSKPD', ['66 0F 50 Gy,Ux'], signs('i64x2_bitmask', 2), { whole: true, vex: ALONE_AVX }),
  sse('PMOVMSKB', ['66 0F D7 Gy,Ux', 'NP 0F D7 @sse Gy,Nq'], signs('i8x16_bitmask', 16), {
    whole: true,
    vex: ALONE_AVX2,
  }),
  sse('MOVNTI', ['NP 0F C3 @sse2 My,Gy'], unaligned),
  sse(
    'LDMXCSR',
    ['NP 0F AE /2 @sse Md'],
    (b, [source]) => {
      const value = b.read(source);
      // Reserved bits (SDM vol. 1, 10.2.3.1): DAZ is there.
      b.raiseIf(b.and(value, b.imm(~0xffff)), Vector.GP, true);
      b.setState(State.mxcsr, value);
    },
    { vex: ALONE_128 },
  ),
  sse('STMXCSR', ['NP 0F AE /3 @sse Md'], (b, [target]) => b.write(target, b.stateAt(State.mxcsr, 4)), {
    vex: ALONE_128,
  }),
];
