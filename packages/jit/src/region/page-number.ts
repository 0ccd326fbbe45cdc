import { PAGE_BITS } from '../builder/layout.js';

/** Number of the page of an offset, relative to the region's page. @internal */
export const pageNumber = (offset: number): number => offset >> PAGE_BITS;
