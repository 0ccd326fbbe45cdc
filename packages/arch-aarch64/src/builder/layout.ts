import { EngineState } from '@qvm/jit';

/**
 * Offsets in the state of one AArch64 vCPU, after those that the engine shares ({@link EngineState}).
 *
 * @experimental
 */
export const State = {
  ...EngineState,
  /** u64 × 31: X0–X30, then the current SP as number 31. */
  x: 128,
  sp: 128 + 31 * 8,
  /** 128 bits × 32: V0–V31. */
  v: 384,
  /** u32 FPCR, u32 FPSR: side by side, as softfloat wants them. */
  fpcr: 896,
  fpsr: 900,
  /** u32: current exception level, 0–3. */
  el: 904,
  /** u32: not 0 when FP and SIMD instructions trap at the current exception level (CPACR_EL1.FPEN, CPTR_ELx). */
  fpTrap: 908,
  /** u64: address of the local exclusive monitor, all ones when open; u64 × 2: the value it saw. */
  monitorAddress: 912,
  monitorValue: 920,
  monitorValueHigh: 928,
  /** u32: not 0 when DC ZVA traps at the current exception level. */
  zvaTrap: 936,
  /** u32: not 0 when a misaligned SP faults as a base register (SCTLR_ELx.SA, SA0). */
  spAlignmentCheck: 940,
  /** u32: PSTATE.DAIF in bits 9–6, as in SPSR. */
  daif: 944,
  /** u32: PSTATE.SPSel. */
  spsel: 948,
  /** u32: IRQ and FIQ that wait, as the bits of `daif` that mask them. */
  pendingInterrupts: 952,
  /** u64 × 256: system registers, numbered by their table. */
  system: 1024,
  end: 1024 + 256 * 8,
} as const;

/**
 * Why generated code returned to the vCPU, beside the engine's own reasons. The operand of each is in `State.exitInfo`.
 *
 * @experimental
 */
export enum Exit {
  /** MSR, MRS, SYS, SYSL: the low 22 bits of the instruction word. */
  System = 16,
  /** Immediate. */
  Svc,
  Hvc,
  Smc,
  Brk,
  Hlt,
  Eret,
  Wfi,
  Wfe,
  Yield,
  /** FP or SIMD while `fpTrap`. */
  FpTrap,
  /** A misaligned SP as base. */
  SpAlignment,
  /** MSR (immediate): op1 << 8 | CRm << 4 | op2. */
  Pstate,
  /** A barrier that ends the sequence: ISB. */
  Barrier,
  /** SEV, SEVL: 1 when local only. */
  SendEvent,
  /** DC ZVA while `zvaTrap`: Rt. */
  ZvaTrap,
}
