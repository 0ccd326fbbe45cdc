/**
 * What is known at one point of a region on every way to it, so that it need not be tested or loaded again.
 *
 * @internal
 */
export class Facts {
  readonly #facts: Set<number>;

  private constructor(facts: Set<number>) {
    this.#facts = facts;
  }

  /** Nothing is known. */
  static none(): Facts {
    return new Facts(new Set());
  }

  /** What all of these know. */
  static common([first, ...others]: readonly Facts[]): Facts {
    const facts = new Set(first === undefined ? [] : first.#facts);
    for (const other of others) for (const fact of facts) if (!other.#facts.has(fact)) facts.delete(fact);
    return new Facts(facts);
  }

  /** The field of the state at this offset is 0: only what leaves a region changes it. */
  isZeroField(offset: number): boolean {
    return this.#facts.has(offset + Fact.zeroField);
  }

  learnZeroField(offset: number): void {
    this.#facts.add(offset + Fact.zeroField);
  }

  /** The register at this offset of the state has passed the check of stack pointers. */
  isAlignedRegister(offset: number): boolean {
    return this.#facts.has(offset + Fact.aligned);
  }

  learnAlignedRegister(offset: number): void {
    this.#facts.add(offset + Fact.aligned);
  }

  /** A register was written; `displacement` says by how much it differs from before, where that is known. */
  forgetAlignment(offset: number, displacement: number | undefined): void {
    if (displacement === undefined || displacement % STACK_ALIGNMENT !== 0) this.#facts.delete(offset + Fact.aligned);
  }

  /** What is stored at this offset of the state is in its local, too. */
  isInLocal(offset: number): boolean {
    return this.#facts.has(offset + Fact.inLocal);
  }

  learnInLocal(offset: number): void {
    this.#facts.add(offset + Fact.inLocal);
  }
}

/** Kinds of facts, which are kept as one number with the offset in the state. */
const Fact = { zeroField: 0, aligned: 0x1_0000, inLocal: 0x2_0000 } as const;
const STACK_ALIGNMENT = 16;
