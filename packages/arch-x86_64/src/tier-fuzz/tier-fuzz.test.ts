import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compareTiers } from '@qvm/isa-testing';
import { randomProgram } from './random-program.test.helper.js';
import { parseProgram, TIER_MODES } from './tier-program.test.helper.js';
import { runProgram } from './tier-run.test.helper.js';

/**
 * The second tier must have the same effects as the first. `npm run fuzz:tiers -- --arch x86_64` searches for programs
 * where it does not.
 */

/** Programs of a mode. */
const SEEDS = 3;
const FOLDER = fileURLToPath(new URL('../../testdata/tier-fuzz/', import.meta.url));

describe('random programs', () => {
  it.each(TIER_MODES)('do the same in both tiers, in mode %s', async (mode) => {
    let [instructions, translated, inlined] = [0, 0, 0];
    for (let seed = 1; seed <= SEEDS; seed++) {
      const compared = await compareTiers(runProgram, randomProgram(seed, mode));
      expect({ seed, difference: compared.difference }).toEqual({ seed, difference: undefined });
      instructions += compared.instructions;
      translated += compared.translated;
      inlined += compared.inlined;
    }
    // Otherwise the test compares too little.
    expect(translated).toBeGreaterThan(instructions / 10);
    expect(inlined).toBeGreaterThan(0);
  });
});

describe('programs kept in files', () => {
  it.each(readdirSync(FOLDER).filter((name) => name.endsWith('.txt')))('%s', async (name) => {
    const program = parseProgram(readFileSync(`${FOLDER}${name}`, 'utf8'));
    expect((await compareTiers(runProgram, program, ['eager', 'plain', 'usual'])).difference).toBeUndefined();
  });
});
