import { fixedRegister, Ty } from '@qvm/jit';
import { Cr4 } from '../builder/control-registers.js';
import { Exit, SystemInfo, SystemOperation, VcpuRequest } from '../builder/exits.js';
import { Gpr, SegmentRegister, State } from '../builder/layout.js';
import { SEGMENT_BASE } from '../builder/register-files.js';
import { typeOf } from '../builder/x86.js';
import type { X86 } from '../builder/x86.js';
import type { InstructionInfo } from '../describe/instruction-info.js';
import type { MemoryOperand, Operand } from '../describe/operand.js';
import type { X86Row } from '../describe/row.js';
import { inst } from '../describe/row.js';
import { isNotCanonical } from './privilege.js';
import { system } from './system-row.js';

const PRIVILEGED = { privileged: true } as const;
const Op = SystemOperation;

/** The time-stamp counter to EDX:EAX. */
function readTime(b: X86, operation: SystemOperation, info: InstructionInfo): void {
  b.leaveIfState(State.timeTrap, Exit.System, b.operation(info, operation));
  b.callEngine(b.i32(VcpuRequest.Time));
  b.setFixed(Gpr.RAX, 2, b.stateAt(State.time, 4));
  b.setFixed(Gpr.RDX, 2, b.stateAt(State.time + 4, 4));
}

/** Control registers 0, 2, 3 and 4, which the state holds one after the other. */
const STORED_CONTROLS = 0b1_1101;

/** MOV from a control register; CR8, which is in the local APIC, and those that do not exist are left to the vCPU. */
function readControl(b: X86, to: Operand, info: InstructionInfo): void {
  b.leaveToVcpuIfWatched(info, Op.MovFromCr);
  const number = b.and(b.shr(b.as(info.systemInfo, Ty.i32), b.imm(SystemInfo.regShift)), b.imm(15));
  const elsewhere = b.eqz(b.and(b.shr(b.i32(STORED_CONTROLS), number), b.imm(1)));
  b.leaveToVcpuIf(elsewhere, info, Op.MovFromCr);
  const index = b.sub(number, b.ne(number, b.imm(0)));
  const value = b.loadAt(b.add(b.state(), b.shl(index, b.imm(3))), State.cr0, 8);
  b.write(to, b.as(b.isLong ? value : b.zx(value, 32), typeOf(to.size)));
}

/** RDFSBASE, RDGSBASE (SDM vol. 2), with CR4.FSGSBASE. */
function readBase(name: string, encoding: string, segment: SegmentRegister, operation: SystemOperation): X86Row {
  return inst('RDFSBASE', name, [encoding], { feature: 'fsgsbase' }, (b, [to], info) => {
    checkBases(b, info, operation);
    b.write(to, b.as(b.readReg(SEGMENT_BASE, fixedRegister(segment), Ty.i64), typeOf(to.size)));
  });
}

/** WRFSBASE, WRGSBASE, with a canonical address. */
function writeBase(name: string, encoding: string, segment: SegmentRegister, operation: SystemOperation): X86Row {
  return inst('WRFSBASE', name, [encoding], { feature: 'fsgsbase' }, (b, [from], info) => {
    checkBases(b, info, operation);
    const base = b.as(b.read(from), Ty.i64);
    if (from.size === 3) b.leaveToVcpuIf(isNotCanonical(b, base), info, operation);
    b.writeReg(SEGMENT_BASE, fixedRegister(segment), base);
  });
}

function checkBases(b: X86, info: InstructionInfo, operation: SystemOperation): void {
  b.leaveToVcpuIfWatched(info, operation);
  b.leaveToVcpuIf(b.eqz(b.and(b.stateAt(State.cr4, 4), b.imm(Cr4.FSGSBASE))), info, operation);
}

/** LFENCE, MFENCE, SFENCE: ModRM.rm is ignored. SFENCE is the oldest. */
const FENCES = Array.from({ length: 24 }, (_, i) => {
  const modRm = 0xe8 + i;
  return `NP 0F AE !${modRm.toString(16).toUpperCase()} @${modRm < 0xf8 ? 'sse2' : 'sse'}`;
});

/** System instructions (SDM vol. 1, 5.22), which the vCPU executes. @experimental */
export const systemRows: readonly X86Row[] = [
  system('IN', 'IN (imm8)', ['E4 AL,Ib', 'E5 eAX,Ib'], Op.InImmediate, { sizedBy: 0 }),
  system('IN', 'IN', ['EC AL,DX', 'ED eAX,DX'], Op.InDx, { sizedBy: 0 }),
  system('OUT', 'OUT (imm8)', ['E6 Ib,AL', 'E7 Ib,eAX'], Op.OutImmediate, { sizedBy: 1 }),
  system('OUT', 'OUT', ['EE DX,AL', 'EF DX,eAX'], Op.OutDx, { sizedBy: 1 }),
  system('INS', 'INS', ['6C bytes', '6D sz'], Op.Ins, { usesSegment: true, sizedBy: -1 }),
  system('OUTS', 'OUTS', ['6E bytes', '6F sz'], Op.Outs, { usesSegment: true, sizedBy: -1 }),
  system('CPUID', 'CPUID', ['0F A2'], Op.Cpuid),
  system('RDMSR', 'RDMSR', ['0F 32'], Op.Rdmsr, { ...PRIVILEGED, feature: 'msr' }),
  system('WRMSR', 'WRMSR', ['0F 30'], Op.Wrmsr, { ...PRIVILEGED, feature: 'msr' }),
  inst('RDTSC', 'RDTSC', ['0F 31'], { feature: 'tsc' }, (b, _, info) => readTime(b, Op.Rdtsc, info)),
  inst('RDTSCP', 'RDTSCP', ['0F 01 !F9'], { feature: 'rdtscp' }, (b, _, info) => {
    readTime(b, Op.Rdtscp, info);
    b.setFixed(Gpr.RCX, 2, b.stateAt(State.tscAux, 4));
  }),
  system('RDPMC', 'RDPMC', ['0F 33'], Op.Rdpmc),
  inst('MOV', 'MOV (from control register)', ['0F 20 Rq,Cq mod'], {}, (b, [to], info) => {
    b.requirePrivilege();
    readControl(b, to, info);
  }),
  system('MOV', 'MOV (to control register)', ['0F 22 Cq,Rq mod'], Op.MovToCr, PRIVILEGED),
  system('MOV', 'MOV (from debug register)', ['0F 21 Rq,Dq mod'], Op.MovFromDr, PRIVILEGED),
  system('MOV', 'MOV (to debug register)', ['0F 23 Dq,Rq mod'], Op.MovToDr, PRIVILEGED),
  system('LMSW', 'LMSW', ['0F 01 /6 Ew'], Op.Lmsw, PRIVILEGED),
  system('SMSW', 'SMSW', ['0F 01 /4 Ev'], Op.Smsw),
  system('CLTS', 'CLTS', ['0F 06'], Op.Clts, PRIVILEGED),
  system('LGDT', 'LGDT', ['0F 01 /2 M,sz'], Op.Lgdt, PRIVILEGED),
  system('LGDT', 'LIDT', ['0F 01 /3 M,sz'], Op.Lidt, PRIVILEGED),
  system('SGDT', 'SGDT', ['0F 01 /0 M,sz'], Op.Sgdt),
  system('SIDT', 'SIDT', ['0F 01 /1 M,sz'], Op.Sidt),
  system('LLDT', 'LLDT', ['0F 00 /2 Ew'], Op.Lldt, PRIVILEGED),
  system('LTR', 'LTR', ['0F 00 /3 Ew'], Op.Ltr, PRIVILEGED),
  system('SLDT', 'SLDT', ['0F 00 /0 Ev'], Op.Sldt),
  system('STR', 'STR', ['0F 00 /1 Ev'], Op.Str),
  system('VERR', 'VERR', ['0F 00 /4 Ew'], Op.Verr),
  system('VERR', 'VERW', ['0F 00 /5 Ew'], Op.Verw),
  system('LAR', 'LAR', ['0F 02 Gv,Ew'], Op.Lar),
  system('LSL', 'LSL', ['0F 03 Gv,Ew'], Op.Lsl),
  inst('INVLPG', 'INVLPG', ['0F 01 /7 M'], {}, (b, [m], info) => {
    b.requirePrivilege();
    const note = { offset: State.operandAddress, value: b.linearAddress(m as MemoryOperand) };
    b.leaveIf(b.stateAt(State.watched, 4), Exit.System, b.operation(info, Op.Invlpg), note);
    b.callEngine(b.i32(VcpuRequest.FlushPage), note);
    b.switchTo(b.nextPc());
  }),
  system('INVPCID', 'INVPCID', ['66 0F 38 82 Gq,M'], Op.Invpcid, { ...PRIVILEGED, feature: 'invpcid' }),
  system('INVD', 'INVD', ['0F 08'], Op.Invd, PRIVILEGED),
  system('WBINVD', 'WBINVD', ['0F 09'], Op.Wbinvd, PRIVILEGED),
  system('MOV', 'MOV (to segment register)', ['8E Sw,Ew'], Op.MovToSegment),
  system(
    'POP',
    'POP (segment register)',
    ['07 sz i64', '17 sz i64', '1F sz i64', '0F A1 sz d64', '0F A9 sz d64'],
    Op.PopSegment,
  ),
  system(
    'LDS',
    'LDS, LES, LSS, LFS, LGS',
    ['C5 Gv,M i64', 'C4 Gv,M i64', '0F B2 Gv,M', '0F B4 Gv,M', '0F B5 Gv,M'],
    Op.LoadFarPointer,
  ),
  system('ARPL', 'ARPL', ['63 Ew,Gw i64'], Op.Arpl),
  system('FXSAVE', 'FXSAVE', ['NP 0F AE /0 M,sz'], Op.Fxsave, { feature: 'fxsr' }),
  system('FXRSTOR', 'FXRSTOR', ['NP 0F AE /1 M,sz'], Op.Fxrstor, { feature: 'fxsr' }),
  system('XSAVE', 'XSAVE', ['NP 0F AE /4 M,sz'], Op.Xsave, { feature: 'xsave' }),
  system('XRSTOR', 'XRSTOR', ['NP 0F AE /5 M,sz'], Op.Xrstor, { feature: 'xsave' }),
  system('XSAVEOPT', 'XSAVEOPT', ['NP 0F AE /6 M,sz'], Op.Xsaveopt, { feature: 'xsaveopt' }),
  system('XSAVEC', 'XSAVEC', ['NP 0F C7 /4 M,sz'], Op.Xsavec, { feature: 'xsavec' }),
  system('XGETBV', 'XGETBV', ['NP 0F 01 !D0'], Op.Xgetbv, { feature: 'xsave' }),
  system('XSETBV', 'XSETBV', ['NP 0F 01 !D1'], Op.Xsetbv, { ...PRIVILEGED, feature: 'xsave' }),
  readBase('RDFSBASE', 'F3 0F AE /0 Ry o64', SegmentRegister.FS, Op.Rdfsbase),
  readBase('RDGSBASE', 'F3 0F AE /1 Ry o64', SegmentRegister.GS, Op.Rdgsbase),
  writeBase('WRFSBASE', 'F3 0F AE /2 Ry o64', SegmentRegister.FS, Op.Wrfsbase),
  writeBase('WRGSBASE', 'F3 0F AE /3 Ry o64', SegmentRegister.GS, Op.Wrgsbase),
  system('CLAC', 'CLAC', ['0F 01 !CA'], Op.Clac, { feature: 'smap' }),
  system('STAC', 'STAC', ['0F 01 !CB'], Op.Stac, { feature: 'smap' }),
  system('VMCALL', 'VMCALL', ['0F 01 !C1'], Op.Vmcall),
  system('VMMCALL', 'VMMCALL', ['0F 01 !D9'], Op.Vmmcall),
  // Changed code takes effect at the next instruction anyway.
  inst('SERIALIZE', 'SERIALIZE', ['NP 0F 01 !E8'], { feature: 'serialize' }, () => undefined),
  inst('LFENCE', 'LFENCE, MFENCE, SFENCE', FENCES, {}, () => undefined),
  inst('CLFLUSH', 'CLFLUSH', ['NP 0F AE /7 Mb'], { feature: 'clflush' }, (b, [m]) => void b.read(m)),
  inst('CLFLUSHOPT', 'CLFLUSHOPT', ['66 0F AE /7 Mb'], { feature: 'clflushopt' }, (b, [m]) => void b.read(m)),
  inst('CLWB', 'CLWB', ['66 0F AE /6 Mb'], { feature: 'clwb' }, (b, [m]) => void b.read(m)),
];
