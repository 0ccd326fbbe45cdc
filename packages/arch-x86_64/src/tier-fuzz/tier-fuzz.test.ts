import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compareTiers } from '@qvm/isa-testing';
import { randomProgram } from './random-program.test.helper.js';
import { parseProgram } from './tier-program.test.helper.js';
import { runProgram } from './tier-run.test.helper.js';

/**
 * The second tier must have the same effects as the first. `npm run fuzz:tiers -- --arch x86_64` searches for programs
 * where it does not.
 */

const SEEDS = 12;
/** Batches keep the tests within their limits of time. */
const BATCH = 4;
const FOLDER = fileURLToPath(new URL('../../testdata/tier-fuzz/', import.meta.url));

describe('random programs', () => {
  it.each(Array.from({ length: SEEDS / BATCH }, (_, i) => 1 + i * BATCH))(
    'do the same in both tiers, from seed %i',
    async (first) => {
      let [instructions, translated, inlined] = [0, 0, 0];
      for (let seed = first; seed < first + BATCH; seed++) {
        const compared = await compareTiers(runProgram, randomProgram(seed));
        expect({ seed, difference: compared.difference }).toEqual({ seed, difference: undefined });
        instructions += compared.instructions;
        translated += compared.translated;
        inlined += compared.inlined;
      }
      // Otherwise the test compares too little.
      expect(translated).toBeGreaterThan(instructions / 10);
      expect(inlined).toBeGreaterThan(0);
    },
  );
});

describe('programs kept in files', () => {
  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.txt')))('%s', async (name) => {
    const program = parseProgram(readFileSync(`${FOLDER}${name}`, 'utf8'));
    expect((await compareTiers(runProgram, program, ['eager', 'plain', 'usual'])).difference).toBeUndefined();
  });
});
