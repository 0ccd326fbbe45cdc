/**
 * What is known at one point of a region on every way to it, so that it need not be tested again.
 *
 * @internal
 */
export class Facts {
  readonly #zeroFields: Set<number>;
  readonly #alignedRegisters: Set<number>;

  constructor(known?: Facts) {
    this.#zeroFields = new Set(known === undefined ? [] : known.#zeroFields);
    this.#alignedRegisters = new Set(known === undefined ? [] : known.#alignedRegisters);
  }

  /** The field of the state at this offset is 0: only what leaves a region changes it. */
  isZeroField(offset: number): boolean {
    return this.#zeroFields.has(offset);
  }

  learnZeroField(offset: number): void {
    this.#zeroFields.add(offset);
  }

  /** The register at this offset of the state is aligned as stack pointers are. */
  isAlignedRegister(offset: number): boolean {
    return this.#alignedRegisters.has(offset);
  }

  learnAlignedRegister(offset: number): void {
    this.#alignedRegisters.add(offset);
  }

  /** A register was written; `displacement` says by how much it differs from before, where that is known. */
  forgetRegister(offset: number, displacement: number | undefined): void {
    if (displacement === undefined || displacement % STACK_ALIGNMENT !== 0) this.#alignedRegisters.delete(offset);
  }
}

const STACK_ALIGNMENT = 16;
