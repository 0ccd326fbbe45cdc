import { derived, small, Ty, wide } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { splatElement } from './fp-common.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import { bytes, full, keep, lanes, lowestLane, setKept, splat } from './simd-common.js';

interface Immediate {
  readonly op: number;
  readonly cmode: number;
  readonly abc: number;
  readonly defgh: number;
}

/** Repeats `bits` bits in 64 bits. */
function repeat(value: bigint, bits: number): bigint {
  let result = 0n;
  for (let at = 0; at < 64; at += bits) result |= value << BigInt(at);
  return result;
}

/** VFPExpandImm for single and double precision (Arm ARM, shared pseudocode). */
function expandFloat(imm8: number, exponentBits: number, fractionBits: number): bigint {
  const sign = BigInt(imm8 >> 7);
  const b = (imm8 >> 6) & 1;
  const repeated = b ? (1n << BigInt(exponentBits - 3)) - 1n : 0n;
  const exponent = (BigInt(b ^ 1) << BigInt(exponentBits - 1)) | (repeated << 2n) | BigInt((imm8 >> 4) & 3);
  return (
    (((sign << BigInt(exponentBits)) | exponent) << BigInt(fractionBits)) |
    (BigInt(imm8 & 15) << BigInt(fractionBits - 4))
  );
}

/** AdvSIMDExpandImm (Arm ARM, shared pseudocode). */
function expandImmediate({ op, cmode, abc, defgh }: Immediate): bigint {
  const imm8 = (abc << 5) | defgh;
  if (cmode < 8) return repeat(BigInt(imm8) << BigInt(8 * (cmode >> 1)), 32);
  if (cmode < 12) return repeat(BigInt(imm8) << BigInt(8 * ((cmode >> 1) & 1)), 16);
  if (cmode < 14) return repeat(cmode & 1 ? (BigInt(imm8) << 16n) | 0xffffn : (BigInt(imm8) << 8n) | 0xffn, 32);
  if (cmode === 15) return op ? expandFloat(imm8, 11, 52) : repeat(expandFloat(imm8, 8, 23), 32);
  if (!op) return repeat(BigInt(imm8), 8);
  let result = 0n;
  for (let i = 0; i < 8; i++) if ((imm8 >> i) & 1) result |= 0xffn << BigInt(8 * i);
  return result;
}

/** The immediate, complemented for MVNI and BIC. */
function immediateOf(f: Immediate): bigint {
  const value = expandImmediate(f);
  return BigInt.asUintN(64, f.op && f.cmode < 14 ? ~value : value);
}

/** 0: move, 1: ORR, 2: BIC. */
const immediateKind = derived(3, ({ op, cmode }: Immediate) => (cmode < 12 && cmode & 1 ? 1 + op : 0));

const modifiedImmediate = inst(
  'C7.2',
  'MOVI, MVNI, ORR, BIC (vector, immediate), FMOV (vector, immediate)',
  '0 Q:1 op:1 0111100000 abc:3 cmode:4 01 defgh:5 Rd:5',
  {
    operands: { imm: wide(immediateOf) },
    derived: { kind: immediateKind, whole: full },
    allocated: ({ Q, op, cmode }) => !(cmode === 15 && op === 1 && Q === 0),
  },
  (b, { kind, whole, imm, Rd }) => {
    const value = splat(b, 3, imm);
    const result = kind === 0 ? value : b.simd(kind === 1 ? 'v128_or' : 'v128_and', b.v(Rd), value);
    b.setVq(Rd, result, whole);
  },
);

/** The lowest set bit of `imm5` gives the size, the bits above it are the lane. */
const sizeOf = ({ imm5 }: { imm5: number }): number => 31 - Math.clz32(imm5 & -imm5);
const offsetOf = ({ imm5 }: { imm5: number }): number => (imm5 >> (sizeOf({ imm5 }) + 1)) << sizeOf({ imm5 });
const element = { offset: small(offsetOf) };
const elementSize = { size: derived(4, sizeOf) };
const isElement = ({ imm5 }: { imm5: number }): boolean => (imm5 & 15) !== 0;
const isVectorElement = (f: { imm5: number; Q: number }): boolean => isElement(f) && (f.Q === 1 || sizeOf(f) !== 3);

/** Replaces the element of `v` at byte `offset` by the same element of `replacement`. */
function insert(b: A64, size: number, v: V, offset: V, replacement: V): V {
  const offsets = bytes(b, (i) => i & -(1 << size));
  const mask = lanes(b, 'eq', 0, offsets, splat(b, 0, offset));
  return b.simd('v128_bitselect', replacement, v, mask);
}

const copies = [
  inst(
    'C7.2',
    'DUP (element, vector)',
    '0 Q:1 001110000 imm5:5 000001 Rn:5 Rd:5',
    { operands: { ...element, kept: keep }, derived: elementSize, allocated: isVectorElement },
    (b, { size, offset, kept, Rn, Rd }) => setKept(b, Rd, splatElement(b, b.v(Rn), offset, 1 << size), kept),
  ),
  inst(
    'C7.2',
    'DUP (element, scalar)',
    '01011110000 imm5:5 000001 Rn:5 Rd:5',
    { operands: element, derived: elementSize, allocated: isElement },
    (b, { size, offset, Rn, Rd }) => b.setD(Rd, lowestLane(b, size, splatElement(b, b.v(Rn), offset, 1 << size))),
  ),
  inst(
    'C7.2',
    'DUP (general)',
    '0 Q:1 001110000 imm5:5 000011 Rn:5 Rd:5',
    { operands: { kept: keep }, derived: elementSize, allocated: isVectorElement },
    (b, { size, kept, Rn, Rd }) => setKept(b, Rd, splat(b, size, b.x(Rn, size === 3 ? 1 : 0)), kept),
  ),
  inst(
    'C7.2',
    'SMOV',
    '0 Q:1! 001110000 imm5:5 001011 Rn:5 Rd:5',
    {
      operands: element,
      derived: { size: derived(3, sizeOf) },
      allocated: (f) => isElement(f) && sizeOf(f) < (f.Q ? 3 : 2),
    },
    (b, { Q, size, offset, Rn, Rd }) => {
      const value = lowestLane(b, size, splatElement(b, b.v(Rn), offset, 1 << size));
      b.setX(Rd, b.sx(Q ? b.as(value, Ty.i64) : value, 8 << size));
    },
  ),
  inst(
    'C7.2',
    'UMOV',
    '0 Q:1 001110000 imm5:5 001111 Rn:5 Rd:5',
    { operands: element, derived: elementSize, allocated: (f) => isElement(f) && f.Q === (sizeOf(f) === 3 ? 1 : 0) },
    (b, { size, offset, Rn, Rd }) => b.setX(Rd, lowestLane(b, size, splatElement(b, b.v(Rn), offset, 1 << size))),
  ),
  inst(
    'C7.2',
    'INS (general)',
    '01001110000 imm5:5 000111 Rn:5 Rd:5',
    { operands: element, derived: elementSize, allocated: isElement },
    (b, { size, offset, Rn, Rd }) =>
      b.setV(Rd, insert(b, size, b.v(Rd), offset, splat(b, size, b.x(Rn, size === 3 ? 1 : 0)))),
  ),
  inst(
    'C7.2',
    'INS (element)',
    '01101110000 imm5:5 0 imm4:4 1 Rn:5 Rd:5',
    {
      operands: { ...element, from: small(({ imm4, imm5 }) => (imm4 >> sizeOf({ imm5 })) << sizeOf({ imm5 })) },
      derived: elementSize,
      allocated: isElement,
    },
    (b, { size, offset, from, Rn, Rd }) => {
      b.setV(Rd, insert(b, size, b.v(Rd), offset, splatElement(b, b.v(Rn), from, 1 << size)));
    },
  ),
];

/** Immediates, and moves between vector elements and general registers. @experimental */
export const simdMoveRows: readonly A64Row[] = withFpCheck([modifiedImmediate, ...copies]);
