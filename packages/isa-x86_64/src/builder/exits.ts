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
  /**
   * STI or POPF has set IF while an interrupt waits, or after which there is an interrupt shadow. The instruction is
   * complete; `State.shadow` is set.
   */
  InterruptsEnabled,
  /** HLT at CPL 0. */
  Halt,
  /** PAUSE: another vCPU may run. The instruction is complete but for that. */
  Pause,
}

/** Bit of the operand of {@link Exit.Exception}: the exception pushes the error code 0. @experimental */
export const WITH_ERROR_CODE = 0x100;

/** Vectors of the exceptions (SDM vol. 3, 6.3.1). @experimental */
export enum Vector {
  DE = 0,
  DB = 1,
  NMI = 2,
  BP = 3,
  OF = 4,
  BR = 5,
  UD = 6,
  NM = 7,
  DF = 8,
  TS = 10,
  NP = 11,
  SS = 12,
  GP = 13,
  PF = 14,
  MF = 16,
  AC = 17,
  MC = 18,
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
  OutImmediate,
  OutDx,
  /** INS, and OUTS from the segment of the operand; one round, or with REP as many as the vCPU likes. */
  Ins,
  Outs,
  Cpuid,
  Rdmsr,
  Wrmsr,
  Rdtsc,
  Rdtscp,
  Rdpmc,
  Rdpid,
  /** reg: number of the control register; rm: the general register. */
  MovFromCr,
  MovToCr,
  MovFromDr,
  MovToDr,
  Lmsw,
  Smsw,
  Clts,
  Lgdt,
  Lidt,
  Sgdt,
  Sidt,
  /** Register or memory operand of 16 bits. */
  Lldt,
  Ltr,
  Sldt,
  Str,
  Lar,
  Lsl,
  Verr,
  Verw,
  /** `operandAddress` is the address to be flushed. */
  Invlpg,
  /** reg: the type; memory: the descriptor. */
  Invpcid,
  Invd,
  Wbinvd,
  Swapgs,
  Syscall,
  Sysret,
  Sysenter,
  Sysexit,
  /** CLI and STI where they may fault, act on VIF, or let an interrupt in. */
  Cli,
  Sti,
  /** INT n: the immediate. */
  Int,
  Int3,
  Into,
  Int1,
  /** IRET; size. */
  Iret,
  /** Far return; size. The immediate is not used; the number of bytes to release is in `operandAddress`. */
  RetFar,
  /** Far CALL and JMP with memory operand; size. */
  CallFarMemory,
  JmpFarMemory,
  /** Far CALL and JMP with immediate: `operandAddress` = offset | selector << 32. */
  CallFarImmediate,
  JmpFarImmediate,
  /** reg: the segment register; register or memory source of 16 bits. */
  MovToSegment,
  /** reg: the segment register; size. */
  PopSegment,
  PushSegment,
  /** LES, LDS, LSS, LFS, LGS: immediate = the segment register, reg: destination, memory, size. */
  LoadFarPointer,
  /** POPF; size. */
  Popf,
  Fxsave,
  Fxrstor,
  Xsave,
  Xrstor,
  Xsaveopt,
  Xgetbv,
  Xsetbv,
  /** rm: the general register. */
  Rdfsbase,
  Rdgsbase,
  Wrfsbase,
  Wrgsbase,
  Rdrand,
  Rdseed,
  Monitor,
  Mwait,
  Clac,
  Stac,
  Vmcall,
  Vmmcall,
  /** FWAIT and the x87 instructions that need the engine. */
  Fwait,
  /** ENTER with a nesting level. */
  Enter,
  Bound,
  Arpl,
  Rsm,
  Getsec,
  Clflush,
  /** DIV and IDIV of 128 bits by 64 whose dividend takes more than 64 bits. The divisor is at `operandAddress`. */
  Divide,
  DivideSigned,
  /** An instruction that this processor does not have: #UD. */
  Undefined,
}
