/**
 * Facts that a back end knows at one point of the code and need not test again.
 *
 * @experimental
 */
export interface KnownFacts {
  /** Whether the field of the state at this offset is 0. */
  isZeroField(offset: number): boolean;
  /** Records that the field at this offset is 0. It may change only outside of regions. */
  learnZeroField(offset: number): void;
  /** Whether the register at this offset of the state has passed the alignment check of stack pointers. */
  isAlignedRegister(offset: number): boolean;
  /** Records that the register at this offset has passed that check. */
  learnAlignedRegister(offset: number): void;
}
