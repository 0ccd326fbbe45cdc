/** The rounding of A to an integer. */
import { A, TOWARD_ZERO, ZERO, roundsUp } from '../core';
import { X87 } from './status';

export class Integral {
  static magnitude: u64 = 0;
  static inexact: bool = false;
  static up: bool = false;
}

/** Rounds A, which is finite and below 2^64 in magnitude, as the rounding control selects, or toward zero. */
export function integral(truncate: bool): void {
  let whole: u64 = 0;
  let rest: u64 = 0;
  if (A.cls != ZERO) {
    if (A.exp >= 0) {
      whole = A.sig >> (63 - A.exp);
      rest = A.exp == 63 ? 0 : A.sig << (A.exp + 1);
    } else {
      rest = A.exp == -1 ? A.sig : 1;
    }
  }
  Integral.inexact = rest != 0;
  Integral.up = rest != 0 && roundsUp(truncate ? TOWARD_ZERO : X87.rounding, A.sign, (whole & 1) != 0, rest);
  Integral.magnitude = whole + u64(Integral.up);
}
