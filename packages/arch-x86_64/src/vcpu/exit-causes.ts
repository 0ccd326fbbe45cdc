import { SystemOperation as Op, Vector } from '@qvm/isa-x86_64';
import type { X86ExitCause, X86TrapKind } from '../hook-kinds.js';

/** Operations by the cause of their exits. */
const OPERATIONS: Readonly<Partial<Record<X86ExitCause, readonly Op[]>>> = {
  cpuid: [Op.Cpuid],
  msr: [Op.Rdmsr, Op.Wrmsr],
  time: [Op.Rdtsc, Op.Rdtscp, Op.Rdpmc],
  controlRegister: [
    ...[Op.MovFromCr, Op.MovToCr, Op.MovFromDr, Op.MovToDr, Op.Lmsw, Op.Smsw, Op.Clts],
    ...[Op.Rdfsbase, Op.Rdgsbase, Op.Wrfsbase, Op.Wrgsbase],
  ],
  descriptorTable: [Op.Lgdt, Op.Lidt, Op.Sgdt, Op.Sidt, Op.Lldt, Op.Ltr, Op.Sldt, Op.Str],
  segment: [...[Op.Lar, Op.Lsl, Op.Verr, Op.Verw, Op.Arpl], ...[Op.MovToSegment, Op.PopSegment, Op.LoadFarPointer]],
  farTransfer: [Op.RetFar, Op.CallFarMemory, Op.JmpFarMemory, Op.CallFarImmediate, Op.JmpFarImmediate],
  interruptReturn: [Op.Iret],
  tlb: [Op.Invlpg, Op.Invpcid, Op.Invd, Op.Wbinvd],
  systemCall: [Op.Syscall, Op.Sysret, Op.Sysenter, Op.Sysexit, Op.Swapgs],
  softwareInterrupt: [Op.Int, Op.Int3, Op.Into, Op.Int1],
  flags: [Op.Popf, Op.Cli, Op.Sti, Op.Clac, Op.Stac],
  context: [Op.Fxsave, Op.Fxrstor, Op.Fwait, Op.Xsave, Op.Xsaveopt, Op.Xsavec, Op.Xrstor, Op.Xgetbv, Op.Xsetbv],
  hypercall: [Op.Vmcall, Op.Vmmcall],
};

const CAUSES = new Map<Op, X86ExitCause>(
  (Object.keys(OPERATIONS) as X86ExitCause[]).flatMap((cause) =>
    (OPERATIONS[cause] ?? []).map((operation) => [operation, cause] as const),
  ),
);

const PORT_OPERATIONS: readonly Op[] = [Op.InImmediate, Op.InDx, Op.OutImmediate, Op.OutDx, Op.Ins, Op.Outs];

/**
 * The cause of the exit for an instruction that the vCPU executes; undefined for accesses to ports, whose devices make
 * exits of their own.
 *
 * @experimental
 */
export function exitCauseOf(operation: Op): X86ExitCause | undefined {
  return PORT_OPERATIONS.includes(operation) ? undefined : (CAUSES.get(operation) ?? 'otherInstruction');
}

/**
 * Reasons of exits as a hypervisor on hardware would read them: basic exit reasons of VMX (SDM vol. 3, appendix C).
 *
 * @experimental
 */
export enum ExitReason {
  Init = 3,
  Cpuid = 10,
  Hlt = 12,
  Invd = 13,
  Invlpg = 14,
  Rdpmc = 15,
  Rdtsc = 16,
  Vmcall = 18,
  ControlRegister = 28,
  DebugRegister = 29,
  Io = 30,
  Rdmsr = 31,
  Wrmsr = 32,
  DescriptorTableRegister = 46,
  LdtrOrTr = 47,
  EptViolation = 48,
  Rdtscp = 51,
  Wbinvd = 54,
  Xsetbv = 55,
  Invpcid = 58,
  /** Hardware executes the instruction itself: there is no such exit. */
  None = 0xffff,
}

const REASONS: ReadonlyMap<Op, ExitReason> = new Map<Op, ExitReason>([
  ...[Op.MovFromCr, Op.MovToCr, Op.Lmsw, Op.Smsw, Op.Clts].map((op) => [op, ExitReason.ControlRegister] as const),
  ...[Op.MovFromDr, Op.MovToDr].map((op) => [op, ExitReason.DebugRegister] as const),
  ...[Op.Lgdt, Op.Lidt, Op.Sgdt, Op.Sidt].map((op) => [op, ExitReason.DescriptorTableRegister] as const),
  ...[Op.Lldt, Op.Ltr, Op.Sldt, Op.Str].map((op) => [op, ExitReason.LdtrOrTr] as const),
  ...[Op.Vmcall, Op.Vmmcall].map((op) => [op, ExitReason.Vmcall] as const),
  [Op.Cpuid, ExitReason.Cpuid],
  [Op.Invd, ExitReason.Invd],
  [Op.Wbinvd, ExitReason.Wbinvd],
  [Op.Invlpg, ExitReason.Invlpg],
  [Op.Invpcid, ExitReason.Invpcid],
  [Op.Rdmsr, ExitReason.Rdmsr],
  [Op.Wrmsr, ExitReason.Wrmsr],
  [Op.Rdtsc, ExitReason.Rdtsc],
  [Op.Rdtscp, ExitReason.Rdtscp],
  [Op.Rdpmc, ExitReason.Rdpmc],
  [Op.Xsetbv, ExitReason.Xsetbv],
]);

/** The reason of the exit for an instruction that the vCPU executes. @experimental */
export const exitReasonOf = (operation: Op): ExitReason => REASONS.get(operation) ?? ExitReason.None;

/** Bit of the reason of an exit that is an exception: vector and error code are in the others. @experimental */
export const EXCEPTION_REASON = 0x8000_0000;

/** The kind of trap of an operation, whose hook is called before it is executed. @experimental */
export const TRAP_OF_OPERATION: ReadonlyMap<Op, X86TrapKind> = new Map<Op, X86TrapKind>([
  [Op.Cpuid, 'cpuid'],
  [Op.Rdmsr, 'rdmsr'],
  [Op.Wrmsr, 'wrmsr'],
  [Op.Int, 'softwareInterrupt'],
  [Op.Int3, 'breakpoint'],
  [Op.Syscall, 'systemCall'],
  [Op.Sysenter, 'systemCall'],
  [Op.Vmcall, 'vmcall'],
  [Op.Vmmcall, 'vmcall'],
]);

/** The kind of trap of an exception; page faults and double faults have none. @experimental */
export const TRAP_OF_VECTOR: Readonly<Partial<Record<Vector, X86TrapKind>>> = {
  [Vector.DE]: 'divideError',
  [Vector.DB]: 'debug',
  [Vector.OF]: 'overflow',
  [Vector.BR]: 'boundRange',
  [Vector.UD]: 'invalidOpcode',
  [Vector.NM]: 'deviceNotAvailable',
  [Vector.TS]: 'invalidTss',
  [Vector.NP]: 'segmentNotPresent',
  [Vector.SS]: 'stackFault',
  [Vector.GP]: 'generalProtection',
  [Vector.MF]: 'x87Error',
  [Vector.AC]: 'alignmentCheck',
  [Vector.XM]: 'simdError',
};
