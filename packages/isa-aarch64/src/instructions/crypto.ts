import { cryptoHelpers } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';
import { inst, withFpCheck } from './row.js';
import type { A64Row } from './row.js';

const ZEROS = new Array<number>(16).fill(0);
/** Words 1–3 of the first vector, followed by word 0 of the second. */
const NEXT_WORD = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];
const ACROSS_HALVES = [8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

/** Every word rotated to the right. */
function rotateRight(b: A64, x: V, amount: number): V {
  return b.simd('v128_or', b.simd('i32x4_shr_u', x, b.i32(amount)), b.simd('i32x4_shl', x, b.i32(32 - amount)));
}

/** σ0 and σ1 of SHA-256: two rotations and a shift. */
function sigma(b: A64, x: V, first: number, second: number, shift: number): V {
  const rotations = b.simd('v128_xor', rotateRight(b, x, first), rotateRight(b, x, second));
  return b.simd('v128_xor', rotations, b.simd('i32x4_shr_u', x, b.i32(shift)));
}

/**
 * The Cryptographic Extension of Armv8.0 (Arm ARM C7.2).
 *
 * @experimental
 */
export const cryptoRows: readonly A64Row[] = withFpCheck([
  inst(
    'C7.2',
    'AESE, AESD',
    '01001110 00 10100 0010 inverse:1! 10 Rn:5 Rd:5',
    { feature: 'FEAT_AES' },
    (b, { inverse, Rn, Rd }) => {
      b.setV(Rd, b.call(cryptoHelpers.helper(inverse ? 'aes_decrypt' : 'aes_encrypt'), b.v(Rd), b.v(Rn)));
    },
  ),

  inst(
    'C7.2',
    'AESMC, AESIMC',
    '01001110 00 10100 0011 inverse:1! 10 Rn:5 Rd:5',
    { feature: 'FEAT_AES' },
    (b, { inverse, Rn, Rd }) => {
      b.setV(Rd, b.call(cryptoHelpers.helper(inverse ? 'aes_inverse_mix_columns' : 'aes_mix_columns'), b.v(Rn)));
    },
  ),

  inst(
    'C7.2',
    'PMULL, PMULL2 (64-bit elements)',
    '0 Q:1! 0 01110 11 1 Rm:5 1110 00 Rn:5 Rd:5',
    { feature: 'FEAT_PMULL' },
    (b, { Q, Rm, Rn, Rd }) => {
      const half = (v: V): V => b.extractLane('i64x2_extract_lane', v, Q);
      b.setV(Rd, b.call(cryptoHelpers.helper('polynomial_multiply'), half(b.v(Rn)), half(b.v(Rm))));
    },
  ),

  inst(
    'C7.2',
    'SHA1C, SHA1P, SHA1M',
    '01011110 000 Rm:5 0 0 kind:2 00 Rn:5 Rd:5',
    { feature: 'FEAT_SHA1', allocated: ({ kind }) => kind !== 3 },
    (b, { kind, Rm, Rn, Rd }) => b.setV(Rd, b.call(cryptoHelpers.helper('sha1_hash'), kind, b.v(Rd), b.s(Rn), b.v(Rm))),
  ),

  inst('C7.2', 'SHA1SU0', '01011110 000 Rm:5 0 011 00 Rn:5 Rd:5', { feature: 'FEAT_SHA1' }, (b, { Rm, Rn, Rd }) => {
    const middle = b.shuffle(b.v(Rd), b.v(Rn), ACROSS_HALVES);
    b.setV(Rd, b.simd('v128_xor', b.simd('v128_xor', middle, b.v(Rd)), b.v(Rm)));
  }),

  inst('C7.2', 'SHA1H', '01011110 00 10100 00000 10 Rn:5 Rd:5', { feature: 'FEAT_SHA1' }, (b, { Rn, Rd }) => {
    b.setD(Rd, b.rotl(b.s(Rn), b.imm(30)));
  }),

  inst('C7.2', 'SHA1SU1', '01011110 00 10100 00001 10 Rn:5 Rd:5', { feature: 'FEAT_SHA1' }, (b, { Rn, Rd }) => {
    const zeros = b.vector(ZEROS);
    const rotated = rotateRight(b, b.simd('v128_xor', b.v(Rd), b.shuffle(b.v(Rn), zeros, NEXT_WORD)), 31);
    // Word 3 also needs the new word 0, rotated once more.
    const carried = b.shuffle(zeros, rotated, NEXT_WORD);
    b.setV(Rd, b.simd('v128_xor', rotated, rotateRight(b, carried, 31)));
  }),

  inst(
    'C7.2',
    'SHA256H, SHA256H2',
    '01011110 000 Rm:5 0 10 second:1! 00 Rn:5 Rd:5',
    { feature: 'FEAT_SHA256' },
    (b, { second, Rm, Rn, Rd }) => {
      // SHA256H has abcd in Vd and efgh in Vn; SHA256H2 has them exchanged.
      const [abcd, efgh] = second ? [b.v(Rn), b.v(Rd)] : [b.v(Rd), b.v(Rn)];
      b.setV(Rd, b.call(cryptoHelpers.helper('sha256_hash'), b.imm(second), abcd, efgh, b.v(Rm)));
    },
  ),

  inst('C7.2', 'SHA256SU0', '01011110 00 10100 00010 10 Rn:5 Rd:5', { feature: 'FEAT_SHA256' }, (b, { Rn, Rd }) => {
    const next = b.shuffle(b.v(Rd), b.v(Rn), NEXT_WORD);
    b.setV(Rd, b.simd('i32x4_add', b.v(Rd), sigma(b, next, 7, 18, 3)));
  }),

  inst('C7.2', 'SHA256SU1', '01011110 000 Rm:5 0 110 00 Rn:5 Rd:5', { feature: 'FEAT_SHA256' }, (b, { Rm, Rn, Rd }) => {
    const zeros = b.vector(ZEROS);
    const base = b.simd('i32x4_add', b.v(Rd), b.shuffle(b.v(Rn), b.v(Rm), NEXT_WORD));
    const lower = b.simd('i32x4_add', base, sigma(b, b.shuffle(b.v(Rm), zeros, ACROSS_HALVES), 17, 19, 10));
    // Words 2 and 3 depend on the new words 0 and 1; σ1 of zero is zero.
    b.setV(Rd, b.simd('i32x4_add', lower, sigma(b, b.shuffle(zeros, lower, ACROSS_HALVES), 17, 19, 10)));
  }),
]);
