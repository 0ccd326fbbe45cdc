import type { Flow } from '../builder/back-end.js';
import type { Row } from '../describe/row.js';

/**
 * One decoded instruction of a region.
 *
 * @experimental
 */
export interface RegionInstruction<B> {
  /** Bytes from the start of the region's page; beyond it for code of other pages. */
  readonly offset: number;
  /** Bytes of the instruction. */
  readonly length: number;
  readonly row: Row<B>;
  /** Values of its operands, in the order of `operandsOf`. */
  readonly operands: readonly (number | bigint)[];
  /** Values of its static choices, by their names. */
  readonly statics: Readonly<Record<string, number>>;
  readonly flow: Flow;
  /** Distance of a direct branch in bytes, from the start of the instruction. */
  readonly distance: number;
}

/** Offset of the instruction that follows in memory. @internal */
export const nextOffset = ({ offset, length }: Pick<RegionInstruction<unknown>, 'offset' | 'length'>): number =>
  offset + length;

/** Offset that a direct branch goes to. @internal */
export const targetOffset = ({ offset, distance }: Pick<RegionInstruction<unknown>, 'offset' | 'distance'>): number =>
  offset + distance;
