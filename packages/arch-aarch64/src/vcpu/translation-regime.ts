import type { SoftTlb } from '@qvm/engine';

const ENABLED = 0x2_0000;
/**
 * EL1 with the MMU on. All address spaces share this regime, because most mappings of EL1 are the same in all of them.
 */
const PRIVILEGED = ENABLED | 0x1_0000;
const MMU_OFF = 0;

/** The translation regime of EL0 in an address space. */
const unprivileged = (asid: number): number => ENABLED | asid;

/**
 * Selects the TLB bank of an access: one while the MMU is off, one for EL1, and one for EL0 with each ASID.
 *
 * @param keep - address of a bank that must not be reused.
 * @returns the bank's address.
 * @experimental
 */
export function selectBank(tlb: SoftTlb, privileged: boolean, mmuEnabled: boolean, asid: number, keep = -1): number {
  if (!mmuEnabled) return tlb.bank(MMU_OFF, 0, keep);
  return tlb.bank(privileged ? PRIVILEGED : unprivileged(asid), asid, keep);
}

/** Drops the entries of one address space. @experimental */
export function flushAsid(tlb: SoftTlb, asid: number): void {
  tlb.flushRegime(unprivileged(asid));
  tlb.flushLocal(PRIVILEGED, asid);
}
