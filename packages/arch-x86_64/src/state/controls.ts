import { State, Vector } from '@qvm/isa-x86_64';
import { PagingMode } from '../system/paging-mode.js';
import type { Mmu } from '../system/mmu.js';
import type { TlbBanks } from '../system/tlb-banks.js';
import { codeMode } from './code-mode.js';
import { Cr0, Cr4, Flag, IOPL_SHIFT } from './control-bits.js';
import { refreshSegmentChecks } from './segment-checks.js';
import type { X86State } from './x86-state.js';

const USER = 3;
/** Number of the lowest bit of the PCID in the number of a regime. */
const REGIME_PCID = 4;
/** XCR0: SSE and AVX state. */
const AVX_STATE = 6;

/**
 * The words of the state that generated code tests and that follow from control registers, RFLAGS, CPL and the code
 * segment. Called whenever one of these has changed.
 *
 * @experimental
 */
export class Controls {
  /** The bank of accesses that the processor itself makes with the rights of a supervisor. */
  supervisorBank = 0;
  /** Called when alignment is checked from now on, or no more. */
  onAlignmentCheck: (on: boolean) => void = () => undefined;
  #checksAlignment = false;
  #watched = false;
  /** The kind of translation of the following banks. */
  #regime = -1;
  #userBank = 0;
  /** Of a supervisor that may access pages of users by RFLAGS.AC while SMAP is on. */
  #accessBank = 0;

  constructor(
    private readonly state: X86State,
    private readonly mmu: Mmu,
    private readonly banks: TlbBanks,
  ) {}

  /** Must be called after every change of CR0, CR3, CR4, EFER or XCR0. */
  refresh(): void {
    this.#regime = -1;
    this.mmu.refresh();
    this.refreshTraps();
    this.select();
  }

  /** Must be called after every change of CPL, of segments, or of RFLAGS.IOPL, VM or AC. */
  select(): void {
    const { state, mmu } = this;
    const { cpl, protectedMode, systemFlags: flags } = state;
    state.controlsStale = false;
    const iopl = (flags >>> IOPL_SHIFT) & 3;
    state.setU32(State.notPrivileged, cpl === 0 ? 0 : 1);
    state.setU32(State.realSegments, state.realSegments ? 1 : 0);
    state.setU32(State.interruptFlagTrap, protectedMode && cpl > iopl ? 1 : 0);
    state.setU32(State.watched, this.#watched ? 1 : 0);
    this.trapTime(false);
    this.#checkAlignment(cpl === USER && (flags & Flag.AC) !== 0 && (state.u32(State.cr0) & Cr0.AM) !== 0);
    if (!state.mode64) refreshSegmentChecks(state);
    const paging = mmu.mode !== PagingMode.None;
    const userAccess = mmu.smap && (flags & Flag.AC) !== 0;
    const mode = codeMode(state);
    this.#selectBanks(paging, mode, mmu.pcid);
    const bank = cpl === USER ? this.#userBank : userAccess ? this.#accessBank : this.supervisorBank;
    state.setU32(State.bank, bank);
    state.setU32(State.unprivilegedBank, bank);
  }

  /**
   * Sets whether reading the time-stamp counter leaves generated code.
   *
   * @param runEnds - it must, because the run is to end there.
   */
  trapTime(runEnds: boolean): void {
    const { state } = this;
    const disabled = state.protectedMode && state.cpl !== 0 && this.#disablesTime;
    state.setU32(State.timeTrap, runEnds || this.#watched || disabled ? 1 : 0);
  }

  /** Selects the banks of all privileges, of which generated code changes from one to another. */
  #selectBanks(paging: boolean, mode: number, pcid: number): void {
    const { banks, state } = this;
    const regime = (pcid << REGIME_PCID) | (mode << 1) | (paging ? 1 : 0);
    if (regime === this.#regime) return;
    this.#regime = regime;
    // Named members, because spreading makes a hidden class each time, and processes change often.
    const supervisor = banks.select({ paging, mode, pcid, privileged: true, userAccess: false });
    const user = banks.select({ paging, mode, pcid, privileged: false, userAccess: false }, supervisor);
    if (this.mmu.smap)
      this.#accessBank = banks.select({ paging, mode, pcid, privileged: true, userAccess: true }, supervisor, user);
    this.supervisorBank = supervisor;
    this.#userBank = user;
    state.setU32(State.supervisorBank, supervisor);
    state.setU32(State.userBank, user);
  }

  /**
   * Whether hooks are tapped that see instructions which generated code executes: it then leaves them to the vCPU.
   */
  get watched(): boolean {
    return this.#watched;
  }

  set watched(on: boolean) {
    this.#watched = on;
    this.select();
  }

  /** CR4.TSD. */
  get #disablesTime(): boolean {
    return (this.state.u32(State.cr4) & Cr4.TSD) !== 0;
  }

  #checkAlignment(on: boolean): void {
    this.state.setU32(State.alignmentCheck, on ? 1 : 0);
    if (on === this.#checksAlignment) return;
    this.#checksAlignment = on;
    this.onAlignmentCheck(on);
  }

  /** Must be called after every change of CR0, CR4 or XCR0. Instructions find pending x87 exceptions in the status word. */
  refreshTraps(): void {
    const { state } = this;
    const cr0 = state.u32(State.cr0);
    const cr4 = state.u32(State.cr4);
    const switched = cr0 & Cr0.TS ? Vector.NM : 0;
    const sse = cr0 & Cr0.EM || !(cr4 & Cr4.OSFXSR) ? Vector.UD : switched;
    const avxEnabled = cr4 & Cr4.OSXSAVE && (state.u32(State.xcr0) & AVX_STATE) === AVX_STATE;
    state.setU32(State.sseTrap, sse);
    state.setU32(State.avxTrap, avxEnabled ? switched : Vector.UD);
    state.setU32(State.x87Trap, cr0 & (Cr0.EM | Cr0.TS) ? Vector.NM : 0);
    state.setU32(State.mmxTrap, cr0 & Cr0.EM ? Vector.UD : switched);
  }
}
