import type { EntropySource } from './entropy-source.js';

/** Size of the state in words. */
const WORDS = 4;

/**
 * Reproducible bytes from a seed: xoshiro128** by Blackman and Vigna, with its state initialised by SplitMix32.
 * Suitable for tests, but not secret. with, and no secret.
 */
export class SeededEntropy implements EntropySource {
  readonly #seed: number;
  readonly #state = new Uint32Array(WORDS);

  /** @param seed - an integer from 0 to 2^53 − 1. */
  constructor(seed: number) {
    this.#seed = seed;
    this.restart();
  }

  /** Restarts from the seed. */
  restart(): void {
    let mixed = (this.#seed ^ Math.floor(this.#seed / 2 ** 32)) >>> 0;
    for (let index = 0; index < WORDS; index++) {
      mixed = (mixed + 0x9e37_79b9) >>> 0;
      this.#state[index] = mix(mixed);
    }
  }

  /** The state, from which a sequence can be continued. */
  get state(): readonly number[] {
    return [...this.#state];
  }

  set state(words: readonly number[]) {
    this.#state.set(words);
  }

  fill(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.length; offset += 4) {
      const word = this.#next();
      for (let byte = 0; byte < 4 && offset + byte < bytes.length; byte++) bytes[offset + byte] = word >>> (8 * byte);
    }
  }

  #next(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const third = c ^ a;
    const fourth = d ^ b;
    this.#state[0] = a ^ fourth;
    this.#state[1] = b ^ third;
    this.#state[2] = third ^ (b << 9);
    this.#state[3] = rotate(fourth, 11);
    return result;
  }
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by));
}

/** The finalizer of SplitMix32. */
function mix(value: number): number {
  const first = Math.imul(value ^ (value >>> 16), 0x21f0_aaad);
  const second = Math.imul(first ^ (first >>> 15), 0x735a_2d97);
  return (second ^ (second >>> 15)) >>> 0;
}
