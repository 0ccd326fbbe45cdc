import type { Flow } from '../builder/back-end.js';
import type { Row } from '../describe/row.js';

/**
 * One decoded instruction of a region.
 *
 * @experimental
 */
export interface RegionInstruction<B> {
  /** Offset in bytes from the start of the region's page; outside of the page for code in other pages. */
  readonly offset: number;
  /** Length of the instruction in bytes. */
  readonly length: number;
  /** Effect of the instruction. */
  readonly row: Row<B>;
  /**
   * Values of its operands, in the order of `operandsOf`: the lower and the upper 32 bits of each. Instructions with the
   * same array have the same row, static choices and operands.
   */
  readonly operands: Int32Array;
  /** Number of the operand to which `offset` is added, because it counts from the instruction; −1 if there is none. */
  readonly placed: number;
  /** Values of its static choices, by their names. Instructions with the same object have the same row. */
  readonly statics: Readonly<Record<string, number>>;
  /** How it transfers control. */
  readonly flow: Flow;
  /** Distance of a direct branch in bytes, from the start of the instruction. */
  readonly distance: number;
}

/** Offset of the next instruction in memory. @internal */
export const nextOffset = ({ offset, length }: Pick<RegionInstruction<unknown>, 'offset' | 'length'>): number =>
  offset + length;

/** Offset of a direct branch's target. @internal */
export const targetOffset = ({ offset, distance }: Pick<RegionInstruction<unknown>, 'offset' | 'distance'>): number =>
  offset + distance;
