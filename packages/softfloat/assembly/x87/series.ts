/** Power series of the transcendental functions, of arguments that were reduced; the terms left out are below 2^-112. */
import { fixed, isZero, minus, one, plus, product, quotientBySmall } from './fixed';

/** A series that is so close to 1 that it seems to be 1 is below it. */
export function belowOne(series: v128): v128 {
  return isZero(minus(series, one())) ? minus(series, fixed(0, 1)) : series;
}

/** sin(r) / r for t = r * r, |r| <= pi / 4. */
export function sinSeries(t: v128): v128 {
  let s = one();
  for (let k: u64 = 12; k > 0; k--) s = minus(one(), quotientBySmall(product(t, s), 2 * k * (2 * k + 1)));
  return s;
}

/** cos(r) for t = r * r, |r| <= pi / 4. */
export function cosSeries(t: v128): v128 {
  let s = one();
  for (let k: u64 = 13; k > 0; k--) s = minus(one(), quotientBySmall(product(t, s), 2 * k * (2 * k - 1)));
  return s;
}

/** (exp(y) - 1) / y for |y| <= ln 2. */
export function expSeries(y: v128, negative: bool): v128 {
  let s = one();
  for (let k: u64 = 27; k > 1; k--) {
    const term = quotientBySmall(product(y, s), k);
    s = negative ? minus(one(), term) : plus(one(), term);
  }
  return s;
}

/** artanh(s) / s for t = s * s, |s| <= 0.1716. */
export function artanhSeries(t: v128): v128 {
  let s = quotientBySmall(one(), 47);
  for (let n: i32 = 45; n > 0; n -= 2) s = plus(quotientBySmall(one(), n), product(t, s));
  return s;
}

/** arctan(r) / r for t = r * r, |r| <= 1 / 8. */
export function arctanSeries(t: v128): v128 {
  let s = quotientBySmall(one(), 39);
  for (let n: i32 = 37; n > 0; n -= 2) s = minus(quotientBySmall(one(), n), product(t, s));
  return s;
}
