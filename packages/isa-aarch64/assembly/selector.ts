/**
 * Selectors tell a function which lanes to work on: bits 0–1 are log2 of the bytes of a lane, bit 2 is set for
 * unsigned lanes, bits 3–4 are the scope. Further bits depend on the function. src/instructions/simd-common.ts builds
 * these numbers.
 */
export const UNSIGNED: i32 = 4;
export const SCOPE: i32 = 0x18;
/** The low 64 bits; the rest of the result is zero. */
export const HALF: i32 = 0;
export const FULL: i32 = 8;
/** The lowest lane only. */
export const SCALAR: i32 = 16;
export const ROUND: i32 = 32;

export function laneBits(sel: i32): i32 {
  return 8 << (sel & 3);
}

/** The low `bits` bits. */
export function maskOf(bits: i32): u64 {
  return (<u64>-1) >> (64 - bits);
}

export function lower(v: v128): u64 {
  return v128.extract_lane<u64>(v, 0);
}

export function upper(v: v128): u64 {
  return v128.extract_lane<u64>(v, 1);
}

export function join(low: u64, high: u64): v128 {
  return i64x2.replace_lane(i64x2.splat(low), 1, high);
}

/** A lane of a half vector, extended to 64 bits. */
export function extract(half: u64, at: i32, bits: i32, unsigned: bool): i64 {
  const top = half << (64 - bits - at);
  return unsigned ? <i64>(top >> (64 - bits)) : (<i64>top) >> (64 - bits);
}
