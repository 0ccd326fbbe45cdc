import type { MainRam, SoftTlb } from '@qvm/engine';
import type { SystemRegisterHandler } from '../system/cpu-attachment.js';
import { Sys } from './aarch64-state.js';
import type { Aarch64State } from './aarch64-state.js';
import { breakpointMatches, breakpointsArmed } from './breakpoints.js';
import { Mdscr } from './self-hosted-debug.js';
import { stepActive } from './software-step.js';
import { Watchpoints } from './watchpoints.js';

const CLAIM_TAGS = 0xffn;

/** Debug state outside of plain registers. @experimental */
export interface DebugState {
  /** OSLSR_EL1.OSLK. */
  readonly osLock: boolean;
  /** DBGCLAIM tags, 8 bits. */
  readonly claim: number;
}

/**
 * Self-hosted debug of a vCPU (Arm ARM D2): state outside of plain registers, and the enabled debug exceptions.
 *
 * @experimental
 */
export class DebugUnit {
  readonly watchpoints: Watchpoints;
  #osLock = true;
  #claim = 0n;

  constructor(
    private readonly state: Aarch64State,
    tlb: SoftTlb,
    ram: MainRam,
  ) {
    this.watchpoints = new Watchpoints(state, tlb, ram, () => this.#osLock);
  }

  /** Power-on state. */
  reset(): void {
    this.#osLock = true;
    this.#claim = 0n;
    this.watchpoints.refresh();
  }

  /** Whether the guest has enabled software step, breakpoints or watchpoints (MDSCR_EL1). */
  get enabled(): boolean {
    return (this.state.u32(Sys.MDSCR_EL1) & (Mdscr.SS | Mdscr.MDE)) !== 0;
  }

  /** Whether software step is active at the present exception level. */
  get stepping(): boolean {
    return stepActive(this.state, this.#osLock);
  }

  /** Whether a breakpoint is enabled, so that instructions are executed one by one. */
  get breakpointsArmed(): boolean {
    return breakpointsArmed(this.state);
  }

  /** Whether a breakpoint matches the instruction at `pc`. */
  stopsAt(pc: bigint): boolean {
    return breakpointMatches(this.state, pc, this.#osLock);
  }

  /** The state outside of plain registers. */
  save(): DebugState {
    return { osLock: this.#osLock, claim: Number(this.#claim) };
  }

  restore({ osLock, claim }: DebugState): void {
    this.#osLock = osLock;
    this.#claim = BigInt(claim);
    this.watchpoints.refresh();
  }

  /** Handlers by register name. */
  registers(): Record<string, SystemRegisterHandler> {
    return {
      OSLAR_EL1: { write: (v) => void (this.#osLock = (v & 1n) !== 0n) },
      OSLSR_EL1: { read: () => (this.#osLock ? 0xan : 0x8n) },
      DBGCLAIMSET_EL1: { read: () => CLAIM_TAGS, write: (v) => void (this.#claim |= v & CLAIM_TAGS) },
      DBGCLAIMCLR_EL1: { read: () => this.#claim, write: (v) => void (this.#claim &= ~v) },
    };
  }
}
