/** PDEP and PEXT (Intel SDM volume 2). */

/** The low bits of `x` at the places of the ones of `mask`. */
export function deposit_bits(x: u64, mask: u64): u64 {
  let result: u64 = 0;
  while (mask != 0) {
    const lowest = mask & (0 - mask);
    if (x & 1) result |= lowest;
    x >>= 1;
    mask ^= lowest;
  }
  return result;
}

/** The bits of `x` at the places of the ones of `mask`, together. */
export function extract_bits(x: u64, mask: u64): u64 {
  let result: u64 = 0;
  for (let n: u64 = 0; mask != 0; n++) {
    const lowest = mask & (0 - mask);
    if (x & lowest) result |= (<u64>1) << n;
    mask ^= lowest;
  }
  return result;
}
