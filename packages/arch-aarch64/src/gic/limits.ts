/** INTIDs 0–15 are SGIs, 16–31 PPIs: each vCPU has its own (Arm IHI 0069, 2.2). */
export const PRIVATE_INTERRUPTS = 32;
export const FIRST_PPI = 16;
/** Shared interrupts, INTIDs 32–287: the number that QEMU's `virt` board has. */
export const SHARED_INTERRUPTS = 256;
export const INTERRUPTS = PRIVATE_INTERRUPTS + SHARED_INTERRUPTS;
/** 32-bit words that hold one bit for each shared interrupt. */
export const SHARED_WORDS = SHARED_INTERRUPTS / 32;
/** Value of an acknowledge register when there is nothing to acknowledge (IHI 0069, 2.2). */
export const SPURIOUS = 1023;

/**
 * Implemented bits of a priority, from the top: five, like the Cortex-A57 (its TRM, ICC_CTLR_EL1.PRIbits). With five
 * bits, one active-priorities register for each group is enough, so ICC_AP0R1–3 and ICC_AP1R1–3 do not exist.
 */
export const PRIORITY_BITS = 5;
export const PRIORITY_SHIFT = 8 - PRIORITY_BITS;
export const PRIORITY_MASK = (0xff << PRIORITY_SHIFT) & 0xff;
/** Running priority while nothing is active. */
export const IDLE_PRIORITY = 0xff;

export const DISTRIBUTOR_SIZE = 0x1_0000;
/** Size in bytes of each of the frames RD_base and SGI_base. */
export const REDISTRIBUTOR_FRAME = 0x1_0000;
export const REDISTRIBUTOR_SIZE = 2 * REDISTRIBUTOR_FRAME;
/** Room between the redistributors' base and the UART, as on QEMU's `virt` board. */
export const REDISTRIBUTORS_SIZE = 0xf6_0000;
export const MAXIMUM_VCPUS = REDISTRIBUTORS_SIZE / REDISTRIBUTOR_SIZE;
