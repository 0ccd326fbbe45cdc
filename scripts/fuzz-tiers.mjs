// npm run fuzz:tiers [-- [--arch aarch64|x86_64] [--seconds N | --programs N] [--seed S]]: random programs, by the
// interpreter alone and with regions, until the time is over (60 seconds unless said otherwise) or N have run. A
// difference is minimised and stored under testdata/tier-fuzz of the architecture's package, whose fast tests run it.
// After a build.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';
import { say } from './lib/step.mjs';

/** The ends of the names of files with programs, by architecture. */
const SUFFIXES = { aarch64: 's', x86_64: 'txt' };
const REPORT_SECONDS = 30;

await main(async () => {
  const { arch, seconds, programs, seed: first } = readOptions();
  const { compareTiers, firstDifference, minimise } = await built('isa-testing', 'index.js');
  const helper = (name) => built(`arch-${arch}`, `tier-fuzz/${name}.test.helper.js`);
  const { randomProgram } = await helper('random-program');
  const { formatProgram } = await helper('tier-program');
  const { runProgram } = await helper('tier-run');
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1e3;
  const totals = { programs: 0, instructions: 0, translated: 0, inlined: 0, differ: 0 };
  say(`${arch}, seed ${first}, ${programs === undefined ? `${seconds} s` : `${programs} programs`}`);
  const isOver = () => (programs === undefined ? elapsed() >= seconds : totals.programs >= programs);
  for (let seed = first, next = REPORT_SECONDS; !isOver(); seed++) {
    const program = randomProgram(seed);
    // The usual thresholds need more samples, so they take longer: now and then is enough.
    const compared = await compareTiers(
      runProgram,
      program,
      seed % 8 === 0 ? ['eager', 'plain', 'usual'] : seed % 2 === 0 ? ['eager', 'plain'] : ['late'],
    );
    totals.programs++;
    for (const key of ['instructions', 'translated', 'inlined']) totals[key] += compared[key];
    if (compared.difference !== undefined) {
      totals.differ++;
      say(`Seed ${seed} differs: ${compared.difference}`);
      const small = await minimise(
        program,
        async (less) => (await compareTiers(runProgram, less)).difference !== undefined,
      );
      const folder = inRoot('packages', `arch-${arch}`, 'testdata', 'tier-fuzz');
      mkdirSync(folder, { recursive: true });
      const file = join(folder, `seed-${seed}.${SUFFIXES[arch]}`);
      writeFileSync(file, formatProgram(small));
      say(
        `${small.lines.length} lines, differs after ${await firstDifference(runProgram, small)} instructions: ${file}`,
      );
    }
    if (elapsed() < next) continue;
    say(`${Math.round(elapsed())} s, next seed ${seed + 1}: ${JSON.stringify(totals)}`);
    next += REPORT_SECONDS;
  }
  say(JSON.stringify(totals));
  if (totals.differ > 0) throw new Failure(`${totals.differ} programs differ.`);
});

function built(name, file) {
  return import(join(inRoot('packages', name), 'dist', file)).catch((cause) => {
    throw new Failure(`qvm is not built: npm run build (${cause.message})`);
  });
}

function readOptions() {
  const text = { type: 'string' };
  const { values } = parseArgs({ options: { arch: text, seconds: text, programs: text, seed: text } });
  const { arch = 'aarch64', seconds = '60', programs, seed = String(Date.now() % 0x8000_0000) } = values;
  for (const value of [seconds, programs ?? '1', seed])
    if (!/^\d+$/.test(value)) throw new Failure('--seconds, --programs and --seed take numbers', 2);
  if (!Object.hasOwn(SUFFIXES, arch)) throw new Failure(`--arch is one of ${Object.keys(SUFFIXES).join(', ')}`, 2);
  return {
    arch,
    seconds: Number(seconds),
    programs: programs === undefined ? undefined : Number(programs),
    seed: Number(seed),
  };
}
