import { disassemble } from '@qvm/asm-x86_64';
import { CODE_MODES, LONGEST } from '@qvm/isa-x86_64';

const PAGE_BYTES = 4096;
/** Width of the bytes of most instructions. */
const COLUMNS = 16;

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/**
 * Formats an instruction for a listing: its bytes, and its assembly. Of one that continues on another page, the bytes
 * of this one are shown.
 *
 * @param code - its address in `memory`.
 * @param mode - number of the mode of its code (`CodeMode`).
 */
export function listingLine(memory: Uint8Array, code: number, address: bigint, mode: number): string {
  const pageEnd = code - (code % PAGE_BYTES) + PAGE_BYTES;
  const bytes = memory.subarray(code, Math.min(code + LONGEST, pageEnd));
  const found = disassemble(bytes, address, CODE_MODES[mode]?.bits ?? 64);
  if (found) return `${hex(bytes.subarray(0, found.length)).padEnd(COLUMNS)}  ${found.text}`;
  return `${hex(bytes).padEnd(COLUMNS)}  ${bytes.length < LONGEST ? '… (continues on the next page)' : '(bad)'}`;
}
