import { LONG_MODE, FLAT_32, SEGMENTED_16, SEGMENTED_32 } from '../decode/mode.js';
import type { X86Row } from '../describe/row.js';
import { FREQUENT, isRare } from './frequent.js';
import { rowsIn, x86Rows } from './index.js';

const rowIn = (name: string, mode: typeof LONG_MODE): X86Row =>
  rowsIn(x86Rows, mode).find((row) => row.name === name) as X86Row;

/** The first form of a row with an operand size, log2 of bytes. */
const formOf = (row: X86Row, size: number): number => row.forms.findIndex((form) => form.size === size);

describe('frequent instructions', () => {
  it('are rows of the tables', () => {
    const names = new Set(x86Rows.map(({ name }) => name));
    expect([...FREQUENT].filter((name) => !names.has(name))).toEqual([]);
  });

  it('have operands of 16 bits only in code of 16 bits', () => {
    const rare = (mode: typeof LONG_MODE, size: number): boolean => {
      const row = rowIn('MOV', mode);
      expect(formOf(row, size)).toBeGreaterThanOrEqual(0);
      return isRare(row, { form: formOf(row, size) }, mode);
    };
    expect([rare(LONG_MODE, 1), rare(FLAT_32, 1), rare(SEGMENTED_32, 1), rare(SEGMENTED_16, 1)]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    expect([rare(LONG_MODE, 0), rare(LONG_MODE, 2), rare(LONG_MODE, 3), rare(FLAT_32, 2)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('name no segment in flat code', () => {
    const rare = (mode: typeof LONG_MODE): boolean => {
      const row = rowIn('ADD', mode);
      return isRare(row, { form: formOf(row, 2), segmented: 1 }, mode);
    };
    expect([rare(FLAT_32), rare(SEGMENTED_32)]).toEqual([true, false]);
  });

  it('are no system, vector or x87 instructions', () => {
    for (const name of ['RDTSC', 'PXOR', 'FLDZ', 'IN'])
      expect([name, isRare(rowIn(name, LONG_MODE), { form: 0 }, LONG_MODE)]).toEqual([name, true]);
  });
});
