import { TUNINGS } from '@qvm/isa-testing';
import { randomProgram } from './random-program.test.helper.js';
import { runProgram } from './tier-run.test.helper.js';
import type { TierOutcome } from './tier-run.test.helper.js';

/**
 * A program of users sees nothing of the interrupts and page faults that a system handles for it: it computes the same as
 * without them.
 */

const PROGRAMS = 8;
const LIMIT = 60_000;
/** Instructions with all handlers. */
const LONGEST = 600_000;

/** The results of a program. */
const computed = ({ exit, registers, vectors, x87, mxcsr, data }: TierOutcome): object => ({
  exit: exit.split(' ')[0],
  ...{ registers, vectors, x87, mxcsr, data },
});

it.each(['interp', 'wasm'] as const)(
  'programs compute the same when interrupts and page faults come at any instruction: %s',
  async (engine) => {
    let [compared, disturbed] = [0, 0];
    for (let seed = 1; compared < PROGRAMS; seed++) {
      const program = randomProgram(seed, 'long');
      const { setup } = program;
      if (setup.cpl !== 3) continue;
      // Interrupts are on in both cases, because programs read the flag.
      const calm = { ...program, setup: { ...setup, interrupts: Infinity, demand: false, step: LIMIT } };
      const { outcome: expected } = await runProgram(calm, 'interp', undefined, LIMIT);
      if (!expected.exit.startsWith('Halted')) continue;
      const wild = { ...program, setup: { ...setup, interrupts: 1, demand: true, step: 151 + (seed % 3) * 500 } };
      const { outcome } = await runProgram(wild, engine, TUNINGS.eager, LONGEST);
      expect({ seed, ...computed(outcome) }).toEqual({ seed, ...computed(expected) });
      compared++;
      disturbed += outcome.instructions - expected.instructions;
    }
    expect(disturbed).toBeGreaterThan(10_000);
  },
);
