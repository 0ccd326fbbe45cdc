import type { DecoderMode } from '../decode/mode.js';
import type { X86Row } from '../describe/row.js';

/**
 * Rows that make 98 of 100 instructions that are interpreted in a boot of Debian amd64. Measured in docs/decisions/0036.
 *
 * @internal
 */
export const FREQUENT: ReadonlySet<string> = new Set([
  ...['ADD', 'AND', 'CMOVcc', 'CMP', 'DEC', 'IMUL (two operands)', 'INC', 'LEA', 'MOV', 'MOVSX, MOVSXD', 'MOVZX'],
  ...['NOP', 'NOP (one byte)', 'NOT', 'OR', 'POP', 'PUSH', 'SAR', 'SETcc', 'SHL', 'SHR', 'SUB', 'TEST', 'XOR'],
  ...['CALL', 'CALL (indirect)', 'Jcc', 'JMP', 'RET'],
]);
/** log2 of the bytes of operands that only code of 16 bits uses much. */
const WORD = 1;

/**
 * Whether an instruction is rarely executed by code of a mode: for `InterpreterDescription.isRare`.
 *
 * @experimental
 */
export function isRare(
  { name, forms }: X86Row,
  { form = 0, segmented = 0 }: Readonly<Record<string, number>>,
  { bits, flat }: DecoderMode,
): boolean {
  if (!FREQUENT.has(name)) return true;
  if (bits !== 16 && forms[form]?.size === WORD) return true;
  // Flat code has whole segments, and names FS and GS seldom.
  return flat && segmented === 1;
}
