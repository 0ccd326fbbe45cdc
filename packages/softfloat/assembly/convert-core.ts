/** Conversions between formats, and that of NaNs. */
import { beginConvert, defaultNaN, end } from './policy';
import {
  Env,
  F16,
  INF,
  INVALID,
  SNAN,
  U,
  ZERO,
  fractionBits,
  infinity,
  quietBit,
  raise,
  roundPack,
  signBit,
  unpack,
} from './core';

/** FPConvertNaN: keeps the upper bits of the payload. */
function convertNaN(from: i32, to: i32, bits: u64): u64 {
  const aligned = bits << (64 - fractionBits(from));
  return infinity(to, U.sign) | quietBit(to) | (aligned >> (64 - fractionBits(to)));
}

function convertSpecial(from: i32, to: i32, bits: u64): u64 {
  // The alternative half precision format has neither infinities nor NaNs.
  const alternative = to == F16 && Env.alternativeHalf;
  if (U.cls == SNAN || alternative) raise(INVALID);
  if (U.cls == INF) return alternative ? signBit(to, U.sign) | 0x7fff : infinity(to, U.sign);
  if (alternative) return signBit(to, U.sign);
  return Env.defaultNaN ? defaultNaN(to) : convertNaN(from, to, bits);
}

/** Converts in the rounding mode `rounding`; −1: the one of the status block. */
export function convert(from: i32, to: i32, bits: u64, rounding: i32, fp: i32): u64 {
  beginConvert(from, to, fp);
  if (rounding >= 0) Env.rounding = rounding;
  unpack(from, bits);
  let result = signBit(to, U.sign);
  if (U.cls >= INF) result = convertSpecial(from, to, bits);
  else if (U.cls != ZERO) result = roundPack(to, U.sign, U.exp, U.sig);
  end(fp);
  return result;
}
