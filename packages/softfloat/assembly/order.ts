/** The order of two unpacked operands. The values are the condition flags NZCV of Arm (N is 8). */
import { A, B, INF, ZERO } from './core';

export const LESS: i32 = 8;
export const EQUAL: i32 = 6;
export const GREATER: i32 = 2;
export const UNORDERED: i32 = 3;

/** The order of A and B, neither of which is a NaN, as NZCV. */
export function order(): i32 {
  if (A.cls == ZERO && B.cls == ZERO) return EQUAL;
  if (A.cls == ZERO) return B.sign ? GREATER : LESS;
  if (B.cls == ZERO || A.sign != B.sign) return A.sign ? LESS : GREATER;
  let larger = 0;
  if (A.cls == INF || B.cls == INF) larger = A.cls - B.cls;
  else if (A.exp != B.exp) larger = A.exp - B.exp;
  else if (A.sig != B.sig) larger = A.sig > B.sig ? 1 : -1;
  if (larger == 0) return EQUAL;
  return larger > 0 == !A.sign ? GREATER : LESS;
}
