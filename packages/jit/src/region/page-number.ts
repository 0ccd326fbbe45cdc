import { PAGE_BITS } from '../builder/layout.js';

/** Number of the page of an offset, from the region's. @internal */
export const pageNumber = (offset: number): number => offset >> PAGE_BITS;
