import type { Engine } from '@qvm/core/architecture';
import type { RegionTuning } from '@qvm/engine';
import { TUNINGS } from './compare.js';
import type { Comparison } from './compare.js';
import { difference } from './difference.js';

/** An outcome with the instructions that it took. @experimental */
export interface CountedOutcome {
  /** Instructions that were executed. */
  readonly instructions: number;
}

/** How programs of an architecture run, are interrupted, and continue in another machine. @experimental */
export interface ResumableRuns<Program, Machine, Outcome extends CountedOutcome> {
  /** A machine with a program that has not started. */
  boot(program: Program, engine: Engine, tuning: RegionTuning | undefined): Machine | Promise<Machine>;
  /** Runs the program for at most `limit` instructions. */
  run(machine: Machine, program: Program, limit: number): void | Promise<void>;
  /** Moves all state of a machine to another one, which has the same program. */
  move(from: Machine, to: Machine): void;
  /** All that must be the same. */
  outcome(machine: Machine): Outcome;
  /** The outcome of a run in two machines: what they have logged, together. */
  join(first: Outcome, second: Outcome): Outcome;
}

/**
 * Compares a run with one that continues half-way in another machine: the saved state must have all that matters.
 *
 * @experimental
 */
export async function compareResumed<Program, Machine, Outcome extends CountedOutcome>(
  runs: ResumableRuns<Program, Machine, Outcome>,
  program: Program,
  engine: Engine,
  limit: number,
): Promise<Pick<Comparison, 'difference' | 'instructions'>> {
  const boot = (): Machine | Promise<Machine> =>
    runs.boot(program, engine, engine === 'wasm' ? TUNINGS.eager : undefined);
  const [whole, first, second] = [await boot(), await boot(), await boot()];
  await runs.run(whole, program, limit);
  const expected = runs.outcome(whole);
  const half = expected.instructions >> 1;
  await runs.run(first, program, half);
  runs.move(first, second);
  await runs.run(second, program, limit - half);
  const actual = runs.join(runs.outcome(first), runs.outcome(second));
  return { difference: difference(expected, actual), instructions: expected.instructions };
}
