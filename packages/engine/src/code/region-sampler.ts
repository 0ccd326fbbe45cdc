import { EngineState, ExitReason } from '@qvm/jit';
import { PAGE_BYTES } from '../memory/page.js';
import type { SoftTlb } from '../memory/soft-tlb.js';
import type { CpuState } from '../vcpu/cpu-state.js';
import type { RunFunction } from '../vcpu/run-function.js';
import type { CodePages, CodeProfile } from './code-profile.js';

const LOW_48 = 0xffff_ffff_ffffn;
const PAGE_OFFSET = BigInt(PAGE_BYTES - 1);

/**
 * What a vCPU did in regions.
 *
 * @experimental
 */
export interface RegionTotals {
  /** Instructions retired there. */
  readonly instructions: number;
  /** How often one was entered. */
  readonly entries: number;
}

/**
 * Runs a vCPU's guest code and looks now and then where it is, so that the region cache learns what is hot.
 *
 * @experimental
 */
export class RegionSampler {
  readonly #totals = { instructions: 0, entries: 0 };
  /** Instructions until the next look, whatever the vCPU leaves for meanwhile, */
  #untilSample = 0;
  /** and as many as there were after the last. */
  #interval = 0;

  constructor(
    private readonly state: CpuState,
    private readonly tlb: SoftTlb,
    private readonly regions: CodeProfile,
    private readonly enter: RunFunction,
  ) {}

  /** What ran in regions so far. */
  get totals(): RegionTotals {
    return this.#totals;
  }

  /** Runs guest code until it leaves; gives the reason. */
  run(left: number): number {
    const { state, regions } = this;
    if (this.#untilSample <= 0) this.#untilSample = this.#interval = regions.nextInterval();
    state.setU32(EngineState.sampleAt, Math.max(0, left - this.#untilSample));
    const reason = this.enter(state.address, left);
    this.#count();
    this.#untilSample -= left - state.u32(EngineState.left) - state.u32(EngineState.stolen);
    if (this.#untilSample <= 0) this.#sample();
    // It was left for the sample: where it came to is where a jump led.
    if (reason === (ExitReason.Budget as number) && state.u32(EngineState.left) > 0)
      regions.noteBranch(Number(state.u64(EngineState.cameFrom) & LOW_48), Number(state.pc & LOW_48));
    return reason;
  }

  #count(): void {
    const { state } = this;
    this.#totals.instructions += state.u32(EngineState.regionInstructions);
    state.setU32(EngineState.regionInstructions, 0);
    this.#totals.entries += state.u32(EngineState.regionEntries);
    state.setU32(EngineState.regionEntries, 0);
  }

  /** What was run belongs to the place where control last came by a jump, and that is still mapped as it was. */
  #sample(): void {
    const { state } = this;
    const came = state.u64(EngineState.lastEntry);
    const exactAlignment = state.u32(EngineState.alignmentCheck) !== 0;
    this.regions.sample(this.#codePagesAt(came), this.#interval - this.#untilSample, exactAlignment);
  }

  /** The code around a virtual address, by the present translation: the vCPU's own page, and what the TLB knows. */
  #codePagesAt(pc: bigint): CodePages {
    const { state, tlb } = this;
    const page = pc & ~PAGE_OFFSET;
    const { slot, page: present } = state;
    return {
      at: (number) => {
        const va = page + BigInt(number * PAGE_BYTES);
        // Data may have taken the entry of the page that runs.
        if (va === present) return slot;
        return tlb.codeFor(state.u32(EngineState.bank), Number(va & 0xffff_ffffn), Number((va >> 32n) & 0xffff_ffffn));
      },
      address: Number(page & LOW_48),
      offset: Number(pc & PAGE_OFFSET),
    };
  }
}
