/**
 * Records of the code around a place.
 *
 * @experimental
 */
export interface CodePages {
  /** Address of the slot of the page that is `number` pages after the place's page; 0 if none is known. */
  at(number: number): number;
  /** Low 48 bits of the virtual address of the place's page. */
  readonly address: number;
  /** Offset of the place in its page. */
  readonly offset: number;
}

/**
 * Receives samples of the vCPUs' positions in guest code.
 *
 * @experimental
 */
export interface CodeProfile {
  /** Instructions until the next sample. */
  nextInterval(): number;
  /**
   * Notes that an indirect branch at `from` (0: not an indirect branch) went to `to`: low 48 bits of virtual addresses.
   */
  noteBranch(from: number, to: number): void;
  /**
   * Notes that a vCPU has run `instructions` since the last sample, with or without alignment checking.
   *
   * @param pages - the code around the place that control last entered by a jump.
   */
  sample(pages: CodePages, instructions: number, exactAlignment: boolean): void;
  /**
   * Puts a translation of an earlier run to use at an instruction that was never decoded.
   *
   * @param ip - address of its record.
   * @param pages - the code around the instruction.
   * @returns whether there was one: a region begins there now.
   */
  begin(ip: number, pages: CodePages, exactAlignment: boolean): boolean;
}
