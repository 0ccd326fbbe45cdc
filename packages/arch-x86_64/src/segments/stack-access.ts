import { Gpr, SegmentRegister, x86Tables } from '@qvm/isa-x86_64';
import type { InstructionParts } from '@qvm/isa-x86_64';
import type { X86State } from '../state/x86-state.js';
import { fromWords } from '../system/linear-memory.js';

/** Instructions that push or pop. */
const STACK_ROWS: ReadonlySet<string> = new Set(
  [...x86Tables.stack, ...x86Tables.control].map(({ name }) => name).filter((name) => !/^J|^LOOP|^NOP/.test(name)),
);
/** More than an instruction pushes or pops next to RSP. */
const NEAR = 64;

/**
 * Whether an access of an instruction in 64-bit mode is to the stack: an address that is not canonical is #SS then, not #GP
 * (SDM vol. 1, 3.3.7.1).
 *
 * @param lo - of the linear address, with `hi`.
 * @experimental
 */
export function isStackAccess(
  { row, address }: InstructionParts,
  state: X86State,
  { lo, hi }: { readonly lo: number; readonly hi: number },
): boolean {
  if (address?.segmentRegister === Number(SegmentRegister.SS)) return true;
  if (!STACK_ROWS.has(row.name)) return false;
  const distance = fromWords(lo, hi) - Number(BigInt.asIntN(64, state.gpr(Gpr.RSP)));
  return address === undefined || Math.abs(distance) < NEAR;
}
