import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { XMM, YMM_HIGH } from '../builder/register-files.js';
import type { X86 } from '../builder/x86.js';
import type { MemoryOperand } from '../describe/operand.js';
import type { Semantics, X86Row } from '../describe/row.js';
import { elementsOf, halvesOf, inMemory, maskBits } from './avx-masked.js';
import { sse } from './sse-row.js';

/** The indices as i64, sign-extended. */
function indicesOf(b: X86, { vectorIndex }: MemoryOperand, bytes: 4 | 8, count: number): readonly V[] {
  const { inHalf, get } = elementsOf(bytes);
  return Array.from({ length: count }, (_, n) => {
    const half = b.readReg(n < inHalf ? XMM : YMM_HIGH, vectorIndex, Ty.v128);
    const index = b.extractLane(get, half, n % inHalf);
    return bytes === 4 ? b.widenSigned(index) : index;
  });
}

/**
 * VGATHERDPS and the like: elements whose mask has its sign set come from memory; then the mask is 0. A fault of one element
 * prevents all: the instruction has had no effect then, where processors may have gathered elements before it.
 *
 * @param size - bytes of an element.
 * @param indexSize - bytes of an index.
 */
const gather =
  (size: 4 | 8, indexSize: 4 | 8): Semantics =>
  (b, [target, source, mask]) => {
    const elements = elementsOf(size);
    const { inHalf, type, get, set } = elements;
    const memory = inMemory(source);
    const halves = halvesOf(target);
    const count = (1 << target.size) / size;
    const bits = b.and(maskBits(b, mask, elements), b.imm((1 << count) - 1));
    const bit = (n: number): V => b.and(b.shr(bits, b.imm(n)), b.imm(1));
    const indices = indicesOf(b, memory, indexSize, count);
    // Without its bit, an access would be one to the first element that has it: it does not fault.
    const first = indices.reduceRight((next, index, n) => b.select(bit(n), index, next));
    const scale = b.and(b.as(memory.scale, Ty.i32), b.imm(3));
    const opened = indices.map((index, n) => {
      const offset = b.shl(b.select(bit(n), index, first), scale);
      return b.openInIf(bits, memory, b.effectiveAddress({ ...memory, offset }), size, 'read');
    });
    halves.forEach((half, h) => {
      const old = b.vectorRegister(half);
      let v = count < inHalf ? b.vectorFrom64(b.i64(0)) : old;
      for (let i = 0; i < Math.min(inHalf, count); i++) {
        const n = h * inHalf + i;
        const loaded = b.loadAt(opened[n] as V, 0, size, false, type);
        v = b.replaceLane(set, v, i, b.select(bit(n), loaded, b.extractLane(get, old, i)));
      }
      b.write(half, v);
    });
    for (const half of halvesOf(mask)) b.write(half, b.vectorFrom64(b.i64(0)));
  };

const row = (name: string, opcode: string, operands: string, size: 4 | 8, indexSize: 4 | 8): X86Row =>
  sse(name, [`VEX 66 0F 38 ${opcode} ${operands} @avx2`], gather(size, indexSize), { whole: true });

/** Gathers (SDM vol. 2, VGATHERDPS, VPGATHERDD). @internal */
export const gatherRows: readonly X86Row[] = [
  row('VPGATHERDD', '90 W0', 'Vx,Yd:x,Hx', 4, 4),
  row('VPGATHERDQ', '90 W1', 'Vx,Yq:x/2,Hx', 8, 4),
  row('VPGATHERQD', '91 W0', 'Vx/2,Yd:x,Hx/2', 4, 8),
  row('VPGATHERQQ', '91 W1', 'Vx,Yq:x,Hx', 8, 8),
  row('VGATHERDPS', '92 W0', 'Vx,Yd:x,Hx', 4, 4),
  row('VGATHERDPD', '92 W1', 'Vx,Yq:x/2,Hx', 8, 4),
  row('VGATHERQPS', '93 W0', 'Vx/2,Yd:x,Hx/2', 4, 8),
  row('VGATHERQPD', '93 W1', 'Vx,Yq:x,Hx', 8, 8),
];
