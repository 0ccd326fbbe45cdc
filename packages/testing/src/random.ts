/**
 * A small reproducible generator for tests (xorshift32): each call returns the next unsigned 32-bit number.
 *
 * @experimental
 */
export function createRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

/**
 * A new seed, which the test prints when it fails.
 *
 * @experimental
 */
export function randomSeed(): number {
  return Math.floor(Math.random() * 0xffff_ffff) + 1;
}
