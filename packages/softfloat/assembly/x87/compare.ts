/** FCOM, FUCOM, FCOMI, FTST and FXAM. */
import { A, B, INF, QNAN, SNAN, ZERO } from '../core';
import { GREATER, EQUAL, LESS, UNORDERED, order } from '../order';
import { UNSUPPORTED, unpackA, unpackB } from './operand';
import { C0, C1, C2, C3, DE, IE, X87, begin, completeRegister, conditions, raise } from './status';

/** The order of A and B. If `quiet` is not zero, quiet NaNs do not raise IE. NaNs hide DE. */
function compare(quiet: i32): i32 {
  if (A.cls < QNAN && B.cls < QNAN) return order();
  X87.flags &= ~DE;
  if (!quiet || A.cls >= SNAN || B.cls >= SNAN) raise(IE);
  return UNORDERED;
}

function codesOf(order: i32): u32 {
  if (order == GREATER) return 0;
  if (order == LESS) return C0;
  return order == EQUAL ? C3 : C0 | C2 | C3;
}

function report(quiet: i32, fp: i32): i32 {
  conditions(C0 | C1 | C2 | C3, codesOf(compare(quiet)));
  return i32(completeRegister(fp));
}

/** C3, C2 and C0 of a comparison: FCOM, with `quiet` 1 FUCOM. Returns 0 if an unmasked exception prevents a pop. */
export function f80_compare(a: i32, b: i32, quiet: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  unpackB(b);
  return report(quiet, fp);
}

/** FTST: compares with zero. */
export function f80_tst(a: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  B.cls = ZERO;
  B.sign = 0;
  return report(0, fp);
}

/** In the result of f80_comi: an unmasked exception prevents a pop. */
const NO_POP: i32 = 0x100;

/** FCOMI and FUCOMI: ZF, PF and CF in their places in EFLAGS, and bit 8 set if an unmasked exception prevents a pop. */
export function f80_comi(a: i32, b: i32, quiet: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  unpackB(b);
  const found = compare(quiet);
  const flags = found == GREATER ? 0 : found == LESS ? 1 : found == EQUAL ? 0x40 : 0x45;
  return completeRegister(fp) ? flags : flags | NO_POP;
}

/** FXAM: C3, C2 and C0 for the class, C1 for the sign. `empty` is 1 if the register is empty. */
export function f80_examine(a: i32, empty: i32, fp: i32): i32 {
  begin(fp);
  unpackA(a);
  let code = C2;
  if (empty) code = C3 | C0;
  else if (A.cls == UNSUPPORTED) code = 0;
  else if (A.cls >= QNAN) code = C0;
  else if (A.cls == INF) code = C2 | C0;
  else if (A.cls == ZERO) code = C3;
  else if (X87.flags & DE) code = C3 | C2;
  X87.flags = 0;
  conditions(C0 | C1 | C2 | C3, A.sign ? code | C1 : code);
  return i32(completeRegister(fp));
}
