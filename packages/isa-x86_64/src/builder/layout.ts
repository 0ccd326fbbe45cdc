import { EngineState } from '@qvm/jit';

/** Registers of one byte in records are offsets from here, so everything that they name is within 256 bytes. */
const BLOCK = EngineState.pcBias;
const GPR = EngineState.end;
const SEGMENT_BASES = GPR + 16 * 8;
const VECTORS = 384;
const X87 = VECTORS + 16 * 32;
const CONTROL = X87 + 8 * 16 + 32;
const SEGMENTS = CONTROL + 192;
const DESCRIPTOR_TABLES = SEGMENTS + 8 * 16;
const DEBUG = DESCRIPTOR_TABLES + 32;
const MODEL_SPECIFIC = DEBUG + 64;
const DERIVED = MODEL_SPECIFIC + 256;
const WALK = DERIVED + 96;
const ACCESS_CHECKS = WALK + 144;
/** Segment registers that addresses name: ES, CS, SS, DS, FS, GS. */
const SEGMENTS_OF_ADDRESSES = 6;

/**
 * Offsets in the state of an x86_64 vCPU, after those shared with the engine ({@link EngineState}).
 *
 * @experimental
 */
export const State = {
  ...EngineState,
  /** First byte that a one-byte register field of a record can name. */
  block: BLOCK,
  /** u64 × 16: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8–R15. */
  gpr: GPR,
  /** u64 × 6: bases of ES, CS, SS, DS, FS, GS. In 64-bit mode, those of ES, CS, SS and DS are 0. */
  segmentBase: SEGMENT_BASES,
  /** u64: 4096. With {@link State.pcBias} as base, a RIP-relative displacement may exceed 32 bits by a page. */
  pageUp: SEGMENT_BASES + 6 * 8,
  /** u64: −4096. See {@link State.pageUp}. */
  pageDown: SEGMENT_BASES + 7 * 8,
  /** 128 bits × 16: XMM0–XMM15, the low halves of YMM0–YMM15. */
  vector: VECTORS,
  /** 128 bits × 16: the upper halves of YMM0–YMM15. */
  vectorHigh: VECTORS + 16 * 16,
  /**
   * 16 bytes × 8: the physical x87 registers R0–R7: u64 significand, u16 sign and exponent; MMX registers are the
   * significands.
   */
  x87: X87,
  /** u32: x87 control word. The status word is directly after it, as softfloat expects. */
  fcw: X87 + 128,
  /** u32: x87 status word; its TOP field is current. */
  fsw: X87 + 132,
  /** u32: a bit for each physical register that is not empty. */
  ftw: X87 + 136,
  /** u32: last x87 opcode, 11 bits. */
  fop: X87 + 140,
  /** u64: last x87 instruction pointer. */
  fip: X87 + 144,
  /** u64: last x87 data pointer. */
  fdp: X87 + 152,
  /** u64 × 5: CR0, CR2, CR3, CR4, EFER. CR8 is in the local APIC. */
  cr0: CONTROL,
  /** See {@link State.cr0}. */
  cr2: CONTROL + 8,
  /** See {@link State.cr0}. */
  cr3: CONTROL + 16,
  /** See {@link State.cr0}. */
  cr4: CONTROL + 24,
  /** See {@link State.cr0}. */
  efer: CONTROL + 32,
  /** u64: XCR0. */
  xcr0: CONTROL + 40,
  /**
   * u32: RFLAGS without CF, PF, AF, ZF, SF and OF, which are lazy ({@link State.flagKind}), and without DF. Bit 1 is
   * set.
   */
  eflags: CONTROL + 48,
  /** i32: RFLAGS.DF as the direction of string instructions: 1 or −1. */
  direction: CONTROL + 52,
  /** u32: MXCSR. */
  mxcsr: CONTROL + 56,
  /**
   * u32: unmasked exceptions of the SSE instruction that executes, as bits of MXCSR; directly after MXCSR, as softfloat
   * expects. It is 0 between instructions.
   */
  pendingSse: CONTROL + 60,
  /** u32: current privilege level, 0–3. */
  cpl: CONTROL + 88,
  /**
   * u64: linear address of the memory operand of an instruction that the vCPU executes; of `SystemOperation.Divide`, the
   * divisor.
   */
  operandAddress: CONTROL + 64,
  /** 16 bytes × 8: ES, CS, SS, DS, FS, GS, LDTR, TR, each as {@link Segment}. Their bases are in `segmentBase`. */
  segment: SEGMENTS,
  /** u64 × 2: bases of LDTR and TR. */
  ldtrBase: CONTROL + 72,
  /** See {@link State.ldtrBase}. */
  trBase: CONTROL + 80,
  /** u64 base, u32 limit: GDTR. */
  gdtr: DESCRIPTOR_TABLES,
  /** u64 base, u32 limit: IDTR. */
  idtr: DESCRIPTOR_TABLES + 16,
  /** u64 × 8: DR0–DR7; numbers 4 and 5 are unused. */
  dr: DEBUG,
  /** u64 × 32: model-specific registers: the following five, then others in the order of their table. */
  msr: MODEL_SPECIFIC,
  /** u64: IA32_STAR. */
  star: MODEL_SPECIFIC,
  /** u64: IA32_LSTAR. */
  lstar: MODEL_SPECIFIC + 8,
  /** u64: IA32_FMASK. */
  fmask: MODEL_SPECIFIC + 16,
  /** u64: IA32_KERNEL_GS_BASE. */
  kernelGsBase: MODEL_SPECIFIC + 24,
  /** u64: IA32_TSC_AUX. */
  tscAux: MODEL_SPECIFIC + 32,
  /** u32: not 0 when SSE instructions trap (CR0.TS, CR0.EM, CR4.OSFXSR): the number of the exception. */
  sseTrap: DERIVED,
  /** u32: not 0 when AVX instructions trap: the number of the exception. */
  avxTrap: DERIVED + 4,
  /** u32: not 0 when x87 instructions trap (CR0.TS, CR0.EM): the number of the exception. */
  x87Trap: DERIVED + 8,
  /** u32: not 0 when CLI and STI fault or act on the virtual flag: CPL > IOPL. */
  interruptFlagTrap: DERIVED + 12,
  /** u32: not 0 when an instruction for CPL 0 faults. */
  notPrivileged: DERIVED + 16,
  /** u32: not 0 when an interrupt waits for RFLAGS.IF. */
  pendingInterrupt: DERIVED + 20,
  /** u32: not 0 when RDTSC faults, or is announced as an exit: it leaves generated code, which calls the engine otherwise. */
  timeTrap: DERIVED + 24,
  /** u32: not 0 when PAUSE leaves generated code, because other vCPUs may run. */
  pauseExit: DERIVED + 32,
  /** u32: not 0 when MMX instructions trap (CR0.TS, CR0.EM): the number of the exception. */
  mmxTrap: DERIVED + 36,
  /** u32: what the engine must know of the instruction that just ended: see {@link Shadow}. */
  shadow: DERIVED + 28,
  /** u32: 1 in real-address mode and virtual-8086 mode, otherwise 0. */
  realSegments: DERIVED + 40,
  /**
   * u32: not 0 when instructions that generated code executes without the vCPU are left to it: hooks see them, NMIs are
   * blocked until IRET, or code has breakpoints, for which RF matters.
   */
  watched: DERIVED + 44,
  /** u64: the time-stamp counter, as `VcpuRequest.Time` has read it. */
  time: DERIVED + 48,
  /** u32: address of the TLB bank of CPL 0 in the present mode, without the rights of RFLAGS.AC while SMAP is on. */
  supervisorBank: DERIVED + 56,
  /** u32: address of the TLB bank of CPL 3 in the present mode. */
  userBank: DERIVED + 60,
  /** Parameters of the page-table walk by generated code, at most 96 bytes; see the MMU of the processor. */
  walk: WALK,
  /** u64 × 4: the PDPTE registers, which PAE paging loads with CR3 (SDM vol. 3, 4.4.1). */
  pdpte: WALK + 96,
  /** 16 bytes: an x87 number that is an operand in memory, or is to be stored there. */
  x87Scratch: WALK + 128,
  /**
   * u32 × 6, 8 bytes apart: of ES, CS, SS, DS, FS and GS, the first offset that is valid. Not for 64-bit mode, as the three
   * following. See `segmentChecks`.
   */
  segmentStart: ACCESS_CHECKS,
  /** u32 × 6, 8 bytes apart: operand of `Exit.Exception` for accesses that the segment does not allow. */
  segmentFault: ACCESS_CHECKS + 4,
  /** u64 × 6: the number of bytes from `segmentStart` on that can be read, 0 to 2^32. */
  segmentReadable: ACCESS_CHECKS + SEGMENTS_OF_ADDRESSES * 8,
  /** u64 × 6: the number of bytes from `segmentStart` on that can be written. */
  segmentWritable: ACCESS_CHECKS + SEGMENTS_OF_ADDRESSES * 16,
  /** u32: the bits of the stack pointer, by SS.B: 0xffff or 0xffff_ffff. Not for 64-bit mode. */
  stackMask: ACCESS_CHECKS + SEGMENTS_OF_ADDRESSES * 24,
  /** Size of the state in bytes. */
  end: ACCESS_CHECKS + SEGMENTS_OF_ADDRESSES * 24 + 16,
} as const;

/**
 * One segment register in the state (SDM vol. 3, 3.4.3).
 *
 * @experimental
 */
export const Segment = {
  /** u32: the selector. */
  selector: 0,
  /** u32: the limit in bytes, with granularity applied. */
  limit: 4,
  /** u32: bits 23–8 of the descriptor's second word shifted right by 8: type, S, DPL, P, AVL, L, D/B, G; 0 if null. */
  attributes: 8,
  /**
   * u32: of ES, CS, SS and DS, the base of the descriptor. In 64-bit mode it has no effect, so `State.segmentBase` is 0,
   * but compatibility mode uses it again.
   */
  base: 12,
  /** Size in bytes. */
  bytes: 16,
} as const;

/** Numbers of the segment registers, as encoded, then those of the system. @experimental */
export enum SegmentRegister {
  /** Extra segment. */
  ES,
  /** Code segment. */
  CS,
  /** Stack segment. */
  SS,
  /** Data segment. */
  DS,
  /** Data segment; its base is used in 64-bit mode, too. */
  FS,
  /** See {@link SegmentRegister.FS}. */
  GS,
  /** Local descriptor table. */
  LDTR,
  /** Task register. */
  TR,
}

/** Numbers of the general registers. @experimental */
export enum Gpr {
  /** RAX, and its lower parts. */
  RAX,
  /** RCX, and its lower parts. */
  RCX,
  /** RDX, and its lower parts. */
  RDX,
  /** RBX, and its lower parts. */
  RBX,
  /** RSP, and its lower parts. */
  RSP,
  /** RBP, and its lower parts. */
  RBP,
  /** RSI, and its lower parts. */
  RSI,
  /** RDI, and its lower parts. */
  RDI,
  /** R11: SYSCALL and SYSRET have RFLAGS there. */
  R11 = 11,
}

/** Values of {@link State.shadow} (SDM vol. 3, 6.8.3). @experimental */
export enum Shadow {
  /** Nothing is held back. */
  None,
  /** The instruction was STI with IF = 0: no interrupt before the next one. */
  Sti,
  /** The instruction was a move or pop to SS: no interrupt, NMI or debug trap before the next one. */
  MovSs,
}
