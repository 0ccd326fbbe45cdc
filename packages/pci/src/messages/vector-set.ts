import { requireUnsignedArray, VdevStateError } from '@qvm/core/vdev';

const BITS = 32;

/** A set of interrupt vectors, in 32-bit words as pending bits are laid out. */
export class VectorSet {
  readonly size: number;
  readonly #words: Uint32Array;

  /** @param size - number of vectors. */
  constructor(size: number) {
    this.size = size;
    this.#words = new Uint32Array(Math.ceil(size / BITS));
  }

  has(vector: number): boolean {
    return ((this.word(vector >>> 5) >>> (vector & 31)) & 1) !== 0;
  }

  set(vector: number, present: boolean): void {
    const bit = 1 << (vector & 31);
    const word = this.word(vector >>> 5);
    this.#words[vector >>> 5] = present ? word | bit : word & ~bit;
  }

  /** The 32 vectors from `32 * index` on, as bits; none beyond the end. */
  word(index: number): number {
    return this.#words[index] ?? 0;
  }

  get empty(): boolean {
    return this.#words.every((word) => word === 0);
  }

  /** The members, in ascending order. */
  members(): readonly number[] {
    return Array.from({ length: this.size }, (_, vector) => vector).filter((vector) => this.has(vector));
  }

  clear(): void {
    this.#words.fill(0);
  }

  save(): readonly number[] {
    return [...this.#words];
  }

  /**
   * Validates what `save` gave, and changes nothing.
   *
   * @returns a function that restores it.
   * @throws VdevStateError
   */
  decode(state: unknown, what: string): () => void {
    const words = requireUnsignedArray(state, this.#words.length, 0xffff_ffff, what);
    const last = this.size % BITS;
    const beyond = last === 0 ? 0 : (words.at(-1) ?? 0) >>> last;
    if (words.length !== this.#words.length || beyond !== 0) {
      throw new VdevStateError(`${what} are not those of ${this.size} vectors`);
    }
    return () => void this.#words.set(words);
  }
}
