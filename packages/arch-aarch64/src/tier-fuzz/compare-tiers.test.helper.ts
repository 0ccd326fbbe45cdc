import { REGION_TUNING } from '@qvm/engine';
import type { RegionTuning } from '@qvm/engine';
import { difference, INSTRUCTIONS, runProgram } from './tier-run.test.helper.js';
import type { TierProgram } from './tier-program.test.helper.js';

/** Tunings of the second tier under which programs are compared, by name. */
export const TUNINGS = {
  /** Translates any code that runs twice; larger regions at once. */
  eager: { hot: 1, hotter: 2, batch: 1, patience: 1, interval: 200, rest: 1, modules: 8192, background: false },
  /** Small regions only, in batches. */
  plain: { hot: 1, hotter: Infinity, batch: 100, patience: 4, interval: 64, rest: 1, modules: 8192, background: false },
  /** The default tuning with shorter intervals, so that these short programs are translated; deterministic. */
  usual: { ...REGION_TUNING, interval: 256, rest: 4, patience: 4, background: false },
} as const satisfies Readonly<Record<string, RegionTuning>>;

/** Result of the comparison of one program. */
export interface Comparison {
  /** The first difference from the interpreter, and the tuning in which it occurred. */
  readonly difference: string | undefined;
  /** Instructions that ran in all tunings, and the part of them that ran in regions. */
  readonly instructions: number;
  readonly translated: number;
  /** Regions that follow calls. */
  readonly inlined: number;
}

/** Runs a program in the interpreter alone and with each of the tunings. */
export async function compareTiers(
  program: TierProgram,
  tunings: readonly (keyof typeof TUNINGS)[] = ['eager', 'plain'],
  limit = INSTRUCTIONS,
): Promise<Comparison> {
  const { outcome: expected } = await runProgram(program, 'interp', undefined, limit);
  let [instructions, translated, inlined] = [0, 0, 0];
  for (const name of tunings) {
    const run = await runProgram(program, 'wasm', TUNINGS[name], limit);
    instructions += run.outcome.instructions;
    translated += run.translated;
    inlined += run.inlined;
    const found = difference(expected, run.outcome);
    if (found !== undefined) return { difference: `${name}: ${found}`, instructions, translated, inlined };
  }
  return { difference: undefined, instructions, translated, inlined };
}

/** The number of instructions after which the tiers first differ, at most `INSTRUCTIONS`. */
export async function firstDifference(program: TierProgram): Promise<number> {
  let [same, differs] = [0, INSTRUCTIONS];
  while (differs - same > 1) {
    const middle = (same + differs) >> 1;
    const { difference: found } = await compareTiers(program, undefined, middle);
    if (found === undefined) same = middle;
    else differs = middle;
  }
  return differs;
}
