import { int, Simd, small, Ty } from '@qvm/jit';
import type { Reg, SimdName, V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { vectorHelper } from '../builder/vector-helpers.js';
import { Exit, State } from '../builder/layout.js';

/** WebAssembly's names of vector shapes with lanes of `1 << size` bytes. @experimental */
export const SHAPES = ['i8x16', 'i16x8', 'i32x4', 'i64x2'] as const;

/** The part of a vector instruction's name after the shape. @experimental */
export type LaneOp = { [N in SimdName]: N extends `${(typeof SHAPES)[number]}_${infer Op}` ? Op : never }[SimdName];

function simdName(op: string, size: number): SimdName {
  const name = `${SHAPES[size]}_${op}`;
  if (!(name in Simd)) throw new Error(`WebAssembly has no ${name}`);
  return name as SimdName;
}

/** A WebAssembly vector operation on lanes of `1 << size` bytes; the amount of a shift is an i32. @experimental */
export function lanes(b: A64, op: LaneOp, size: number, x: V, y?: V): V {
  return b.simd(simdName(op, size), x, y);
}

/** `v` in every lane. @experimental */
export function splat(b: A64, size: number, v: V): V {
  return lanes(b, 'splat', size, b.as(v, size === 3 ? Ty.i64 : Ty.i32));
}

/** The lowest lane, zero-extended: an i64 for 64-bit lanes, else an i32. @experimental */
export function lowestLane(b: A64, size: number, v: V): V {
  return b.extractLane(simdName(size < 2 ? 'extract_lane_u' : 'extract_lane', size), v, 0);
}

/**
 * Fields that select whether 128, 64 or fewer bits of a register are used; `scalar` is bit 28 of the encoding, if it
 * is a field.
 */
interface Scope {
  readonly Q: number;
  readonly scalar?: number;
}

/**
 * All ones if the upper 64 bits of the result are kept, otherwise 0: the last operand of {@link setKept}.
 *
 * @experimental
 */
export const keep = int(({ Q, scalar }: Scope) => (Q && !scalar ? -1 : 0));

/** `keep` as a static choice, for rows where speed matters more than the number of handlers. @experimental */
export const full = { count: 2, of: ({ Q, scalar }: Scope): number => (Q && !scalar ? 1 : 0) };

/** Writes a vector whose upper half is cleared unless `kept` is all ones (see {@link keep}). @experimental */
export function setKept(b: A64, Rd: Reg, v: V, kept: V): void {
  const ones = b.vector(new Array<number>(16).fill(255));
  b.setV(Rd, b.simd('v128_and', v, b.replaceLane('i64x2_replace_lane', ones, 1, kept)));
}

/** A constant of 16 bytes; byte `i` is `of(i)`. @experimental */
export function bytes(b: A64, of: (i: number) => number): V {
  return b.vector(Array.from({ length: 16 }, (_, i) => of(i) & 0xff));
}

/** All bits zero. @experimental */
export const zero = (b: A64): V => bytes(b, () => 0);

/** Bits of a lane selector, as in assembly/selector.ts. @experimental */
export const Selector = { unsigned: 4, full: 8, scalar: 16, round: 32, toUnsigned: 64, subtract: 64 } as const;

interface SelectorFields extends Scope {
  readonly size: number;
  readonly U?: number;
}

/** The selector of the lanes that a helper works on. @experimental */
export function selectorOf({ size, U, Q, scalar }: SelectorFields): number {
  return size | (U ? Selector.unsigned : 0) | (scalar ? Selector.scalar : Q ? Selector.full : 0);
}

/** {@link selectorOf} as an operand. @experimental */
export const selector = small(selectorOf);

/** Operations of the helpers `lanes` and `sat_lanes`, as in assembly/lanes.ts. @experimental */
export enum Lane {
  Add,
  Sub,
  Accumulate,
  Abs,
  Neg,
  ShiftSaturating,
  ShiftToUnsigned,
  DoubleMultiplyHigh,
  MultiplyAddHigh,
  MultiplySubHigh,
  Shift,
  CountLeadingZeros,
  CountLeadingSigns,
  Polynomial,
}

/** An operation that may set FPSR.QC; lanes outside of the selector's scope become zero. @experimental */
export function saturating(b: A64, op: V, sel: V, n: V, m: V, d: V): V {
  return b.call(vectorHelper('sat_lanes'), op, sel, n, m, d, b.fpStatus());
}

/** An operation without flags. @experimental */
export function lanewise(b: A64, op: Lane, sel: V, n: V, m: V): V {
  return b.call(vectorHelper('lanes'), b.i32(op), sel, n, m, m);
}

/** The even (`odd` = 0) or odd lanes of `1 << size` bytes; those of `x` go below those of `y`. @experimental */
export function unzip(b: A64, size: number, odd: number, x: V, y: V): V {
  const bytesOf = 1 << size;
  return b.shuffle(
    x,
    y,
    shuffleBytes(size, (lane) => 2 * lane + odd, 16 / bytesOf),
  );
}

/**
 * A shuffle of lanes of `1 << size` bytes: lane `i` of `count` is lane `of(i)` of both operands; lanes from `count` on
 * have any value.
 *
 * @experimental
 */
export function shuffleBytes(size: number, of: (lane: number) => number, count = 16 >> size): number[] {
  const mask = (1 << size) - 1;
  return Array.from({ length: 16 }, (_, i) => (i >> size < count ? (of(i >> size) << size) + (i & mask) : 0));
}

/**
 * Extends the lower half of `v` (the upper half if `upper`) to lanes of twice the width; `size` is the source's.
 *
 * @experimental
 */
export function extend(b: A64, size: number, unsigned: number, upper: number, v: V): V {
  const name = `${SHAPES[size + 1]}_extend_${upper ? 'high' : 'low'}_${SHAPES[size]}_${unsigned ? 'u' : 's'}`;
  if (!(name in Simd)) throw new Error(`WebAssembly has no ${name}`);
  return b.simd(name as SimdName, v);
}

/** Products of the lower halves in lanes of twice the width; `size` is that of the sources. @experimental */
export function multiplyLong(b: A64, size: number, unsigned: number, x: V, y: V): V {
  const name = `${SHAPES[size + 1]}_extmul_low_${SHAPES[size]}_${unsigned ? 'u' : 's'}`;
  if (!(name in Simd)) throw new Error(`WebAssembly has no ${name}`);
  return b.simd(name as SimdName, x, y);
}

/** An operation that exists for signed and for unsigned lanes. @experimental */
export function signedLanes(
  b: A64,
  op: 'max' | 'min' | 'gt' | 'ge' | 'shr',
  unsigned: number,
  size: number,
  x: V,
  y: V,
): V {
  return lanes(b, `${op}_${unsigned ? 'u' : 's'}`, size, x, y);
}

/** |x − y| as unsigned lanes; sizes 0–2. @experimental */
export function absoluteDifference(b: A64, unsigned: number, size: number, x: V, y: V): V {
  return lanes(
    b,
    'sub',
    size,
    signedLanes(b, 'max', unsigned, size, x, y),
    signedLanes(b, 'min', unsigned, size, x, y),
  );
}

/** Products modulo the width of a lane; sizes 0–2. @experimental */
export function multiplyLanes(b: A64, size: number, x: V, y: V): V {
  if (size > 0) return lanes(b, 'mul', size, x, y);
  const high = b.simd('i16x8_extmul_high_i8x16_u', x, y);
  return unzip(b, 0, 0, multiplyLong(b, 0, 1, x, y), high);
}

/**
 * Moves the upper half to the lower one if `upper` (an i32) is not 0; the upper half of the result is undefined.
 *
 * @experimental
 */
export function chosenHalf(b: A64, v: V, upper: V): V {
  return b.select(b.as(upper, Ty.i32), upperHalf(b, v), v);
}

/**
 * Moves words 0 and 2 to the lower half: there the results for pairs of 64-bit operands are, among those of 128-bit
 * ones.
 *
 * @experimental
 */
export function firstAndThirdWord(b: A64, v: V): V {
  return b.shuffle(
    v,
    v,
    shuffleBytes(2, (i) => 2 * i, 2),
  );
}

/** Whether an arrangement is valid: 64-bit lanes need 128 bits. @experimental */
export const vectorArrangement = ({ Q, size }: { Q: number; size: number }): boolean => Q === 1 || size !== 3;

interface Arrangement {
  readonly Q: number;
  readonly size: number;
  readonly scalar: number;
}

/** A vector, or a 64-bit scalar. @experimental */
export const vectorOrDouble = (f: Arrangement): boolean =>
  f.scalar ? f.Q === 1 && f.size === 3 : vectorArrangement(f);

/** A vector, or a scalar of any size. @experimental */
export const vectorOrScalar = (f: Arrangement): boolean => (f.scalar ? f.Q === 1 : vectorArrangement(f));

/** Copies the upper 64 bits to both halves. @experimental */
export function upperHalf(b: A64, v: V): V {
  return b.shuffle(
    v,
    v,
    shuffleBytes(3, () => 1),
  );
}

/**
 * The value of a base register; SP must be aligned to 16 if the system requires it (Arm ARM D1.8.2). `spMask` is an
 * i32, 15 for SP and 0 for others: for rows that have many static choices already.
 *
 * @experimental
 */
export function maskedBase(b: A64, Rn: Reg, spMask: V): V {
  const known = b.constant(spMask);
  if (known !== undefined) return b.base(Rn, Number(known));
  const base = b.xsp(Rn, 1);
  const misaligned = b.and(b.as(base, Ty.i32), spMask);
  b.leaveIf(b.and(misaligned, b.stateAt(State.spAlignmentCheck, 4)), Exit.SpAlignment, b.i32(0));
  return base;
}
