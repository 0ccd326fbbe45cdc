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
  segment: [
    ...[Op.Lar, Op.Lsl, Op.Verr, Op.Verw, Op.Arpl],
    ...[Op.MovToSegment, Op.PopSegment, Op.PushSegment, Op.LoadFarPointer],
  ],
  farTransfer: [Op.RetFar, Op.CallFarMemory, Op.JmpFarMemory, Op.CallFarImmediate, Op.JmpFarImmediate],
  interruptReturn: [Op.Iret],
  tlb: [Op.Invlpg, Op.Invpcid, Op.Invd, Op.Wbinvd],
  systemCall: [Op.Syscall, Op.Sysret, Op.Sysenter, Op.Sysexit, Op.Swapgs],
  softwareInterrupt: [Op.Int, Op.Int3, Op.Into, Op.Int1],
  flags: [Op.Popf, Op.Cli, Op.Sti, Op.Clac, Op.Stac],
  context: [Op.Fxsave, Op.Fxrstor, Op.Fwait],
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
