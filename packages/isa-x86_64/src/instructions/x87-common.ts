import { Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Exit, SystemInfo, Vector } from '../builder/exits.js';
import { State } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { InstructionInfo, Operands, X86Row } from '../describe/row.js';

/** FSW.ES: an unmasked exception is pending. */
const ERROR_SUMMARY = 0x80;

/** FSW. @internal */
export const statusWord = (b: X86): V => b.stateAt(State.fsw, 4);

/** Number of the register ST(i) that an instruction names in ModRM.rm. @internal */
export const namedRegister = (b: X86, { systemInfo }: InstructionInfo): V =>
  b.and(b.shr(b.as(systemInfo, Ty.i32), b.imm(SystemInfo.rmShift)), b.imm(7));

/** A row that waits for pending exceptions: they are raised before it. @internal */
export function x87(name: string, encodings: readonly string[], semantics: Semantics): X86Row {
  return inst(name, name, encodings, {}, (b, operands, info) => {
    const trap = b.stateAt(State.x87Trap, 4);
    const pending = b.and(statusWord(b), b.imm(ERROR_SUMMARY));
    b.leaveIf(b.or(trap, pending), Exit.Exception, b.select(trap, trap, b.i32(Vector.MF)));
    semantics(b, operands, info);
  });
}

/** A row that does not wait for pending exceptions. @internal */
export function x87NoWait(name: string, encodings: readonly string[], semantics: Semantics): X86Row {
  return inst(name, name, encodings, {}, (b, operands, info) => {
    b.raiseIf(b.eq(b.stateAt(State.x87Trap, 4), b.imm(Vector.NM)), Vector.NM);
    semantics(b, operands, info);
  });
}

/** What an x87 instruction does. @internal */
export type Semantics = (b: X86, operands: Operands, info: InstructionInfo) => void;
