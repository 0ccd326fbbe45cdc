import { EngineState } from '@qvm/jit';
import type { CpuState } from './cpu-state.js';

/**
 * Instructions that a vCPU has retired. During a run, generated code counts down in `EngineState.left` and `EngineState.stolen`, which
 * together are the rest of the budget.
 *
 * @experimental
 */
export class InstructionCount {
  /** Retired before the present run. */
  #retired = 0;
  /** Budget of the present run; 0 outside. */
  #budget = 0;

  constructor(private readonly state: CpuState) {}

  /** Retired so far, also within a run. */
  get total(): number {
    if (this.#budget === 0) return this.#retired;
    return this.#retired + this.#budget - this.state.u32(EngineState.left) - this.state.u32(EngineState.stolen);
  }

  /** Whether a run is under way. */
  get counting(): boolean {
    return this.#budget !== 0;
  }

  /** A run of at most `budget` instructions begins. */
  begin(budget: number): void {
    this.#budget = budget;
    this.state.setU32(EngineState.left, budget);
    this.state.setU32(EngineState.stolen, 0);
  }

  /** The run ends. */
  end(): void {
    this.#retired = this.total;
    this.#budget = 0;
  }

  /** The rest of the budget, all of it in `left` from now on. */
  takeLeft(): number {
    const { state } = this;
    const left = state.u32(EngineState.left) + state.u32(EngineState.stolen);
    state.setU32(EngineState.left, left);
    state.setU32(EngineState.stolen, 0);
    return left;
  }

  /**
   * Counts an instruction that generated code has not counted. An exception instead of an instruction takes an instruction's time: a
   * guest that only faults uses up its turn, too.
   */
  retire(): void {
    const { state } = this;
    const counter = state.u32(EngineState.left) !== 0 ? EngineState.left : EngineState.stolen;
    state.setU32(counter, Math.max(0, state.u32(counter) - 1));
  }

  /** Takes over a count, outside of a run. */
  restore(retired: number): void {
    this.#retired = retired;
  }
}
