import { defineOptions, option, type OptionsOf } from '@qvm/core/options';
import type { VdevContext } from '@qvm/core/vdev';
import { ENTROPY_SOURCE, platformEntropy } from './entropy-source.js';
import type { EntropySource } from './entropy-source.js';
import { SeededEntropy } from './seeded-entropy.js';

/** Options of the device, beyond those of its transport. */
export const ENTROPY_OPTIONS = defineOptions({
  seed: option.number({
    description: 'Return the same bytes in each run, generated from this number; under icount 0 when absent',
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
  }),
});

/** Runs under `icount` are deterministic, so their random numbers must be, too. */
export function sourceOf(vdev: VdevContext, { seed }: OptionsOf<typeof ENTROPY_OPTIONS>): EntropySource {
  if (seed !== undefined) return new SeededEntropy(seed);
  return vdev.clock.kind === 'icount'
    ? new SeededEntropy(0)
    : (vdev.optionalAttachment(ENTROPY_SOURCE) ?? platformEntropy);
}
