import type { Engine } from '@qvm/core/architecture';
import { dataProcessingRegisterRows, loadStoreRows } from '@qvm/isa-aarch64';
import type { A64Row } from '@qvm/isa-aarch64';
import { InstructionHarness } from './instruction-harness.js';

/** Instructions that programs use besides the one under test: flag setters, and a plain store. */
const SUPPORT = [
  ...dataProcessingRegisterRows.filter(({ name }) => name.startsWith('ADD, ADDS, SUB, SUBS (shifted')),
  ...loadStoreRows.filter(({ name }) => name.includes('unsigned offset')),
];

/** A harness for the programs of one table: its rows, and the supporting instructions. */
export function harnessForTable(rows: readonly A64Row[], engine: Engine = 'interp'): InstructionHarness {
  return new InstructionHarness([...new Set([...rows, ...SUPPORT])], engine);
}
