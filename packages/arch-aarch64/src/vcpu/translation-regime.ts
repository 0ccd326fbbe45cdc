import type { SoftTlb } from '@qvm/engine';

const ENABLED = 0x2_0000;
/** EL1 while the MMU is on. All address spaces share it, because most of what is used there is the same in all. */
const PRIVILEGED = ENABLED | 0x1_0000;
const MMU_OFF = 0;

/** The translation regime of EL0 in an address space. */
const unprivileged = (asid: number): number => ENABLED | asid;

/**
 * The TLB bank of who accesses: one while the MMU is off, one for EL1, and one for EL0 with each ASID.
 *
 * @param keep - address of a bank that must stay.
 * @returns the bank's address.
 * @experimental
 */
export function selectBank(tlb: SoftTlb, privileged: boolean, mmuEnabled: boolean, asid: number, keep = -1): number {
  if (!mmuEnabled) return tlb.bank(MMU_OFF, 0, keep);
  return tlb.bank(privileged ? PRIVILEGED : unprivileged(asid), asid, keep);
}

/** Drops what belongs to one address space. @experimental */
export function flushAsid(tlb: SoftTlb, asid: number): void {
  tlb.flushRegime(unprivileged(asid));
  tlb.flushLocal(PRIVILEGED, asid);
}
