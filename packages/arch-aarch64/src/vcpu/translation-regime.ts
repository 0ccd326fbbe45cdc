const ENABLED = 0x2_0000;
/** Key of the bank of EL1 while the MMU is on. @experimental */
export const PRIVILEGED = ENABLED | 0x1_0000;

/** Key of a TLB bank: who accesses, whether the MMU is on, and at EL0 the ASID. @experimental */
export function regimeKey(privileged: boolean, mmuEnabled: boolean, asid: number): number {
  if (!mmuEnabled) return 0;
  return privileged ? PRIVILEGED : ENABLED | asid;
}
