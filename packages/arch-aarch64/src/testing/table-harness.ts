import { dataProcessingRegisterRows } from '../instructions/data-processing-register.js';
import type { A64Row } from '../instructions/row.js';
import { InstructionHarness } from './instruction-harness.js';

/** A harness for the programs of one table: its rows, and those that set the flags before the instruction under test. */
export function harnessForTable(rows: readonly A64Row[]): InstructionHarness {
  return new InstructionHarness([...new Set([...rows, ...dataProcessingRegisterRows])]);
}
