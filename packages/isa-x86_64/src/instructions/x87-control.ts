import { Ty } from '@qvm/jit';
import { Exit, SystemOperation } from '../builder/exits.js';
import { Gpr, State } from '../builder/layout.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import { namedRegister, statusWord, x87, x87NoWait } from './x87-common.js';

/** FCW after FNINIT. */
const CONTROL_AFTER_INIT = 0x37f;
/** Bit 6 of FCW, which is reserved, is 1; bits 15–13 are 0 (SDM vol. 1, 8.1.5). */
const CONTROL_FIXED = 0x40;
const CONTROL_BITS = 0x1f3f;
/** Exceptions, ES and B: what FNCLEX clears. */
const EXCEPTIONS = 0x80ff;
const MASKS = 0x3f;
/** ES and B. */
const SUMMARY = 0x8080;
const TOP_SHIFT = 11;
const TOP_MASK = 0x3800;
const C1 = 0x200;

/** FINCSTP, FDECSTP: the tags stay. */
const rotate = (name: string, encoding: string, by: number): X86Row =>
  x87(name, [encoding], (b) => {
    const status = b.and(statusWord(b), b.imm(~C1));
    const top = b.and(b.add(status, b.i32(by * (1 << TOP_SHIFT))), b.imm(TOP_MASK));
    b.setState(State.fsw, b.or(b.and(status, b.imm(~TOP_MASK)), top));
  });

/** Control instructions of x87 (SDM vol. 1, 8.3.8), without those that save its state in memory. @experimental */
export const x87ControlRows: readonly X86Row[] = [
  // FWAIT also depends on CR0.MP, so the vCPU executes it if there may be an exception.
  inst('WAIT', 'FWAIT', ['9B'], {}, (b, _, { systemInfo }) => {
    const pending = b.or(b.stateAt(State.x87Trap, 4), b.and(statusWord(b), b.imm(SUMMARY)));
    b.leaveIf(pending, Exit.System, b.or(b.as(systemInfo, Ty.i32), b.imm(SystemOperation.Fwait)));
  }),
  x87('FNOP', ['D9 !D0'], () => undefined),
  x87NoWait('FNENI, FNDISI, FNSETPM', ['DB !E0', 'DB !E1', 'DB !E4'], () => undefined),
  x87NoWait('FNINIT', ['DB !E3'], (b) => {
    b.setState(State.fcw, b.i32(CONTROL_AFTER_INIT));
    for (const field of [State.fsw, State.ftw, State.fop, State.x87Trap]) b.setState(field, b.i32(0));
    for (const field of [State.fip, State.fdp]) b.setState(field, b.i64(0));
  }),
  x87NoWait('FNCLEX', ['DB !E2'], (b) => {
    b.setState(State.fsw, b.and(statusWord(b), b.imm(~EXCEPTIONS)));
    b.setState(State.x87Trap, b.i32(0));
  }),
  x87NoWait('FNSTSW', ['DD /7 Mw'], (b, [target]) => b.write(target, statusWord(b))),
  x87NoWait('FNSTSW AX', ['DF !E0'], (b) => b.setFixed(Gpr.RAX, 1, b.and(statusWord(b), b.imm(0xffff)))),
  x87NoWait('FNSTCW', ['D9 /7 Mw'], (b, [target]) => b.write(target, b.stateAt(State.fcw, 4))),
  x87('FLDCW', ['D9 /5 Mw'], (b, [source]) => {
    const control = b.or(b.and(b.read(source), b.imm(CONTROL_BITS)), b.imm(CONTROL_FIXED));
    b.setState(State.fcw, control);
    // Exceptions that it unmasks become pending.
    const unmasked = b.and(b.and(statusWord(b), b.not(control)), b.imm(MASKS));
    const summary = b.select(unmasked, b.i32(SUMMARY), b.i32(0));
    b.setState(State.fsw, b.or(b.and(statusWord(b), b.imm(~SUMMARY)), summary));
  }),
  x87('FFREE', ['DD /0 Nq'], (b, _, info) => {
    const number = b.add(b.shr(statusWord(b), b.imm(TOP_SHIFT)), namedRegister(b, info).number);
    const bit = b.shl(b.i32(1), b.and(number, b.imm(7)));
    b.setState(State.ftw, b.and(b.stateAt(State.ftw, 4), b.not(bit)));
    b.setState(State.fsw, b.and(statusWord(b), b.imm(~C1)));
  }),
  rotate('FDECSTP', 'D9 !F6', -1),
  rotate('FINCSTP', 'D9 !F7', 1),
];
