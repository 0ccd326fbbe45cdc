import type { SoftTlb } from '@qvm/engine';
import { State } from '@qvm/isa-aarch64';
import { Sctlr } from '../system/mmu.js';
import type { Mmu } from '../system/mmu.js';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import { selectBank } from './translation-regime.js';

/** CPACR_EL1.FPEN: the levels that may use FP and SIMD. */
const fpTrapped = (fpen: number, el: number): boolean => (el === 0 ? fpen !== 3 : (fpen & 1) === 0);

/** The words of the state that depend on the exception level, with their values for one level. */
class LevelWords {
  fpTrap = 0;
  spAlignmentCheck = 0;
  zvaTrap = 0;
  bank = 0;
  unprivilegedBank = 0;

  writeTo(state: Aarch64State): void {
    state.setU32(State.fpTrap, this.fpTrap);
    state.setU32(State.spAlignmentCheck, this.spAlignmentCheck);
    state.setU32(State.zvaTrap, this.zvaTrap);
    state.setU32(State.bank, this.bank);
    state.setU32(State.unprivilegedBank, this.unprivilegedBank);
  }
}

/**
 * The state that generated code tests and that depends on the exception level and on SCTLR_EL1, CPACR_EL1, TCR_EL1 and
 * TTBRn_EL1. The level changes far more often than these registers, so the values for both levels are kept.
 *
 * @experimental
 */
export class LevelControls {
  readonly #el0 = new LevelWords();
  readonly #el1 = new LevelWords();

  constructor(
    private readonly state: Aarch64State,
    private readonly tlb: SoftTlb,
    private readonly mmu: Mmu,
  ) {}

  /** The exception level has changed. */
  select(): void {
    (this.state.el === 0 ? this.#el0 : this.#el1).writeTo(this.state);
  }

  /** Must be called after every change of SCTLR_EL1 or of a translation register. */
  refresh(): void {
    this.mmu.refresh();
    this.#selectBanks();
    this.refreshTraps();
  }

  /** Must be called after every change of CPACR_EL1. */
  refreshTraps(): void {
    const { state } = this;
    const sctlr = state.u32(Sys.SCTLR_EL1);
    const fpen = (state.u32(Sys.CPACR_EL1) >>> 20) & 3;
    this.#el0.fpTrap = fpTrapped(fpen, 0) ? 1 : 0;
    this.#el1.fpTrap = fpTrapped(fpen, 1) ? 1 : 0;
    this.#el0.spAlignmentCheck = sctlr & Sctlr.SA0 ? 15 : 0;
    this.#el1.spAlignmentCheck = sctlr & Sctlr.SA ? 15 : 0;
    this.#el0.zvaTrap = sctlr & Sctlr.DZE ? 0 : 1;
    state.setU32(State.alignmentCheck, sctlr & Sctlr.A || !(sctlr & Sctlr.M) ? 1 : 0);
    this.select();
  }

  /**
   * Selects the TLB banks of both levels in the present address space. EL1 accesses with EL0 permissions (LDTR, STTR)
   * use the bank of EL0.
   */
  #selectBanks(): void {
    const { tlb } = this;
    const { asid, enabled } = this.mmu;
    const bank = selectBank(tlb, true, enabled, asid);
    const unprivileged = selectBank(tlb, false, enabled, asid, bank);
    this.#el1.bank = bank;
    this.#el0.bank = this.#el0.unprivilegedBank = this.#el1.unprivilegedBank = unprivileged;
  }
}
