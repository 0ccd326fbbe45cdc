import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Gpr } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { Operands, X86Row } from '../describe/row.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import { checkMmx, enterMmx, setVector, sse, vectorOf } from './sse-row.js';
import { ALONE_128 } from './vex.js';

const move = (b: X86, [target, source]: Operands): void => setVector(b, target, vectorOf(b, source));

/** MASKMOVQ, MASKMOVDQU: the bytes whose mask has its sign set go to the address in rDI. */
function storeMasked(b: X86, [source, mask]: Operands, info: InstructionInfo): void {
  const bytes = 1 << source.size;
  const m = b.openIn(info, b.fixed(Gpr.RDI, info.addressSize), bytes, 'readWrite', { element: 1 });
  const signs = b.simd('i8x16_shr_s', vectorOf(b, mask), b.i32(7));
  const v = vectorOf(b, source);
  if (bytes === 16) {
    b.storeAt(m, 0, 16, b.simd('v128_bitselect', v, b.loadAt(m, 0, 16), signs));
    return;
  }
  const merged = b.simd('v128_bitselect', v, b.vectorFrom64(b.loadAt(m, 0, 8)), signs);
  b.storeAt(m, 0, 8, low(b, merged));
}

const low = (b: X86, v: V): V => b.extractLane('i64x2_extract_lane', v, 0);

/** Instructions of MMX that have no counterpart on XMM registers, moves among them (SDM vol. 1, 5.4, 10.4.4, 11.4.4). @experimental */
export const mmxRows: readonly X86Row[] = [
  inst('EMMS', 'EMMS', ['NP 0F 77'], { feature: 'mmx' }, (b) => {
    checkMmx(b);
    enterMmx(b, 0);
  }),
  sse('MOVD, MOVQ (to MMX)', ['NP 0F 6E Pq,Ey'], (b, [target, source]) =>
    b.write(target, b.as(b.read(source), Ty.i64)),
  ),
  sse('MOVD, MOVQ (from MMX)', ['NP 0F 7E Ey,Pq'], (b, [target, source], { size }) =>
    b.write(target, size === 3 ? b.read(source) : b.as(b.read(source), Ty.i32)),
  ),
  sse('MOVQ (MMX), MOVNTQ', ['NP 0F 6F Pq,Qq', 'NP 0F 7F Qq,Pq', 'NP 0F E7 @sse Mq,Pq'], (b, [target, source]) =>
    b.write(target, b.read(source)),
  ),
  sse('MOVQ2DQ', ['F3 0F D6 @sse2 Vx,Nq'], move),
  sse('MOVDQ2Q', ['F2 0F D6 Pq,Ux'], move),
  sse('MASKMOVQ, MASKMOVDQU', ['NP 0F F7 @sse Pq,Nq', '66 0F F7 Vx,Ux'], storeMasked, {
    usesSegment: true,
    counted: true,
    vex: ALONE_128,
  }),
];
