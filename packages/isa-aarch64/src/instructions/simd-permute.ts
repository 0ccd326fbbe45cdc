import { register, Ty } from '@qvm/jit';
import type { Reg, V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';
import {
  bytes,
  firstAndThirdWord,
  keep,
  lanes,
  setKept,
  shuffleBytes,
  splat,
  vectorArrangement,
} from './simd-common.js';

/** The lane of the two adjacent operands from which lane `i` of the result comes; `count` lanes each, `part` 0 or 1. */
const PERMUTATIONS: readonly ((i: number, part: number, count: number) => number)[] = [
  (i, part) => 2 * i + part,
  (i, part, count) => (i & -2) + part + (i & 1 ? count : 0),
  (i, part, count) => (i >> 1) + part * (count >> 1) + (i & 1 ? count : 0),
];
const ZIP = 3;
const UZP = 1;

/** UZP, TRN or ZIP of 128 bits, for lanes from `first` on; further lanes have any value. */
function permuted(b: A64, kind: number, part: number, size: number, n: V, m: V, first = 0): V {
  const count = 16 >> size;
  const lane = PERMUTATIONS[kind - 1] as (typeof PERMUTATIONS)[number];
  return b.shuffle(
    n,
    m,
    shuffleBytes(size, (i) => lane(i + first, part, count), count - first),
  );
}

/** The lower 64 bits of the result for 64-bit operands, computed from that for 128-bit ones. */
function permutedHalf(b: A64, kind: number, part: number, size: number, n: V, m: V, whole: V): V {
  if (kind === UZP) return firstAndThirdWord(b, whole);
  return kind === ZIP && part ? permuted(b, kind, 0, size, n, m, 8 >> size) : whole;
}

const permute = inst(
  'C7.2',
  'UZP1, UZP2, TRN1, TRN2, ZIP1, ZIP2',
  '0 Q:1 001110 size:2! 0 Rm:5 0 part:1! kind:2! 10 Rn:5 Rd:5',
  { operands: { kept: keep }, valid: ({ kind }) => kind !== 0, allocated: vectorArrangement },
  (b, { size, part, kind, kept, Rm, Rn, Rd }) => {
    const [n, m] = [b.v(Rn), b.v(Rm)];
    const whole = permuted(b, kind, part, size, n, m);
    // The arrangement 1D does not exist.
    const half = size === 3 ? whole : permutedHalf(b, kind, part, size, n, m, whole);
    setKept(b, Rd, half === whole ? whole : b.select(b.as(kept, Ty.i32), whole, half), kept);
  },
);

const extract = inst(
  'C7.2',
  'EXT',
  '0 Q:1! 101110000 Rm:5 0 imm4:4 0 Rn:5 Rd:5',
  { allocated: ({ Q, imm4 }) => Q === 1 || imm4 < 8 },
  (b, { Q, imm4, Rm, Rn, Rd }) => {
    const indices = lanes(
      b,
      'add',
      0,
      bytes(b, (i) => i),
      splat(b, 0, imm4),
    );
    if (!Q) {
      const both = b.shuffle(
        b.v(Rn),
        b.v(Rm),
        shuffleBytes(3, (i) => 2 * i),
      );
      b.setVq(Rd, b.simd('i8x16_swizzle', both, indices), 0);
      return;
    }
    b.setV(Rd, table(b, [b.v(Rn), b.v(Rm)], indices));
  },
);

/** Looks `indices` up in the bytes of the adjacent vectors; 0 beyond them. */
function table(b: A64, vectors: readonly V[], indices: V): V {
  const parts = vectors.map((v, i) =>
    b.simd(
      'i8x16_swizzle',
      v,
      i === 0
        ? indices
        : lanes(
            b,
            'sub',
            0,
            indices,
            bytes(b, () => 16 * i),
          ),
    ),
  );
  return parts.reduce((x, y) => b.simd('v128_or', x, y));
}

const lookup = inst(
  'C7.2',
  'TBL, TBX',
  '0 Q:1 001110000 Rm:5 0 len:2! extend:1! 00 Rn:5 Rd:5',
  {
    operands: {
      Rn2: register(({ Rn }) => (Rn + 1) & 31),
      Rn3: register(({ Rn }) => (Rn + 2) & 31),
      Rn4: register(({ Rn }) => (Rn + 3) & 31),
    },
  },
  (b, { Q, len, extend, Rm, Rn, Rn2, Rn3, Rn4, Rd }) => {
    const registers: readonly Reg[] = [Rn, Rn2, Rn3, Rn4].slice(0, len + 1);
    const indices = b.v(Rm);
    const found = table(
      b,
      registers.map((R) => b.v(R)),
      indices,
    );
    const inRange = (): V =>
      lanes(
        b,
        'lt_u',
        0,
        indices,
        bytes(b, () => 16 * (len + 1)),
      );
    setKept(b, Rd, extend ? b.simd('v128_bitselect', found, b.v(Rd), inRange()) : found, b.neg(b.as(Q, Ty.i64)));
  },
);

const reverse = inst(
  'C7.2',
  'REV64, REV32, REV16',
  '0 Q:1 U:1! 01110 size:2! 10000 0000 half:1! 10 Rn:5 Rd:5',
  { operands: { kept: keep }, valid: ({ U, half, size }) => size < 3 - U - 2 * half && !(U && half) },
  (b, { U, half, size, kept, Rn, Rd }) => {
    const last = ((half ? 2 : U ? 4 : 8) >> size) - 1;
    setKept(
      b,
      Rd,
      b.shuffle(
        b.v(Rn),
        b.v(Rn),
        shuffleBytes(size, (i) => i ^ last),
      ),
      kept,
    );
  },
);

/** A nibble with its bits in reverse order. */
const reversedNibble = (i: number): number => ((i & 1) << 3) | ((i & 2) << 1) | ((i & 4) >> 1) | (i >> 3);

const reverseBits = inst(
  'C7.2',
  'RBIT (vector)',
  '0 Q:1 101110 01 10000 00101 10 Rn:5 Rd:5',
  { operands: { kept: keep } },
  (b, { kept, Rn, Rd }) => {
    const nibbles = bytes(b, reversedNibble);
    const low = b.simd(
      'i8x16_swizzle',
      nibbles,
      b.simd(
        'v128_and',
        b.v(Rn),
        bytes(b, () => 15),
      ),
    );
    const high = b.simd('i8x16_swizzle', nibbles, lanes(b, 'shr_u', 0, b.v(Rn), b.i32(4)));
    setKept(b, Rd, b.simd('v128_or', lanes(b, 'shl', 0, low, b.i32(4)), high), kept);
  },
);

/** Instructions that only move bytes and bits. @experimental */
export const simdPermuteRows: readonly A64Row[] = withFpCheck([permute, extract, lookup, reverse, reverseBits]);
