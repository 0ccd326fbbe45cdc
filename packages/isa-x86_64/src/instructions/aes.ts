import { cryptoHelpers } from '@qvm/jit';
import type { V } from '@qvm/jit';
import type { X86 } from '../builder/x86.js';
import type { Semantics, X86Row } from '../describe/row.js';
import { immediateOf } from './sse-float-common.js';
import { packed, sse } from './sse-row.js';
import { ALONE_128, MERGED_128 } from './vex.js';

const AES = { feature: 'aes', vex: MERGED_128 } as const;
const ALONE = { ...AES, vex: ALONE_128 };
/** ShiftRows backwards, so that a step that shifts rows only substitutes bytes. */
const SHIFTED_BACK = [0, 13, 10, 7, 4, 1, 14, 11, 8, 5, 2, 15, 12, 9, 6, 3];
/** For AESKEYGENASSIST: words 1 and 3, each as it is and with its bytes rotated. */
const KEY_WORDS = [4, 5, 6, 7, 5, 6, 7, 4, 12, 13, 14, 15, 13, 14, 15, 12];
const ODD_WORDS = [0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 255, 255, 255, 255];

/** Rounds without the addition of the key, which comes last in AES-NI and first in the shared steps. */
const encrypt = (b: X86, x: V): V => b.call(cryptoHelpers.helper('aes_encrypt'), x, zero(b));
const decrypt = (b: X86, x: V): V => b.call(cryptoHelpers.helper('aes_decrypt'), x, zero(b));
const zero = (b: X86): V => b.vector(new Array<number>(16).fill(0));
const mixColumns = (b: X86, x: V): V => b.call(cryptoHelpers.helper('aes_mix_columns'), x);
const unmixColumns = (b: X86, x: V): V => b.call(cryptoHelpers.helper('aes_inverse_mix_columns'), x);

const round =
  (of: (b: X86, x: V) => V) =>
  (b: X86, x: V, key: V): V =>
    b.simd('v128_xor', of(b, x), key);

/** AESKEYGENASSIST: substitutes two words, and adds a constant to their rotations. */
const assistKey: Semantics = (b, [target, source, control]) => {
  const x = b.readAligned(source);
  const substituted = encrypt(b, b.shuffle(x, x, SHIFTED_BACK));
  const words = b.shuffle(substituted, substituted, KEY_WORDS);
  const constant = b.simd('v128_and', b.simd('i32x4_splat', immediateOf(b, control)), b.vector(ODD_WORDS));
  b.write(target, b.simd('v128_xor', words, constant));
};

/** PCLMULQDQ: bits 0 and 4 of the immediate choose halves. */
const multiplyCarryless: Semantics = (b, [target, source, control]) => {
  const bits = immediateOf(b, control);
  const y = b.readAligned(source);
  const half = (v: V, bit: number): V =>
    b.select(
      b.and(bits, b.imm(bit)),
      b.extractLane('i64x2_extract_lane', v, 1),
      b.extractLane('i64x2_extract_lane', v, 0),
    );
  b.write(target, b.call(cryptoHelpers.helper('polynomial_multiply'), half(b.read(target), 1), half(y, 16)));
};

/** AES-NI and PCLMULQDQ (SDM vol. 1, 12.13). @experimental */
export const aesRows: readonly X86Row[] = [
  packed('AESIMC', '66 0F 38 DB', (b, _, y) => unmixColumns(b, y), ALONE),
  packed(
    'AESENC',
    '66 0F 38 DC',
    round((b, x) => mixColumns(b, encrypt(b, x))),
    AES,
  ),
  packed('AESENCLAST', '66 0F 38 DD', round(encrypt), AES),
  packed(
    'AESDEC',
    '66 0F 38 DE',
    round((b, x) => unmixColumns(b, decrypt(b, x))),
    AES,
  ),
  packed('AESDECLAST', '66 0F 38 DF', round(decrypt), AES),
  sse('AESKEYGENASSIST', ['66 0F 3A DF Vx,Wx,Ib'], assistKey, ALONE),
  sse('PCLMULQDQ', ['66 0F 3A 44 Vx,Wx,Ib'], multiplyCarryless, { feature: 'pclmulqdq', vex: MERGED_128 }),
];
