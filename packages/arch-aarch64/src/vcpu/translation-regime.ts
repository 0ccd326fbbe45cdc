/** Key of a TLB bank: who accesses, whether the MMU is on, and the ASID. @experimental */
export function regimeKey(privileged: boolean, mmuEnabled: boolean, asid: number): number {
  return mmuEnabled ? 0x20000 | (privileged ? 0x10000 : 0) | asid : 0;
}

/** The ASID in a bank's key. @experimental */
export const keyAsid = (key: number): number => key & 0xffff;
