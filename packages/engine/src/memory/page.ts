import { PAGE_BITS } from '@qvm/jit';

/** Bytes of a page in the code cache and the software TLB. @experimental */
export const PAGE_BYTES = 1 << PAGE_BITS;

/** First address of the page of a guest-physical address, faster than with a floating-point remainder. @experimental */
export const pageOf = (physical: number): number => physical - ((physical >>> 0) & (PAGE_BYTES - 1));
