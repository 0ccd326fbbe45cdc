/**
 * Operands and results of x87. A slot is 16 bytes of memory, as in the image of FXSAVE: the significand (u64), sign and
 * exponent (u16), then a u16 that is not zero only if the value is a denormal number of a narrower format, which
 * f80_widen_f32 or f80_widen_f64 put there as an operand: it raises DE.
 */
import { A, B, FINITE, INF, QNAN, SNAN, U, ZERO } from '../core';
import { DE, IE, X87, raise } from './status';

/** The class of encodings that are neither numbers nor NaNs: unnormals, pseudo-NaNs and pseudo-infinities. */
export const UNSUPPORTED: i32 = 5;

export const BIAS: i32 = 16383;
export const MAX_BIASED: i32 = 0x7fff;
export const INTEGER_BIT: u64 = 1 << 63;
const QUIET: u64 = 3 << 62;

/** The result of an instruction: significand, sign and biased exponent. */
export class R {
  static sig: u64 = 0;
  static se: u32 = 0;
}

export function setResult(sign: i32, biased: i32, sig: u64): void {
  R.se = ((<u32>sign) << 15) | (<u32>biased);
  R.sig = sig;
}

export function setZero(sign: i32): void {
  setResult(sign, 0, 0);
}

export function setInfinity(sign: i32): void {
  setResult(sign, MAX_BIASED, INTEGER_BIT);
}

/** The floating-point indefinite. */
export function setIndefinite(): void {
  setResult(1, MAX_BIASED, QUIET);
}

export function storeResult(slot: i32): void {
  store<u64>(slot, R.sig);
  store<u64>(slot, <u64>R.se, 8);
}

/** The result of an invalid operation. */
export function setInvalid(): void {
  raise(IE);
  setIndefinite();
}

function classOf(biased: i32, sig: u64): i32 {
  if (biased == 0) return sig == 0 ? ZERO : FINITE;
  if (sig >> 63 == 0) return UNSUPPORTED;
  if (biased != MAX_BIASED) return FINITE;
  if (sig << 1 == 0) return INF;
  return sig >> 62 == 3 ? QNAN : SNAN;
}

/** Unpacks a slot into U. Denormals raise DE; for pseudo-denormals, too, the exponent is that of biased exponent 1. */
function unpackSlot(slot: i32): void {
  const se = load<u32>(slot, 8);
  const sig = load<u64>(slot);
  const biased = <i32>(se & 0x7fff);
  U.sign = <i32>((se >> 15) & 1);
  U.cls = classOf(biased, sig);
  U.sig = sig;
  U.exp = biased - BIAS;
  if (U.cls == FINITE && biased == 0) {
    const shift = <i32>clz(sig);
    U.sig = sig << shift;
    U.exp = 1 - BIAS - shift;
    raise(DE);
  }
  if (se >> 16) raise(DE);
}

export function unpackA(slot: i32): void {
  unpackSlot(slot);
  A.cls = U.cls;
  A.sign = U.sign;
  A.exp = U.exp;
  A.sig = U.sig;
}

export function unpackB(slot: i32): void {
  unpackSlot(slot);
  B.cls = U.cls;
  B.sign = U.sign;
  B.exp = U.exp;
  B.sig = U.sig;
}

/** Exchanges A and B. */
export function swapOperands(): void {
  U.cls = A.cls;
  U.sign = A.sign;
  U.exp = A.exp;
  U.sig = A.sig;
  A.cls = B.cls;
  A.sign = B.sign;
  A.exp = B.exp;
  A.sig = B.sig;
  B.cls = U.cls;
  B.sign = U.sign;
  B.exp = U.exp;
  B.sig = U.sig;
}

function setNaN(sign: i32, sig: u64): void {
  X87.flags &= ~DE;
  setResult(sign, MAX_BIASED, sig | QUIET);
}

/** The NaN A, or the indefinite for an encoding that is not supported. */
export function propagate(): void {
  if (A.cls == UNSUPPORTED) return setInvalid();
  if (A.cls == SNAN) raise(IE);
  setNaN(A.sign, A.sig);
}

/**
 * The result if A or B is a NaN (volume 1, table 4-7): a quiet NaN has precedence over a signalling one; of two of a
 * kind, the larger significand, of equal ones the positive NaN.
 */
export function propagateTwo(): void {
  if (A.cls == UNSUPPORTED || B.cls == UNSUPPORTED) return setInvalid();
  if (A.cls == SNAN || B.cls == SNAN) raise(IE);
  let first = B.cls < QNAN;
  if (!first && A.cls >= QNAN) {
    if (A.cls != B.cls) first = A.cls == QNAN;
    else first = A.sig > B.sig || (A.sig == B.sig && A.sign <= B.sign);
  }
  if (first) setNaN(A.sign, A.sig);
  else setNaN(B.sign, B.sig);
}

/** Copies A to the result, normalised or denormal as it is. */
export function setA(): void {
  if (A.cls == ZERO) setZero(A.sign);
  else if (A.cls == INF) setInfinity(A.sign);
  else if (A.exp + BIAS > 0) setResult(A.sign, A.exp + BIAS, A.sig);
  else setResult(A.sign, 0, A.sig >> (1 - BIAS - A.exp));
}
