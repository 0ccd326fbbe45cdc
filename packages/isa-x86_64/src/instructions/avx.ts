import { fixedRegister } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { XMM } from '../builder/register-files.js';
import type { X86 } from '../builder/x86.js';
import type { Semantics, X86Row } from '../describe/row.js';
import { gatherRows } from './avx-gather.js';
import { loadMasked, storeMasked } from './avx-masked.js';
import {
  broadcast,
  broadcastHalf,
  extractHalf,
  insertHalf,
  permuteDoubles,
  permuteDwords,
  permuteHalves,
  permuteInHalf,
  permuteQwords,
  permuteSingles,
} from './avx-permute.js';
import { sse } from './sse-row.js';
import { blendImmediate } from './sse4.js';
import { testBits } from './test-bits.js';

const WHOLE = { whole: true };
const bytes = (of: (i: number) => number): number[] => Array.from({ length: 16 }, (_, i) => of(i));

/** VZEROUPPER; VZEROALL clears the lower halves, too. Outside of 64-bit mode there are eight registers. */
const clear =
  (all: boolean): Semantics =>
  (b) => {
    for (let n = 0; n < b.vectorRegisters; n++) {
      if (all) b.writeReg(XMM, fixedRegister(n), b.vectorFrom64(b.i64(0)));
      b.clearUpper(fixedRegister(n), true);
    }
  };

/** VTESTPS, VTESTPD: of sign bits. */
const testSigns =
  (size: 4 | 8): Semantics =>
  (b, operands) => {
    const signs = b.vector(bytes((i) => (i % size === size - 1 ? 0x80 : 0)));
    testBits(b, operands, (v) => b.simd('v128_and', v, signs));
  };

type Shift = 'shl' | 'shr' | 'sar';

/** VPSLLVD and the like: each element by a count of its own; a count beyond the width shifts everything out. */
const shiftEach =
  (size: 4 | 8, shift: Shift): Semantics =>
  (b, [target, source]) => {
    const [get, set] = size === 8 ? QWORD_LANES : DWORD_LANES;
    const counts = b.read(source);
    const x = b.read(target);
    let result = x;
    for (let i = 0; i < 16 / size; i++)
      result = b.replaceLane(
        set,
        result,
        i,
        shifted(b, b.extractLane(get, x, i), b.extractLane(get, counts, i), size, shift),
      );
    b.write(target, result);
  };

const QWORD_LANES = ['i64x2_extract_lane', 'i64x2_replace_lane'] as const;
const DWORD_LANES = ['i32x4_extract_lane', 'i32x4_replace_lane'] as const;

function shifted(b: X86, v: V, count: V, size: 4 | 8, shift: Shift): V {
  const most = size === 8 ? b.i64(63) : b.i32(31);
  const within = b.leu(count, most);
  if (shift === 'sar') return b.sar(v, b.select(within, count, most));
  return b.select(within, b[shift](v, count), b.sub(v, v));
}

const AVX_BROADCASTS = [
  sse(
    'VBROADCASTSS',
    ['VEX 66 0F 38 18 W0 Vx,Md @avx', 'VEX 66 0F 38 18 W0 Vx,Ud @avx2'],
    broadcast('i32x4_splat'),
    WHOLE,
  ),
  sse(
    'VBROADCASTSD',
    ['VEX 66 0F 38 19 W0 L1 Vx,Mq @avx', 'VEX 66 0F 38 19 W0 L1 Vx,Uq @avx2'],
    broadcast('i64x2_splat'),
    WHOLE,
  ),
  sse('VBROADCASTF128', ['VEX 66 0F 38 1A W0 L1 Vx,Mdq @avx'], broadcastHalf, WHOLE),
  sse('VBROADCASTI128', ['VEX 66 0F 38 5A W0 L1 Vx,Mdq @avx2'], broadcastHalf, WHOLE),
  sse('VPBROADCASTB', ['VEX 66 0F 38 78 W0 Vx,Wb @avx2'], broadcast('i8x16_splat'), WHOLE),
  sse('VPBROADCASTW', ['VEX 66 0F 38 79 W0 Vx,Ww @avx2'], broadcast('i16x8_splat'), WHOLE),
  sse('VPBROADCASTD', ['VEX 66 0F 38 58 W0 Vx,Wd @avx2'], broadcast('i32x4_splat'), WHOLE),
  sse('VPBROADCASTQ', ['VEX 66 0F 38 59 W0 Vx,Wq @avx2'], broadcast('i64x2_splat'), WHOLE),
];

const PERMUTATIONS = [
  sse('VINSERTF128', ['VEX 66 0F 3A 18 W0 L1 Vx=Hx,Wdq,Ib @avx'], insertHalf, WHOLE),
  sse('VINSERTI128', ['VEX 66 0F 3A 38 W0 L1 Vx=Hx,Wdq,Ib @avx2'], insertHalf, WHOLE),
  sse('VEXTRACTF128', ['VEX 66 0F 3A 19 W0 L1 Wdq,Vx,Ib @avx'], extractHalf, WHOLE),
  sse('VEXTRACTI128', ['VEX 66 0F 3A 39 W0 L1 Wdq,Vx,Ib @avx2'], extractHalf, WHOLE),
  sse('VPERM2F128', ['VEX 66 0F 3A 06 W0 L1 Vx=Hx,Wx,Ib @avx'], permuteHalves, WHOLE),
  sse('VPERM2I128', ['VEX 66 0F 3A 46 W0 L1 Vx=Hx,Wx,Ib @avx2'], permuteHalves, WHOLE),
  sse('VPERMILPS', ['VEX 66 0F 38 0C W0 Vx=Hx,Wx @avx'], permuteInHalf(4)),
  sse('VPERMILPS (immediate)', ['VEX 66 0F 3A 04 W0 Vx,Wx,Ib @avx'], permuteSingles),
  sse('VPERMILPD', ['VEX 66 0F 38 0D W0 Vx=Hx,Wx @avx'], permuteInHalf(8)),
  sse('VPERMILPD (immediate)', ['VEX 66 0F 3A 05 W0 Vx,Wx,Ib @avx'], permuteDoubles),
  sse('VPERMD', ['VEX 66 0F 38 36 W0 L1 Vx=Hx,Wx @avx2'], permuteDwords, WHOLE),
  sse('VPERMPS', ['VEX 66 0F 38 16 W0 L1 Vx=Hx,Wx @avx2'], permuteDwords, WHOLE),
  sse('VPERMQ', ['VEX 66 0F 3A 00 W1 L1 Vx,Wx,Ib @avx2'], permuteQwords, WHOLE),
  sse('VPERMPD', ['VEX 66 0F 3A 01 W1 L1 Vx,Wx,Ib @avx2'], permuteQwords, WHOLE),
];

/** Opcodes of loads and stores of elements that a mask names. */
const MASKED: readonly (readonly [name: string, load: string, store: string, size: 4 | 8, feature: string])[] = [
  ['VMASKMOVPS', '2C W0', '2E W0', 4, 'avx'],
  ['VMASKMOVPD', '2D W0', '2F W0', 8, 'avx'],
  ['VPMASKMOVD', '8C W0', '8E W0', 4, 'avx2'],
  ['VPMASKMOVQ', '8C W1', '8E W1', 8, 'avx2'],
];

const SHIFTS: readonly (readonly [name: string, opcode: string, size: 4 | 8, shift: Shift])[] = [
  ['VPSRLVD', '45 W0', 4, 'shr'],
  ['VPSRLVQ', '45 W1', 8, 'shr'],
  ['VPSRAVD', '46 W0', 4, 'sar'],
  ['VPSLLVD', '47 W0', 4, 'shl'],
  ['VPSLLVQ', '47 W1', 8, 'shl'],
];

/** Instructions that came with AVX and AVX2, and that SSE does not have (SDM vol. 1, 14.1, 14.7). @experimental */
export const avxRows: readonly X86Row[] = [
  sse('VZEROUPPER', ['VEX NP 0F 77 L0 @avx'], clear(false)),
  sse('VZEROALL', ['VEX NP 0F 77 L1 @avx'], clear(true)),
  ...AVX_BROADCASTS,
  ...PERMUTATIONS,
  ...MASKED.flatMap(([name, load, store, size, feature]) => [
    sse(name, [`VEX 66 0F 38 ${load} Vx=Hx,Mx @${feature}`], loadMasked(size), WHOLE),
    sse(`${name} (to memory)`, [`VEX 66 0F 38 ${store} Mx,Hx,Vx @${feature}`], storeMasked(size), WHOLE),
  ]),
  ...gatherRows,
  sse('VTESTPS', ['VEX 66 0F 38 0E W0 Vx,Wx @avx'], testSigns(4), WHOLE),
  sse('VTESTPD', ['VEX 66 0F 38 0F W0 Vx,Wx @avx'], testSigns(8), WHOLE),
  sse('VPBLENDD', ['VEX 66 0F 3A 02 W0 Vx=Hx,Wx,Ib @avx2'], blendImmediate(4)),
  ...SHIFTS.map(([name, opcode, size, shift]) =>
    sse(name, [`VEX 66 0F 38 ${opcode} Vx=Hx,Wx @avx2`], shiftEach(size, shift)),
  ),
];
