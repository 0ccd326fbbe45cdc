// npm run fuzz:tiers [-- [--seconds N | --programs N] [--seed S]]: random A64 programs, by the interpreter alone and
// with regions, until the time is over (60 seconds unless said otherwise) or N have run. A difference is minimised and
// stored under packages/arch-aarch64/testdata/tier-fuzz, which the fast tests run. After a build.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';
import { say } from './lib/step.mjs';

const ARCH = inRoot('packages', 'arch-aarch64');
const REPORT_SECONDS = 30;

await main(async () => {
  const { seconds, programs, seed: first } = readOptions();
  const { compareTiers, firstDifference } = await helper('compare-tiers');
  const { minimise } = await helper('minimise');
  const { randomProgram } = await helper('random-program');
  const { formatProgram } = await helper('tier-program');
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1e3;
  const totals = { programs: 0, instructions: 0, translated: 0, inlined: 0, differ: 0 };
  say(`Seed ${first}, ${programs === undefined ? `${seconds} s` : `${programs} programs`}`);
  const isOver = () => (programs === undefined ? elapsed() >= seconds : totals.programs >= programs);
  for (let seed = first, next = REPORT_SECONDS; !isOver(); seed++) {
    const program = randomProgram(seed);
    // The usual thresholds need more samples, so they take longer: now and then is enough.
    const compared = await compareTiers(program, seed % 8 === 0 ? ['eager', 'plain', 'usual'] : ['eager', 'plain']);
    totals.programs++;
    for (const key of ['instructions', 'translated', 'inlined']) totals[key] += compared[key];
    if (compared.difference !== undefined) {
      totals.differ++;
      say(`Seed ${seed} differs: ${compared.difference}`);
      const small = await minimise(program, async (less) => (await compareTiers(less)).difference !== undefined);
      const file = inRoot('packages', 'arch-aarch64', 'testdata', 'tier-fuzz', `seed-${seed}.s`);
      writeFileSync(file, formatProgram(small));
      say(`${small.lines.length} lines, differs after ${await firstDifference(small)} instructions: ${file}`);
    }
    if (elapsed() < next) continue;
    say(`${Math.round(elapsed())} s, next seed ${seed + 1}: ${JSON.stringify(totals)}`);
    next += REPORT_SECONDS;
  }
  say(JSON.stringify(totals));
  if (totals.differ > 0) throw new Failure(`${totals.differ} programs differ.`);
});

function helper(name) {
  return import(`${ARCH}/dist/tier-fuzz/${name}.test.helper.js`).catch((cause) => {
    throw new Failure(`qvm is not built: npm run build (${cause.message})`);
  });
}

function readOptions() {
  const number = { type: 'string' };
  const { values } = parseArgs({ options: { seconds: number, programs: number, seed: number } });
  const { seconds = '60', programs, seed = String(Date.now() % 0x8000_0000) } = values;
  for (const value of [seconds, programs ?? '1', seed])
    if (!/^\d+$/.test(value)) throw new Failure('--seconds, --programs and --seed take numbers', 2);
  return {
    seconds: Number(seconds),
    programs: programs === undefined ? undefined : Number(programs),
    seed: Number(seed),
  };
}
