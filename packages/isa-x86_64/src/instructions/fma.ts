import type { V } from '@qvm/jit';
import { scalarFloat, vectorFloat } from '../builder/softfloat-helpers.js';
import type { X86 } from '../builder/x86.js';
import type { Operand } from '../describe/operand.js';
import type { Operands, Semantics, X86Row } from '../describe/row.js';
import { callFloat, readScalar, withLowLane } from './sse-float-common.js';
import { sse } from './sse-row.js';

/** The orders of operands: the numbers of those that are multiplied, then of the one that is added (SDM vol. 2, VFMADD132PD). */
const ORDERS = { '132': [0, 2, 1], '213': [1, 0, 2], '231': [1, 2, 0] } as const;
type Order = keyof typeof ORDERS;

/** Operations by opcode in the order 132; those of scalars have the next opcode. */
const OPERATIONS: readonly (readonly [name: string, opcode: number, negate: number, scalar: boolean])[] = [
  ['MADDSUB', 0x96, 2, false],
  ['MSUBADD', 0x97, 4, false],
  ['MADD', 0x98, 0, true],
  ['MSUB', 0x9a, 6, true],
  ['NMADD', 0x9c, 1, true],
  ['NMSUB', 0x9e, 7, true],
];
/** Distance of the opcodes of an order from those of 132. */
const DISTANCE: Readonly<Record<Order, number>> = { '132': 0, '213': 0x10, '231': 0x20 };

/** The operands as softfloat wants them; one in memory is read first. */
function inOrder(operands: Operands, order: Order, read: (operand: Operand) => V): [V, V, V] {
  const last = read(operands[2]);
  const values = [read(operands[0]), read(operands[1]), last];
  return ORDERS[order].map((n) => values[n] as V) as [V, V, V];
}

/** @param negate - see softfloat's `v_f32_fma`: the product, addends of even lanes, addends of odd lanes. */
const packed =
  (double: number, order: Order, negate: number): Semantics =>
  (b: X86, operands) => {
    const values = inOrder(operands, order, (operand) => b.read(operand));
    const lanes = b.i32(double ? 2 : 4);
    b.write(operands[0], callFloat(b, vectorFloat('fma', double), ...values, b.i32(negate), lanes));
  };

const scalar =
  (double: number, order: Order, negate: number): Semantics =>
  (b, operands) => {
    const values = inOrder(operands, order, (operand) => readScalar(b, operand, double));
    const bits = callFloat(b, scalarFloat('fma', double), ...values, b.i32(negate & 3));
    b.write(operands[0], withLowLane(b, b.vectorRegister(operands[0]), double, bits));
  };

function rowsOf(name: string, opcode: number, order: Order, negate: number, hasScalar: boolean): readonly X86Row[] {
  const text = (number: number, double: number, operands: string): string =>
    `VEX 66 0F 38 ${(number + DISTANCE[order]).toString(16).toUpperCase()} W${double} ${operands} @fma`;
  return [0, 1].flatMap((double) => {
    const type = double ? 'q' : 'd';
    const letter = double ? 'D' : 'S';
    const vectors = sse(
      `VF${name}${order}P${letter}`,
      [text(opcode, double, 'Vx,Hx,Wx')],
      packed(double, order, negate),
    );
    if (!hasScalar) return [vectors];
    const scalars = text(opcode + 1, double, `V${type},H${type},W${type}`);
    return [vectors, sse(`VF${name}${order}S${letter}`, [scalars], scalar(double, order, negate))];
  });
}

/** Products and sums with one rounding (SDM vol. 1, 14.5). @experimental */
export const fmaRows: readonly X86Row[] = OPERATIONS.flatMap(([name, opcode, negate, hasScalar]) =>
  (Object.keys(ORDERS) as Order[]).flatMap((order) => rowsOf(name, opcode, order, negate, hasScalar)),
);
