const WORDS = 8;

/** A register of 256 bits, one for each vector: IRR, ISR or TMR (SDM 3A, 10.8.4). */
export class VectorSet {
  /** 32 vectors each, the lowest first. */
  readonly words = new Uint32Array(WORDS);

  has(vector: number): boolean {
    return (((this.words[vector >>> 5] ?? 0) >>> (vector & 31)) & 1) !== 0;
  }

  add(vector: number): void {
    this.words[vector >>> 5] = (this.words[vector >>> 5] ?? 0) | (1 << (vector & 31));
  }

  delete(vector: number): void {
    this.words[vector >>> 5] = (this.words[vector >>> 5] ?? 0) & ~(1 << (vector & 31));
  }

  /** The highest vector in the set; -1 when it is empty. */
  get highest(): number {
    for (let word = WORDS - 1; word >= 0; word--) {
      const bits = this.words[word] ?? 0;
      if (bits !== 0) return word * 32 + 31 - Math.clz32(bits);
    }
    return -1;
  }

  /** The vectors in the set, ascending. */
  list(): number[] {
    return Array.from({ length: WORDS * 32 }, (_, vector) => vector).filter((vector) => this.has(vector));
  }
}
