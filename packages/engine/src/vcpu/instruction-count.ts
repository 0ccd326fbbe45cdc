import { EngineState } from '@qvm/jit';
import type { CpuState } from './cpu-state.js';

/**
 * The number of instructions that a vCPU has retired. During a run, generated code counts down `EngineState.left` and
 * `EngineState.stolen`; their sum is the rest of the budget.
 *
 * @experimental
 */
export class InstructionCount {
  /** Instructions retired before the present run. */
  #retired = 0;
  /** Budget of the present run; 0 outside of a run. */
  #budget = 0;
  /** Part of the rest of the budget that is withheld from generated code. */
  #withheld = 0;

  constructor(private readonly state: CpuState) {}

  /** Instructions retired so far, also within a run. */
  get total(): number {
    if (this.#budget === 0) return this.#retired;
    const { state } = this;
    return this.#retired + this.#budget - this.#withheld - state.u32(EngineState.left) - state.u32(EngineState.stolen);
  }

  /** Whether a run is in progress. */
  get counting(): boolean {
    return this.#budget !== 0;
  }

  /** Begins a run of at most `budget` instructions. */
  begin(budget: number): void {
    this.#budget = budget;
    this.state.setU32(EngineState.left, budget);
    this.state.setU32(EngineState.stolen, 0);
  }

  /** Ends the run. */
  end(): void {
    this.#retired = this.total;
    this.#budget = 0;
  }

  /** Moves the whole rest of the budget to `left`, and returns it. */
  takeLeft(): number {
    const { state } = this;
    const left = state.u32(EngineState.left) + state.u32(EngineState.stolen);
    state.setU32(EngineState.left, left);
    state.setU32(EngineState.stolen, 0);
    return left;
  }

  /** Withholds all but one instruction of `left`, which is the rest of the budget. */
  withhold(left: number): void {
    this.#withheld = left - 1;
    this.state.setU32(EngineState.left, 1);
  }

  /** Gives the withheld part of the budget back. Returns whether the one instruction was retired. */
  giveBack(): boolean {
    const rest = this.takeLeft();
    this.state.setU32(EngineState.left, this.#withheld + rest);
    this.#withheld = 0;
    return rest === 0;
  }

  /**
   * Counts an instruction that generated code has not counted. An exception counts as the instruction that it
   * replaces, so a guest that only faults also uses up its turn.
   */
  retire(): void {
    const { state } = this;
    const counter = state.u32(EngineState.left) !== 0 ? EngineState.left : EngineState.stolen;
    state.setU32(counter, Math.max(0, state.u32(counter) - 1));
  }

  /** Sets the count, outside of a run. */
  restore(retired: number): void {
    this.#retired = retired;
  }
}
