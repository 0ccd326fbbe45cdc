/** Where an instruction is. */
export interface TextSite {
  readonly pc: bigint;
  /** Code size of the mode: 16, 32 or 64. */
  readonly bits: 16 | 32 | 64;
}
