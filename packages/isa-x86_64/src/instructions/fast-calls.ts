import { fixedRegister, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { SystemOperation as Op } from '../builder/exits.js';
import { Efer } from '../builder/control-registers.js';
import { Gpr, SegmentRegister, State } from '../builder/layout.js';
import { SEGMENT_BASE } from '../builder/register-files.js';
import { Flag, WRITABLE_FLAGS } from '../builder/rflags.js';
import { FLAT_CODE_64, FLAT_DATA } from '../builder/segment-attributes.js';
import type { X86 } from '../builder/x86.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import { inst } from '../describe/row.js';
import type { X86Row } from '../describe/row.js';
import {
  anyFlag,
  enterLevel,
  isNotCanonical,
  letsInterruptIn,
  restrictsTime,
  setSegment,
  withLevel,
} from './privilege.js';
import { pushedFlags, setFlagsRegister } from './rflags.js';
import { system } from './system-row.js';

const SELECTOR_MASK = 0xfffc;
const WIDE = 3;

/** Loads CS and SS with the flat segments of a privilege level, 0 or 3, from the selector of CS without RPL. */
function enter(b: X86, level: 0 | 3, code: V, stack: V, rflags: V): void {
  const selector = (v: V): V => b.or(b.and(v, b.imm(SELECTOR_MASK)), b.imm(level));
  const attributes = (of: number): V => withLevel(b, of, b.i32(level));
  setFlagsRegister(b, rflags);
  enterLevel(b, b.i32(level === 0 ? 0 : 1), rflags);
  setSegment(b, SegmentRegister.CS, { selector: selector(code), attributes: attributes(FLAT_CODE_64) });
  setSegment(b, SegmentRegister.SS, { selector: selector(stack), attributes: attributes(FLAT_DATA) });
}

/** Whether SYSCALL and SYSRET are switched off, or do more than the following: an i32. */
function isUnusual(b: X86): V {
  const off = b.eqz(b.and(b.stateAt(State.efer, 4), b.imm(Efer.SCE)));
  return b.or(b.or(off, restrictsTime(b)), anyFlag(b, b.stateAt(State.eflags, 4), Flag.TF | Flag.AC));
}

/** SYSCALL (SDM vol. 2), but for single steps, and programs that check alignment. */
function syscall(b: X86, info: InstructionInfo): void {
  b.leaveToVcpuIfWatched(info, Op.Syscall);
  b.leaveToVcpuIf(isUnusual(b), info, Op.Syscall);
  const rflags = pushedFlags(b);
  const code = b.stateAt(State.star + 4, 4);
  b.setFixed(Gpr.RCX, WIDE, b.nextIp());
  b.setFixed(Gpr.R11, 2, rflags);
  enter(
    b,
    0,
    code,
    b.add(b.and(code, b.imm(SELECTOR_MASK)), b.imm(8)),
    b.and(rflags, b.not(b.stateAt(State.fmask, 4))),
  );
  b.switchTo(b.stateAt(State.lstar, 8));
}

/** SYSRET to 64-bit code (SDM vol. 2). */
function sysret(b: X86, info: InstructionInfo): void {
  b.leaveToVcpuIfWatched(info, Op.Sysret);
  const target = b.fixed(Gpr.RCX, WIDE);
  const rflags = b.and(b.fixed(Gpr.R11, 2), b.imm(WRITABLE_FLAGS & ~(Flag.RF | Flag.VM)));
  const unusual = b.or(isUnusual(b), anyFlag(b, rflags, Flag.TF | Flag.AC));
  b.leaveToVcpuIf(b.or(b.or(unusual, isNotCanonical(b, target)), letsInterruptIn(b, rflags)), info, Op.Sysret);
  const base = b.shr(b.stateAt(State.star + 4, 4), b.imm(16));
  enter(b, 3, b.add(base, b.imm(16)), b.add(base, b.imm(8)), rflags);
  b.switchTo(target);
}

/** SWAPGS (SDM vol. 2). */
function swapgs(b: X86, info: InstructionInfo): void {
  const gs = fixedRegister(SegmentRegister.GS);
  b.leaveToVcpuIfWatched(info, Op.Swapgs);
  const base = b.readReg(SEGMENT_BASE, gs, Ty.i64);
  b.writeReg(SEGMENT_BASE, gs, b.stateAt(State.kernelGsBase, 8));
  b.setState(State.kernelGsBase, base);
}

/**
 * The fast system calls (SDM vol. 1, 5.22). Those of 64-bit code are executed by generated code unless something is unusual.
 *
 * @experimental
 */
export const fastCallRows: readonly X86Row[] = [
  inst('SYSCALL', 'SYSCALL', ['0F 05'], { feature: 'syscall' }, (b, _, info) => {
    if (b.isLong) syscall(b, info);
    else b.leaveToVcpu(info, Op.Syscall);
  }),
  inst('SYSRET', 'SYSRET', ['0F 07 sz'], { feature: 'syscall' }, (b, _, info) => {
    b.requirePrivilege();
    if (b.isLong && info.size === WIDE) sysret(b, info);
    else b.leaveToVcpu(info, Op.Sysret);
  }),
  inst('SWAPGS', 'SWAPGS', ['0F 01 !F8 o64'], {}, (b, _, info) => {
    b.requirePrivilege();
    swapgs(b, info);
  }),
  system('SYSENTER', 'SYSENTER', ['0F 34'], Op.Sysenter, { feature: 'sep' }),
  system('SYSEXIT', 'SYSEXIT', ['0F 35 sz'], Op.Sysexit, { privileged: true, feature: 'sep' }),
];
