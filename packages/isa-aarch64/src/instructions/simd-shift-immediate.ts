import { derived, small, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { vectorHelper } from '../builder/vector-helpers.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import {
  Lane,
  Selector,
  bytes,
  extend,
  full,
  keep,
  lanes,
  saturating,
  selectorOf,
  setKept,
  shuffleBytes,
  signedLanes,
  splat,
  unzip,
  vectorOrDouble,
  vectorOrScalar,
} from './simd-common.js';

interface Immediate {
  readonly immh: number;
  readonly immb: number;
}

/** The highest set bit of `immh` gives the size. */
const sizeOf = ({ immh }: { immh: number }): number => 31 - Math.clz32(immh);
const immediate = ({ immh, immb }: Immediate): number => (immh << 3) | immb;
/** 1 to the width. */
const rightAmount = (f: Immediate): number => (16 << sizeOf(f)) - immediate(f);
/** 0 to the width − 1. */
const leftAmount = (f: Immediate): number => immediate(f) - (8 << sizeOf(f));

interface Shifted extends Immediate {
  readonly Q: number;
  readonly scalar: number;
}

/** `immh` 0 encodes modified immediates. */
const isVectorOrDouble = (f: Shifted): boolean => f.immh !== 0 && vectorOrDouble({ ...f, size: sizeOf(f) });
const isVectorOrScalar = (f: Shifted): boolean => f.immh !== 0 && vectorOrScalar({ ...f, size: sizeOf(f) });
const isNarrow = (f: Shifted): boolean => f.immh !== 0 && f.immh < 8 && (!f.scalar || f.Q === 1);

const size = derived(4, sizeOf);
const narrowSize = derived(3, sizeOf);

/** Shifts right by all but one bit: WebAssembly takes amounts modulo the width, but A64 allows the width itself. */
function shiftAlmost(b: A64, U: number, scale: number, v: V, amount: V): V {
  return signedLanes(b, 'shr', U, scale, v, b.sub(b.as(amount, Ty.i32), b.imm(1)));
}

/** Shifts right by 1 to the width. */
function shiftRight(b: A64, U: number, scale: number, v: V, amount: V): V {
  return signedLanes(b, 'shr', U, scale, shiftAlmost(b, U, scale, v, amount), b.i32(1));
}

/** Shifts right by 1 to the width, with rounding if `round` (0 or 1) is not 0. */
function shiftRightRounded(b: A64, U: number, scale: number, round: V, v: V, amount: V): V {
  const almost = shiftAlmost(b, U, scale, v, amount);
  return lanes(
    b,
    'add',
    scale,
    signedLanes(b, 'shr', U, scale, almost, b.i32(1)),
    b.simd('v128_and', almost, splat(b, scale, round)),
  );
}

const ones = (b: A64): V => bytes(b, () => 255);

const plain = [
  inst(
    'C7.2',
    'SSHR, USHR',
    '0 Q:1 U:1! scalar:1 11110 immh:4 immb:3 000001 Rn:5 Rd:5',
    { operands: { amount: small(rightAmount) }, derived: { size, whole: full }, allocated: isVectorOrDouble },
    (b, { U, size: scale, whole, amount, Rn, Rd }) => b.setVq(Rd, shiftRight(b, U, scale, b.v(Rn), amount), whole),
  ),
  inst(
    'C7.2',
    'SSRA, USRA, SRSRA, URSRA',
    '0 Q:1 U:1! scalar:1 11110 immh:4 immb:3 00 round:1 101 Rn:5 Rd:5',
    { operands: { amount: small(rightAmount), kept: keep }, derived: { size }, allocated: isVectorOrDouble },
    (b, { U, size: scale, round, kept, amount, Rn, Rd }) => {
      setKept(b, Rd, lanes(b, 'add', scale, b.v(Rd), shiftRightRounded(b, U, scale, round, b.v(Rn), amount)), kept);
    },
  ),
  inst(
    'C7.2',
    'SRSHR, URSHR',
    '0 Q:1 U:1! scalar:1 11110 immh:4 immb:3 001001 Rn:5 Rd:5',
    { operands: { amount: small(rightAmount), kept: keep }, derived: { size }, allocated: isVectorOrDouble },
    (b, { U, size: scale, kept, amount, Rn, Rd }) =>
      setKept(b, Rd, shiftRightRounded(b, U, scale, b.imm(1), b.v(Rn), amount), kept),
  ),
  inst(
    'C7.2',
    'SRI',
    '0 Q:1 1 scalar:1 11110 immh:4 immb:3 010001 Rn:5 Rd:5',
    { operands: { amount: small(rightAmount) }, derived: { size, whole: full }, allocated: isVectorOrDouble },
    (b, { size: scale, whole, amount, Rn, Rd }) => {
      const mask = shiftRight(b, 1, scale, ones(b), amount);
      b.setVq(Rd, b.simd('v128_bitselect', shiftRight(b, 1, scale, b.v(Rn), amount), b.v(Rd), mask), whole);
    },
  ),
  inst(
    'C7.2',
    'SHL, SLI',
    '0 Q:1 insert:1! scalar:1 11110 immh:4 immb:3 010101 Rn:5 Rd:5',
    { operands: { amount: small(leftAmount) }, derived: { size, whole: full }, allocated: isVectorOrDouble },
    (b, { size: scale, insert, whole, amount, Rn, Rd }) => {
      const by = b.as(amount, Ty.i32);
      const shifted = lanes(b, 'shl', scale, b.v(Rn), by);
      const result = insert ? b.simd('v128_bitselect', shifted, b.v(Rd), lanes(b, 'shl', scale, ones(b), by)) : shifted;
      b.setVq(Rd, result, whole);
    },
  ),
];

const widths = [
  inst(
    'C7.2',
    'SHRN, RSHRN',
    '0 Q:1! 0011110 immh:4 immb:3 1000 round:1 1 Rn:5 Rd:5',
    {
      operands: { amount: small(rightAmount) },
      derived: { size: narrowSize },
      allocated: (f) => isNarrow({ ...f, scalar: 0 }),
    },
    (b, { Q, size: scale, round, amount, Rn, Rd }) => {
      const shifted = shiftRightRounded(b, 1, scale + 1, round, b.v(Rn), amount);
      const narrow = unzip(b, scale, 0, shifted, shifted);
      if (Q)
        b.setV(
          Rd,
          b.shuffle(
            b.v(Rd),
            narrow,
            shuffleBytes(3, (i) => 2 * i),
          ),
        );
      else b.setVq(Rd, narrow, 0);
    },
  ),
  inst(
    'C7.2',
    'SSHLL, USHLL',
    '0 Q:1! U:1! 011110 immh:4 immb:3 101001 Rn:5 Rd:5',
    {
      operands: { amount: small(leftAmount) },
      derived: { size: narrowSize },
      allocated: (f) => isNarrow({ ...f, scalar: 0 }),
    },
    (b, { Q, U, size: scale, amount, Rn, Rd }) => {
      b.setV(Rd, lanes(b, 'shl', scale + 1, extend(b, scale, U, Q, b.v(Rn)), b.as(amount, Ty.i32)));
    },
  ),
];

const helped = [
  inst(
    'C7.2',
    'SQSHLU, SQSHL, UQSHL (immediate)',
    '0 Q:1 U:1 scalar:1 11110 immh:4 immb:3 011 same:1 01 Rn:5 Rd:5',
    {
      operands: {
        amount: small(leftAmount),
        sel: small((f) => selectorOf({ ...f, size: sizeOf(f), U: f.same & f.U })),
        op: small(({ same }) => (same ? Lane.ShiftSaturating : Lane.ShiftToUnsigned)),
      },
      allocated: (f) => isVectorOrScalar(f) && (f.same === 1 || f.U === 1),
    },
    (b, { amount, sel, op, Rn, Rd }) => {
      b.setV(Rd, saturating(b, b.as(op, Ty.i32), sel, b.v(Rn), splat(b, 0, amount), b.v(Rn)));
    },
  ),
  inst(
    'C7.2',
    'SQSHRUN, SQRSHRUN, SQSHRN, UQSHRN, SQRSHRN, UQRSHRN',
    '0 Q:1 U:1 scalar:1 11110 immh:4 immb:3 100 same:1 round:1 1 Rn:5 Rd:5',
    {
      operands: {
        amount: small(rightAmount),
        sel: small((f) => {
          const rounding = f.round ? Selector.round : 0;
          const scope = selectorOf({ ...f, size: sizeOf(f), U: f.same & f.U });
          return scope | rounding | (f.same ? 0 : Selector.toUnsigned);
        }),
      },
      allocated: (f) => isNarrow(f) && (f.same === 1 || f.U === 1),
    },
    (b, { amount, sel, Rn, Rd }) => {
      b.setV(Rd, b.call(vectorHelper('sat_narrow'), sel, amount, b.v(Rn), b.v(Rd), b.fpStatus()));
    },
  ),
];

/** Advanced SIMD shift by immediate; the scalar forms share the handlers of the vector forms. @experimental */
export const simdShiftRows: readonly A64Row[] = withFpCheck([...plain, ...widths, ...helped]);
