/**
 * Records of the code around a place.
 *
 * @experimental
 */
export interface CodePages {
  /** Address of the slot of the page that is `number` pages after the place's; 0 when none is known. */
  at(number: number): number;
  /** Low 48 bits of the virtual address of the place's page. */
  readonly address: number;
  /** Offset of the place in its page. */
  readonly offset: number;
}

/**
 * Samples of where the guest is, from the vCPUs.
 *
 * @experimental
 */
export interface CodeProfile {
  /** Instructions until the next sample. */
  nextInterval(): number;
  /** An indirect branch at `from` (0: another way) was seen to go to `to`: low 48 bits of virtual addresses. */
  noteBranch(from: number, to: number): void;
  /**
   * A vCPU has run for `instructions` since the last sample, with or without alignment checking.
   *
   * @param pages - the code around the place where the latest of them began.
   */
  sample(pages: CodePages, instructions: number, exactAlignment: boolean): void;
}
