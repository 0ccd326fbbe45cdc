/**
 * CTR_EL0: 64-byte lines, physically tagged, and neither data nor instruction cache needs maintenance for coherence (IDC, DIC).
 *
 * @experimental
 */
export const CTR_EL0 = 0xb444_c004n;

/** DCZID_EL0.BS: DC ZVA clears 64 bytes. @experimental */
export const DCZID_BLOCK = 4n;
