import { rowMaker } from '@qvm/jit';
import type { PatternRow, RowMaker } from '@qvm/jit';
import type { A64 } from '../builder/a64.js';

/** A row of the A64 tables. @experimental */
export type A64Row = PatternRow<A64>;

/** Makes a row of the A64 tables. Sections are those of the Arm ARM, DDI 0487. @experimental */
export const inst: RowMaker<A64> = rowMaker<A64>(32);

/** The rows of FP and SIMD tables: each first checks whether access is trapped. @experimental */
export function withFpCheck(rows: readonly A64Row[]): readonly A64Row[] {
  return rows.map((row) => ({
    ...row,
    semantics: (b: A64, args: never) => {
      b.checkFp();
      row.semantics(b, args);
    },
  }));
}

/** The low `bits` bits of `value` as a signed number. @experimental */
export const signed = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);
