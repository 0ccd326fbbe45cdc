import { EngineState, ExitReason } from '@qvm/jit';
import { PAGE_BYTES } from '../memory/page.js';
import type { SoftTlb } from '../memory/soft-tlb.js';
import type { CpuState } from '../vcpu/cpu-state.js';
import type { RunFunction } from '../vcpu/run-function.js';
import type { CodePages, CodeProfile } from './code-profile.js';

const LOW_48 = 0xffff_ffff_ffffn;
const PAGE_OFFSET = BigInt(PAGE_BYTES - 1);

/**
 * Execution of a vCPU in regions.
 *
 * @experimental
 */
export interface RegionTotals {
  /** Instructions retired in regions. */
  readonly instructions: number;
  /** Number of entries into regions. */
  readonly entries: number;
}

/** Totals at the start. @internal */
export const noRegionTotals = (): Record<keyof RegionTotals, number> => ({ instructions: 0, entries: 0 });

/**
 * Runs a vCPU's guest code in one mode and periodically samples its position, so that the region cache finds hot places.
 *
 * @experimental
 */
export class RegionSampler {
  /** Instructions until the next sample, across exits. */
  #untilSample = 0;
  /** The value of `#untilSample` after the last sample. */
  #interval = 0;

  constructor(
    private readonly state: CpuState,
    private readonly tlb: SoftTlb,
    private readonly regions: CodeProfile,
    private readonly enter: RunFunction,
    private readonly totals: Record<keyof RegionTotals, number>,
  ) {}

  /** Runs guest code until an exit; returns its reason. */
  run(left: number): number {
    const { state, regions } = this;
    if (this.#untilSample <= 0) this.#untilSample = this.#interval = regions.nextInterval();
    state.setU32(EngineState.sampleAt, Math.max(0, left - this.#untilSample));
    const reason = this.enter(state.address, left);
    this.#count();
    this.#untilSample -= left - state.u32(EngineState.left) - state.u32(EngineState.stolen);
    if (this.#untilSample <= 0) this.#sample();
    // The run was ended for the sample after a jump: the program counter is the jump's target.
    if (reason === (ExitReason.Budget as number) && state.u32(EngineState.left) > 0)
      regions.noteBranch(Number(state.u64(EngineState.cameFrom) & LOW_48), Number(state.pc & LOW_48));
    return reason;
  }

  /** Whether a region begins now at the present instruction, which was never decoded. */
  begin(): boolean {
    const { state, regions } = this;
    const pages = this.#codePagesAt(state.pc);
    return regions.begin(state.u32(EngineState.ip), pages, state.u32(EngineState.alignmentCheck) !== 0);
  }

  #count(): void {
    const { state } = this;
    this.totals.instructions += state.u32(EngineState.regionInstructions);
    state.setU32(EngineState.regionInstructions, 0);
    this.totals.entries += state.u32(EngineState.regionEntries);
    state.setU32(EngineState.regionEntries, 0);
  }

  /**
   * Attributes the instructions of the sample to the place that control last entered by a jump, if that is still
   * mapped.
   */
  #sample(): void {
    const { state } = this;
    const came = state.u64(EngineState.lastEntry);
    const exactAlignment = state.u32(EngineState.alignmentCheck) !== 0;
    this.regions.sample(this.#codePagesAt(came), this.#interval - this.#untilSample, exactAlignment);
  }

  /** The code around a virtual address in the present translation: the vCPU's own page, and pages in the TLB. */
  #codePagesAt(pc: bigint): CodePages {
    const { state, tlb } = this;
    const page = pc & ~PAGE_OFFSET;
    const { slot, page: present } = state;
    return {
      at: (number) => {
        const va = page + BigInt(number * PAGE_BYTES);
        // The TLB entry of the page that runs may have been replaced by one for data.
        if (va === present) return slot;
        return tlb.codeFor(state.u32(EngineState.bank), Number(va & 0xffff_ffffn), Number((va >> 32n) & 0xffff_ffffn));
      },
      address: Number(page & LOW_48),
      offset: Number(pc & PAGE_OFFSET),
    };
  }
}
