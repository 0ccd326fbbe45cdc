/**
 * Reason why generated code returned to the vCPU, in addition to the engine's reasons. `State.exitInfo` has the
 * operand. Unless said otherwise, the program counter is at the instruction, which had no effect.
 *
 * @experimental
 */
export enum Exit {
  /** An exception of the instruction: its vector; bit 8: it pushes the error code 0. */
  Exception = 16,
  /** An instruction that the vCPU executes: a {@link SystemInfo}. */
  System,
  /** HLT at CPL 0. */
  Halt,
  /** PAUSE, if another vCPU may run: see `State.pauseExit`. The instruction is complete but for that. */
  Pause,
}

/**
 * Requests of generated code to the vCPU, without leaving: `Builder.callEngine`.
 *
 * @experimental
 */
export enum VcpuRequest {
  /** The time-stamp counter, into `State.time`. */
  Time,
  /** INVLPG of `State.operandAddress`. */
  FlushPage,
}

/** Bit of the operand of {@link Exit.Exception}: the exception pushes the error code 0. @experimental */
export const WITH_ERROR_CODE = 0x100;

/** Vectors of the exceptions (SDM vol. 3, 6.3.1). @experimental */
export enum Vector {
  /** Divide error. */
  DE = 0,
  /** Debug exception. */
  DB = 1,
  /** Non-maskable interrupt. */
  NMI = 2,
  /** Breakpoint: INT3. */
  BP = 3,
  /** Overflow: INTO. */
  OF = 4,
  /** BOUND range exceeded. */
  BR = 5,
  /** Invalid opcode. */
  UD = 6,
  /** Device not available: x87, MMX or SSE is switched off. */
  NM = 7,
  /** Double fault. */
  DF = 8,
  /** Invalid TSS. */
  TS = 10,
  /** Segment not present. */
  NP = 11,
  /** Stack-segment fault. */
  SS = 12,
  /** General protection. */
  GP = 13,
  /** Page fault. */
  PF = 14,
  /** x87 floating-point error. */
  MF = 16,
  /** Alignment check. */
  AC = 17,
  /** Machine check. */
  MC = 18,
  /** SIMD floating-point exception. */
  XM = 19,
}

/**
 * Layout of the operand of {@link Exit.System}.
 *
 * @experimental
 */
export const SystemInfo = {
  /** Bits 7–0: a {@link SystemOperation}. */
  operationMask: 0xff,
  /** Bits 11–8: ModRM.reg with REX.R, or the register in the opcode. */
  regShift: 8,
  /** Bits 15–12: ModRM.rm with REX.B, if it is a register; without ModRM, log2 of the address size in bytes. */
  rmShift: 12,
  /** Bits 17–16: log2 of the operand size in bytes. */
  sizeShift: 16,
  /** Bit 18: the operand is in memory, at `State.operandAddress` (linear). */
  memory: 1 << 18,
  /** Bits 21–19: the segment register of the memory operand. */
  segmentShift: 19,
  /** Bit 22: REP or REPNE. */
  repeatShift: 22,
  /** Bits 31–24: an immediate byte. */
  immediateShift: 24,
} as const;

/**
 * Instructions that the vCPU executes. Comments say which operands of {@link SystemInfo} they use, and whether the
 * program counter is at the instruction (the rule) or after it.
 *
 * @experimental
 */
export enum SystemOperation {
  /** AX, EAX or RAX by size; the port is the immediate. */
  InImmediate,
  /** The port is DX. */
  InDx,
  /** OUT: AL, AX or EAX by size; the port is the immediate. */
  OutImmediate,
  /** OUT: the port is DX. */
  OutDx,
  /** INS, and OUTS from the segment of the operand; one round, or with REP as many as the vCPU likes. */
  Ins,
  /** See {@link SystemOperation.Ins}. */
  Outs,
  /** CPUID: leaf in EAX, subleaf in ECX. */
  Cpuid,
  /** RDMSR: number in ECX. */
  Rdmsr,
  /** WRMSR: number in ECX. */
  Wrmsr,
  /** RDTSC. */
  Rdtsc,
  /** RDTSCP. */
  Rdtscp,
  /** RDPMC. */
  Rdpmc,
  /** RDPID. rm: the general register. */
  Rdpid,
  /** reg: number of the control register; rm: the general register. */
  MovFromCr,
  /** See {@link SystemOperation.MovFromCr}. */
  MovToCr,
  /** reg: number of the debug register; rm: the general register. */
  MovFromDr,
  /** See {@link SystemOperation.MovFromDr}. */
  MovToDr,
  /** LMSW: register or memory operand of 16 bits. */
  Lmsw,
  /** SMSW: register or memory operand; size. */
  Smsw,
  /** CLTS. */
  Clts,
  /** LGDT: memory operand. */
  Lgdt,
  /** LIDT: memory operand. */
  Lidt,
  /** SGDT: memory operand. */
  Sgdt,
  /** SIDT: memory operand. */
  Sidt,
  /** Register or memory operand of 16 bits. */
  Lldt,
  /** LTR: see {@link SystemOperation.Lldt}. */
  Ltr,
  /** SLDT: register or memory operand. */
  Sldt,
  /** STR: register or memory operand. */
  Str,
  /** LAR. reg: destination; the selector in a register or in memory. */
  Lar,
  /** LSL: see {@link SystemOperation.Lar}. */
  Lsl,
  /** VERR: the selector in a register or in memory. */
  Verr,
  /** VERW: see {@link SystemOperation.Verr}. */
  Verw,
  /** `operandAddress` is the address to be flushed. */
  Invlpg,
  /** reg: the type; memory: the descriptor. */
  Invpcid,
  /** INVD. */
  Invd,
  /** WBINVD. */
  Wbinvd,
  /** SWAPGS. */
  Swapgs,
  /** SYSCALL. */
  Syscall,
  /** SYSRET; size. */
  Sysret,
  /** SYSENTER. */
  Sysenter,
  /** SYSEXIT; size. */
  Sysexit,
  /** CLI and STI where they may fault, act on VIF, or let an interrupt in. */
  Cli,
  /** See {@link SystemOperation.Cli}. */
  Sti,
  /** INT n: the immediate. */
  Int,
  /** INT3. */
  Int3,
  /** INTO. */
  Into,
  /** INT1. */
  Int1,
  /** IRET; size. */
  Iret,
  /** Far return; size. The immediate is not used; the number of bytes to release is in `operandAddress`. */
  RetFar,
  /** Far CALL and JMP with memory operand; size. */
  CallFarMemory,
  /** See {@link SystemOperation.CallFarMemory}. */
  JmpFarMemory,
  /** Far CALL and JMP with immediate: `operandAddress` = offset | selector << 32. */
  CallFarImmediate,
  /** See {@link SystemOperation.CallFarImmediate}. */
  JmpFarImmediate,
  /** reg: the segment register; register or memory source of 16 bits. */
  MovToSegment,
  /** reg: the segment register; size. */
  PopSegment,
  /** LES, LDS, LSS, LFS, LGS: immediate = the segment register, reg: destination, memory, size. */
  LoadFarPointer,
  /** POPF; size. */
  Popf,
  /** FXSAVE: memory operand. */
  Fxsave,
  /** FXRSTOR: memory operand. */
  Fxrstor,
  /** XSAVE: memory operand. */
  Xsave,
  /** XRSTOR: memory operand. */
  Xrstor,
  /** XSAVEOPT: memory operand. */
  Xsaveopt,
  /** XSAVEC: memory operand. */
  Xsavec,
  /** XGETBV: number in ECX. */
  Xgetbv,
  /** XSETBV: number in ECX. */
  Xsetbv,
  /** rm: the general register. */
  Rdfsbase,
  /** See {@link SystemOperation.Rdfsbase}. */
  Rdgsbase,
  /** See {@link SystemOperation.Rdfsbase}. */
  Wrfsbase,
  /** See {@link SystemOperation.Rdfsbase}. */
  Wrgsbase,
  /** RDRAND. rm: the general register; size. */
  Rdrand,
  /** RDSEED: see {@link SystemOperation.Rdrand}. */
  Rdseed,
  /** MONITOR. */
  Monitor,
  /** MWAIT. */
  Mwait,
  /** CLAC. */
  Clac,
  /** STAC. */
  Stac,
  /** VMCALL. */
  Vmcall,
  /** VMMCALL, of AMD processors. */
  Vmmcall,
  /** FWAIT and the x87 instructions that need the engine. */
  Fwait,
  /** ENTER with a nesting level. */
  Enter,
  /** ARPL. */
  Arpl,
  /** RSM. */
  Rsm,
  /** GETSEC. */
  Getsec,
  /** CLFLUSH: memory operand. */
  Clflush,
  /** DIV and IDIV of 128 bits by 64 whose dividend takes more than 64 bits. The divisor is at `operandAddress`. */
  Divide,
  /** See {@link SystemOperation.Divide}. */
  DivideSigned,
  /** JMP and CALL with 16 bits whose target wraps: to the offset at `operandAddress`; size. */
  JumpNear,
  /** See {@link SystemOperation.JumpNear}. */
  CallNear,
  /** An instruction that this processor does not have: #UD. */
  Undefined,
}
