import type { Engine } from '@qvm/core/architecture';
import { REGION_TUNING } from '@qvm/engine';
import type { RegionTuning } from '@qvm/engine';
import { difference } from './difference.js';

/** The name of a tuning in {@link TUNINGS}. @experimental */
export type Tuning = 'eager' | 'plain' | 'usual' | 'late';

/**
 * Tunings of the second tier under which programs are compared. `eager` translates any code that runs twice, larger
 * regions at once; `plain` only small regions, in batches; `usual` is the default with shorter intervals, so that
 * short programs are translated. These are deterministic. `late` compiles on background threads: regions come to use at
 * some later time, when their code may have changed.
 *
 * @experimental
 */
export const TUNINGS: Readonly<Record<Tuning, RegionTuning>> = {
  eager: { hot: 1, hotter: 2, batch: 1, patience: 1, interval: 200, rest: 1, modules: 8192, background: false },
  plain: { hot: 1, hotter: Infinity, batch: 100, patience: 4, interval: 64, rest: 1, modules: 8192, background: false },
  usual: { ...REGION_TUNING, interval: 256, rest: 4, patience: 4, background: false },
  late: { hot: 1, hotter: 2, batch: 50, patience: 2, interval: 100, rest: 1, modules: 8192, background: true },
};

/** The outcome of a program in one engine, and the second tier's part in it. @experimental */
export interface TierRun<Outcome extends object = object> {
  /** All that must be the same in both tiers. */
  readonly outcome: Outcome;
  /** Instructions that were executed. */
  readonly instructions: number;
  /** Instructions in regions. */
  readonly translated: number;
  /** Regions that follow calls. */
  readonly inlined: number;
}

/** Runs a program for at most `limit` instructions. @experimental */
export type TierRunner<Program> = (
  program: Program,
  engine: Engine,
  tuning: RegionTuning | undefined,
  limit: number,
) => Promise<TierRun>;

/** Limit of a run: random code may loop forever. @experimental */
export const INSTRUCTIONS = 120_000;

/** Result of the comparison of one program. @experimental */
export interface Comparison {
  /** The first difference from the interpreter, and the tuning in which it occurred. */
  readonly difference: string | undefined;
  /** Instructions that ran in all tunings, and the part of them that ran in regions. */
  readonly instructions: number;
  /** See {@link Comparison.instructions}. */
  readonly translated: number;
  /** Regions that follow calls. */
  readonly inlined: number;
}

/** Runs a program in the interpreter alone and with each of the tunings. @experimental */
export async function compareTiers<Program>(
  run: TierRunner<Program>,
  program: Program,
  tunings: readonly Tuning[] = ['eager', 'plain'],
  limit = INSTRUCTIONS,
): Promise<Comparison> {
  const { outcome: expected } = await run(program, 'interp', undefined, limit);
  let [instructions, translated, inlined] = [0, 0, 0];
  for (const name of tunings) {
    const actual = await run(program, 'wasm', TUNINGS[name], limit);
    instructions += actual.instructions;
    translated += actual.translated;
    inlined += actual.inlined;
    const found = difference(expected, actual.outcome);
    if (found !== undefined) return { difference: `${name}: ${found}`, instructions, translated, inlined };
  }
  return { difference: undefined, instructions, translated, inlined };
}

/** The number of instructions after which the tiers first differ, at most {@link INSTRUCTIONS}. @experimental */
export async function firstDifference<Program>(run: TierRunner<Program>, program: Program): Promise<number> {
  let [same, differs] = [0, INSTRUCTIONS];
  while (differs - same > 1) {
    const middle = (same + differs) >> 1;
    const { difference: found } = await compareTiers(run, program, undefined, middle);
    if (found === undefined) same = middle;
    else differs = middle;
  }
  return differs;
}
