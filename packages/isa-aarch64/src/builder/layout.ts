import { EngineState } from '@qvm/jit';

const SYSTEM = 1024;
const SYSTEM_END = SYSTEM + 256 * 8;

/**
 * Offsets in the state of an AArch64 vCPU, after those shared with the engine ({@link EngineState}).
 *
 * @experimental
 */
export const State = {
  ...EngineState,
  /** u64 × 31: X0–X30, then the current SP as number 31. */
  x: 192,
  /** u64: the current SP, as register number 31. */
  sp: 192 + 31 * 8,
  /** 128 bits × 32: V0–V31. */
  v: 448,
  /** u32 FPCR, u32 FPSR: adjacent, as softfloat requires. */
  fpcr: 960,
  /** u32 FPSR: see {@link State.fpcr}. */
  fpsr: 964,
  /** u32: current exception level, 0–3. */
  el: 968,
  /** u32: not 0 when FP and SIMD instructions trap at the current exception level (CPACR_EL1.FPEN, CPTR_ELx). */
  fpTrap: 972,
  /** u64: address of the local exclusive monitor, all ones if open; u64 × 2: the value that it has seen. */
  monitorAddress: 976,
  /** u64: low half of the value that the monitor saw. */
  monitorValue: 984,
  /** u64: high half of the value that the monitor saw, of a pair. */
  monitorValueHigh: 992,
  /** u32: not 0 when DC ZVA traps at the current exception level. */
  zvaTrap: 1000,
  /** u32: not 0 when a misaligned SP faults as a base register (SCTLR_ELx.SA, SA0). */
  spAlignmentCheck: 1004,
  /** u32: PSTATE.DAIF in bits 9–6, as in SPSR. */
  daif: 1008,
  /** u32: PSTATE.SPSel. */
  spsel: 1012,
  /** u32: pending IRQ and FIQ, as the bits of `daif` that mask them. */
  pendingInterrupts: 1016,
  /** u64 × 256: system registers, in the order of their table. */
  system: SYSTEM,
  /**
   * Two {@link WalkHalf} for table walks by generated code: the lower half of the address space, then the upper half.
   */
  walk: SYSTEM_END,
  /** u32: a bit for each index of MAIR_EL1 whose attribute is Normal memory. */
  normalMemory: SYSTEM_END + 48,
  /** Size of the state in bytes. */
  end: SYSTEM_END + 64,
} as const;

/**
 * One half of the address space, for table walks by generated code: 4 KiB granules only.
 *
 * @experimental
 */
export const WalkHalf = {
  /** u32: VM memory offset of the first table; 0 if generated code must not walk. */
  table: 0,
  /** u32: log2 of the bytes that an entry of the first table spans. */
  shift: 4,
  /** u32: mask of the address bits that index the first table, after the shift. */
  indexMask: 8,
  /** u64: bits of an address that must equal bit 55. */
  checked: 16,
  /** Size of a half in bytes. */
  bytes: 24,
} as const;

/**
 * Reason why generated code returned to the vCPU, in addition to the engine's reasons. `State.exitInfo` has the
 * operand.
 *
 * @experimental
 */
export enum Exit {
  /** MSR, MRS, SYS, SYSL: the low 22 bits of the instruction word. */
  System = 16,
  /** Immediate. */
  Svc,
  /** Immediate. */
  Hvc,
  /** Immediate. */
  Smc,
  /** Immediate. */
  Brk,
  /** Immediate. */
  Hlt,
  /** Exception return. */
  Eret,
  /** Wait for interrupt. */
  Wfi,
  /** Wait for event. */
  Wfe,
  /** A hint that another vCPU may run. */
  Yield,
  /** FP or SIMD instruction while `fpTrap` is set. */
  FpTrap,
  /** A misaligned SP as base register. */
  SpAlignment,
  /** MSR (immediate): op1 << 8 | CRm << 4 | op2. */
  Pstate,
  /** A barrier that ends the sequence: ISB. */
  Barrier,
  /** SEV, SEVL: operand 1 for SEVL, which is local. */
  SendEvent,
  /** DC ZVA while `zvaTrap` is set: Rt. */
  ZvaTrap,
}
