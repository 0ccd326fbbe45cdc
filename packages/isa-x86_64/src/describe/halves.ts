import { VECTOR } from './operand-code.js';
import type { Operand } from './operand.js';

/** log2 of the bytes of a YMM register. @internal */
export const WIDE_VECTOR = 5;

/** One half of an operand of 256 bits; other operands as they are. @experimental */
export function halfOf(operand: Operand, half: 0 | 1): Operand {
  if (operand.size !== WIDE_VECTOR || operand.kind === 'immediate') return operand;
  if (operand.kind === 'register') return { ...operand, size: VECTOR, half };
  return { ...operand, size: VECTOR, half, whole: operand };
}
