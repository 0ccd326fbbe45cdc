import type { V } from '@qvm/jit';
import { PackedFlag } from '../builder/flags.js';
import { scalarFloat, softfloat, vectorFloat } from '../builder/softfloat-helpers.js';
import type { ScalarOperation, VectorOperation } from '../builder/softfloat-helpers.js';
import type { X86 } from '../builder/x86.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import type { Operands, RowOptions, Semantics, X86Row } from '../describe/row.js';
import {
  callFloat,
  immediateOf,
  inLowLane,
  isNotDenormal,
  lowLane,
  raisePending,
  readScalar,
  scalarOperation,
  sseStatus,
  withLowLane,
} from './sse-float-common.js';
import { sse } from './sse-row.js';
import { ALONE_AVX, MERGED_AVX } from './vex.js';

const SSE3 = { feature: 'sse3' } as const;
/** Number of lanes in single and in double precision. */
const LANES = [4, 2] as const;

/** Operations on packed and scalar numbers, by opcode after 0F. */
const ARITHMETIC: readonly (readonly [name: string, opcode: string, op: ScalarOperation & VectorOperation])[] = [
  ['SQRT', '51', 'sqrt'],
  ['ADD', '58', 'add'],
  ['MUL', '59', 'mul'],
  ['SUB', '5C', 'sub'],
  ['MIN', '5D', 'min'],
  ['DIV', '5E', 'div'],
  ['MAX', '5F', 'max'],
];

/** Replaces the low lane of the destination. */
const setLow = (b: X86, [target]: Operands, double: number, bits: V): void => {
  b.write(target, withLowLane(b, b.vectorRegister(target), double, bits));
};

/** A row of packed numbers whose operation is a function of softfloat with destination and source. @internal */
export function packedFloat(
  name: string,
  encoding: string,
  op: VectorOperation,
  double: number,
  options: RowOptions = {},
): X86Row {
  return sse(
    name,
    [`${encoding} Vx,Wx`],
    (b, [target, source]) => {
      const y = b.readAligned(source);
      const lanes = b.i32(LANES[double] as number);
      const operands = op === 'sqrt' ? [y] : [b.read(target), y];
      b.write(target, callFloat(b, vectorFloat(op, double), ...operands, lanes));
    },
    { vex: op === 'sqrt' ? ALONE_AVX : MERGED_AVX, ...options },
  );
}

function scalarRow(name: string, encoding: string, op: ScalarOperation, double: number): X86Row {
  return sse(
    name,
    [`${encoding} ${double ? 'Vq,Wq' : 'Vd,Wd'}`],
    (b, operands) => {
      const y = readScalar(b, operands[1], double);
      const x = readScalar(b, operands[0], double);
      setLow(b, operands, double, scalarOperation(b, op, double, ...(op === 'sqrt' ? [y] : [x, y])));
    },
    { vex: MERGED_AVX },
  );
}

/** Without a VEX prefix, there are 8 predicates only. */
const predicate = (b: X86, operands: Operands, { vex }: InstructionInfo): V =>
  b.and(immediateOf(b, operands[2]), b.imm(vex ? 31 : 7));

function comparePacked(double: number): Semantics {
  return (b, operands, info) => {
    const y = b.readAligned(operands[1]);
    const lanes = b.i32(LANES[double] as number);
    const x = b.read(operands[0]);
    b.write(operands[0], callFloat(b, vectorFloat('cmp', double), x, y, predicate(b, operands, info), lanes));
  };
}

function compareScalar(double: number): Semantics {
  return (b, operands, info) => {
    const y = readScalar(b, operands[1], double);
    const x = readScalar(b, operands[0], double);
    setLow(b, operands, double, callFloat(b, scalarFloat('cmp', double), x, y, predicate(b, operands, info)));
  };
}

/** UCOMISS and the like: the flags of a comparison of numbers that are not denormal need no function. */
function compareFlags(double: number, signalNaNs: number): (b: X86, operands: Operands) => void {
  return (b, [target, source]) => {
    const y = readScalar(b, source, double);
    const x = readScalar(b, target, double);
    const holds = (of: 'lt' | 'eq' | 'gt'): V =>
      b.simd(`${double ? 'f64x2' : 'f32x4'}_${of}`, inLowLane(b, x), inLowLane(b, y));
    const bit = (of: 'lt' | 'eq' | 'gt'): V => b.extractLane('i32x4_extract_lane', holds(of), 0);
    const [less, equal, greater] = [bit('lt'), bit('eq'), bit('gt')];
    const ordered = b.or(b.or(less, equal), greater);
    const native = b.or(b.and(less, b.imm(1)), b.and(equal, b.imm(RFLAGS_ZF)));
    const usual = b.and(b.and(isNotDenormal(b, x, double), isNotDenormal(b, y, double)), ordered);
    const flags = compareOr(b, usual, native, double, x, y, signalNaNs);
    const part = (shift: number, flag: number): V => b.and(b.shr(flags, b.imm(shift)), b.imm(flag));
    b.setPackedFlags(b.or(b.or(part(0, PackedFlag.CF), part(1, PackedFlag.PF)), part(4, PackedFlag.ZF)));
  };
}

const RFLAGS_ZF = 0x40;

function compareOr(b: X86, usual: V, native: V, double: number, x: V, y: V, signalNaNs: number): V {
  const flags = b.chooseCall(usual, native, scalarFloat('compare', double), x, y, b.i32(signalNaNs), sseStatus(b));
  raisePending(b);
  return flags;
}

/** RCP and RSQRT: correctly rounded, which is within the error that they may have (SDM vol. 2, RCPPS). */
function estimate(name: string, opcode: string, op: 'rcp' | 'rsqrt'): readonly X86Row[] {
  return [
    sse(
      `${name}PS`,
      [`NP 0F ${opcode} Vx,Wx`],
      (b, [target, source]) => b.write(target, b.call(softfloat(`v_f32_${op}`), b.readAligned(source), b.i32(4))),
      { vex: ALONE_AVX },
    ),
    sse(
      `${name}SS`,
      [`F3 0F ${opcode} Vd,Wd`],
      (b, operands) => setLow(b, operands, 0, b.call(softfloat(`f32_${op}`), readScalar(b, operands[1], 0))),
      { vex: MERGED_AVX },
    ),
  ];
}

/** Even (`first` = 0) or odd lanes of two vectors, for horizontal operations. */
function lanesOf(b: X86, x: V, y: V, double: number, first: 0 | 1): V {
  const bytes = double ? 8 : 4;
  return b.shuffle(
    x,
    y,
    Array.from({ length: 16 }, (_, i) => (2 * Math.floor(i / bytes) + first) * bytes + (i % bytes)),
  );
}

function horizontal(name: string, encoding: string, op: 'add' | 'sub', double: number): X86Row {
  return sse(
    name,
    [`${encoding} Vx,Wx`],
    (b, [target, source]) => {
      const y = b.readAligned(source);
      const x = b.read(target);
      const [even, odd] = [lanesOf(b, x, y, double, 0), lanesOf(b, x, y, double, 1)];
      b.write(target, callFloat(b, vectorFloat(op, double), even, odd, b.i32(LANES[double] as number)));
    },
    { ...SSE3, vex: MERGED_AVX },
  );
}

/** Copies lanes of 32 bits of a vector. */
const duplicate = (b: X86, x: V, lanes: readonly number[]): V =>
  b.shuffle(
    x,
    x,
    lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)),
  );

/** Arithmetic and comparison of SSE, SSE2 and SSE3 (SDM vol. 1, 10.4, 11.4.1, 12.3). @experimental */
export const sseFloatRows: readonly X86Row[] = [
  ...ARITHMETIC.flatMap(([name, opcode, op]) => [
    packedFloat(`${name}PS`, `NP 0F ${opcode}`, op, 0),
    packedFloat(`${name}PD`, `66 0F ${opcode}`, op, 1),
    scalarRow(`${name}SS`, `F3 0F ${opcode}`, op, 0),
    scalarRow(`${name}SD`, `F2 0F ${opcode}`, op, 1),
  ]),
  sse('CMPPS', ['NP 0F C2 Vx,Wx,Ib'], comparePacked(0), { vex: MERGED_AVX }),
  sse('CMPPD', ['66 0F C2 Vx,Wx,Ib'], comparePacked(1), { vex: MERGED_AVX }),
  sse('CMPSS', ['F3 0F C2 Vd,Wd,Ib'], compareScalar(0), { vex: MERGED_AVX }),
  sse('CMPSD', ['F2 0F C2 Vq,Wq,Ib'], compareScalar(1), { vex: MERGED_AVX }),
  sse('UCOMISS', ['NP 0F 2E Vd,Wd'], compareFlags(0, 0), { vex: ALONE_AVX }),
  sse('UCOMISD', ['66 0F 2E Vq,Wq'], compareFlags(1, 0), { vex: ALONE_AVX }),
  sse('COMISS', ['NP 0F 2F Vd,Wd'], compareFlags(0, 1), { vex: ALONE_AVX }),
  sse('COMISD', ['66 0F 2F Vq,Wq'], compareFlags(1, 1), { vex: ALONE_AVX }),
  ...estimate('RCP', '53', 'rcp'),
  ...estimate('RSQRT', '52', 'rsqrt'),
  horizontal('HADDPD', '66 0F 7C', 'add', 1),
  horizontal('HADDPS', 'F2 0F 7C', 'add', 0),
  horizontal('HSUBPD', '66 0F 7D', 'sub', 1),
  horizontal('HSUBPS', 'F2 0F 7D', 'sub', 0),
  packedFloat('ADDSUBPD', '66 0F D0', 'addsub', 1, SSE3),
  packedFloat('ADDSUBPS', 'F2 0F D0', 'addsub', 0, SSE3),
  sse(
    'MOVSLDUP',
    ['F3 0F 12 Vx,Wx'],
    (b, [target, source]) => b.write(target, duplicate(b, b.readAligned(source), [0, 0, 2, 2])),
    { ...SSE3, vex: ALONE_AVX },
  ),
  sse(
    'MOVSHDUP',
    ['F3 0F 16 Vx,Wx'],
    (b, [target, source]) => b.write(target, duplicate(b, b.readAligned(source), [1, 1, 3, 3])),
    { ...SSE3, vex: ALONE_AVX },
  ),
  sse(
    'MOVDDUP',
    ['F2 0F 12 Vx,Wq', 'VEX F2 0F 12 L0 Vx,Wq @avx', 'VEX F2 0F 12 L1 Vx,Wx @avx'],
    (b, [target, source]) => {
      const low = b.half === undefined ? readScalar(b, source, 1) : lowLane(b, b.read(source), 1);
      b.write(target, b.simd('i64x2_splat', low));
    },
    SSE3,
  ),
];
