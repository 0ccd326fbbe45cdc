import { SeededEntropy } from './seeded-entropy.js';

/** xoshiro128** as published by its authors, on 32-bit words. */
function reference(state: number[], count: number): number[] {
  const rotl = (x: bigint, k: bigint): bigint => BigInt.asUintN(32, (x << k) | (x >> (32n - k)));
  const s = state.map(BigInt) as [bigint, bigint, bigint, bigint];
  return Array.from({ length: count }, () => {
    const result = BigInt.asUintN(32, rotl(BigInt.asUintN(32, s[1] * 5n), 7n) * 9n);
    const t = BigInt.asUintN(32, s[1] << 9n);
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
    return Number(result);
  });
}

describe('SeededEntropy', () => {
  it.each([0, 1, 0xffff_ffff, 2 ** 53 - 1])('is xoshiro128** (seed %p)', (seed) => {
    const source = new SeededEntropy(seed);
    const expected = reference([...source.state], 100);
    const bytes = new Uint8Array(400);
    source.fill(bytes);
    expect([...new Uint32Array(bytes.buffer)]).toEqual(expected);
  });

  it('fills what is no multiple of four', () => {
    const bytes = new Uint8Array(7);
    new SeededEntropy(3).fill(bytes);
    const more = new Uint8Array(8);
    new SeededEntropy(3).fill(more);
    expect(bytes).toEqual(more.subarray(0, 7));
  });
});
