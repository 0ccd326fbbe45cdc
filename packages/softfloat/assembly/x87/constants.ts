/** FLD1, FLDL2T, FLDL2E, FLDPI, FLDLG2, FLDLN2 and FLDZ. */
import { roundsUp } from '../core';
import { BIAS, R, setIndefinite, setResult, setZero, storeResult } from './operand';
import { X87, begin, complete } from './status';

/** A constant with 64 further bits of its significand, rounded as the rounding control selects. */
function setConstant(exp: i32, hi: u64, lo: u64): void {
  const up = roundsUp(X87.rounding, 0, (hi & 1) != 0, lo);
  setResult(0, BIAS + exp, hi + u64(up));
}

/** The constant of the instruction D9 E8+index, for index 0 to 6. Returns 1. */
export function f80_constant(dst: i32, index: i32, fp: i32): i32 {
  begin(fp);
  if (index == 0) setResult(0, BIAS, 1 << 63);
  else if (index == 1) setConstant(1, 0xd49a784bcd1b8afe, 0x492bf6ff4dafdb4c);
  else if (index == 2) setConstant(0, 0xb8aa3b295c17f0bb, 0xbe87fed0691d3e88);
  else if (index == 3) setConstant(1, 0xc90fdaa22168c234, 0xc4c6628b80dc1cd1);
  else if (index == 4) setConstant(-2, 0x9a209a84fbcff798, 0x8f8959ac0b7c9178);
  else if (index == 5) setConstant(-1, 0xb17217f7d1cf79ab, 0xc9e3b39803f2f6af);
  else setZero(0);
  complete(0, fp);
  storeResult(dst);
  return 1;
}

/** Stores the indefinite NaN, the result of a masked stack fault. Returns 1. */
export function f80_indefinite(dst: i32): i32 {
  setIndefinite();
  storeResult(dst);
  return 1;
}
