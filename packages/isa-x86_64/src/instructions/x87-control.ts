import { Ty } from '@qvm/jit';
import { Exit, SystemOperation } from '../builder/exits.js';
import { Gpr, State } from '../builder/layout.js';
import type { X86 } from '../builder/x86.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import {
  C1,
  ST0,
  TOP_MASK,
  namedRegister,
  resetUnit,
  statusWord,
  tagBit,
  x87,
  x87Control,
  x87NoWait,
} from './x87-common.js';
import type { StackRegister } from './x87-common.js';

/** Bit 6 of FCW, which is reserved, is 1; bits 15–13 are 0 (SDM vol. 1, 8.1.5). */
const CONTROL_FIXED = 0x40;
const CONTROL_BITS = 0x1f3f;
/** Exceptions, ES and B: what FNCLEX clears. */
const EXCEPTIONS = 0x80ff;
const MASKS = 0x3f;
/** ES and B. */
const SUMMARY = 0x8080;
const TOP_SHIFT = 11;

/** Moves the top of the stack; tags stay. */
function turn(b: X86, by: number): void {
  const status = b.and(statusWord(b), b.imm(~C1));
  const top = b.and(b.add(status, b.i32(by * (1 << TOP_SHIFT))), b.imm(TOP_MASK));
  b.setState(State.fsw, b.or(b.and(status, b.imm(~TOP_MASK)), top));
}

/** Makes registers empty. */
function release(b: X86, ...registers: readonly StackRegister[]): void {
  const bits = registers.map((register) => tagBit(b, register)).reduce((all, bit) => b.or(all, bit));
  b.setState(State.ftw, b.and(b.stateAt(State.ftw, 4), b.not(bits)));
}

/** Control instructions of x87 (SDM vol. 1, 8.3.8); those that save its state are in a table of their own. @experimental */
export const x87ControlRows: readonly X86Row[] = [
  // FWAIT also depends on CR0.MP, so the vCPU executes it if there may be an exception.
  inst('WAIT', 'FWAIT', ['9B'], {}, (b, _, { systemInfo }) => {
    const pending = b.or(b.stateAt(State.x87Trap, 4), b.and(statusWord(b), b.imm(SUMMARY)));
    b.leaveIf(pending, Exit.System, b.or(b.as(systemInfo, Ty.i32), b.imm(SystemOperation.Fwait)));
  }),
  x87('FNOP', ['D9 !D0'], () => undefined),
  x87NoWait('FNENI, FNDISI, FNSETPM', ['DB !E0', 'DB !E1', 'DB !E4'], () => undefined),
  x87NoWait('FNINIT', ['DB !E3'], (b) => resetUnit(b)),
  x87NoWait('FNCLEX', ['DB !E2'], (b) => {
    b.setState(State.fsw, b.and(statusWord(b), b.imm(~EXCEPTIONS)));
  }),
  x87NoWait('FNSTSW', ['DD /7 Mw'], (b, [target]) => b.write(target, statusWord(b))),
  x87NoWait('FNSTSW AX', ['DF !E0'], (b) => b.setFixed(Gpr.RAX, 1, b.and(statusWord(b), b.imm(0xffff)))),
  x87NoWait('FNSTCW', ['D9 /7 Mw'], (b, [target]) => b.write(target, b.stateAt(State.fcw, 4))),
  x87Control('FLDCW', ['D9 /5 Mw'], (b, [source]) => {
    const control = b.or(b.and(b.read(source), b.imm(CONTROL_BITS)), b.imm(CONTROL_FIXED));
    b.setState(State.fcw, control);
    // Exceptions that it unmasks become pending.
    const unmasked = b.and(b.and(statusWord(b), b.not(control)), b.imm(MASKS));
    const summary = b.select(unmasked, b.i32(SUMMARY), b.i32(0));
    b.setState(State.fsw, b.or(b.and(statusWord(b), b.imm(~SUMMARY)), summary));
  }),
  x87('FFREE', ['DD /0 Nq'], (b, _, info) => {
    release(b, namedRegister(b, info));
    b.setState(State.fsw, b.and(statusWord(b), b.imm(~C1)));
  }),
  // Not in the manual, but processors have it.
  x87('FFREEP', ['DF /0 Nq'], (b, _, info) => {
    release(b, namedRegister(b, info), ST0);
    turn(b, 1);
  }),
  x87('FDECSTP', ['D9 !F6'], (b) => turn(b, -1)),
  x87('FINCSTP', ['D9 !F7'], (b) => turn(b, 1)),
];
