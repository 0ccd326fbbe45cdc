// npm run test:browser: the embedded guests boot in headless Chromium, on a page's thread and in a worker, from the same
// packages that Node runs, under a policy without 'unsafe-eval', and print what they print everywhere. VMs, ports and workers have networks. The page of
// a Lahav Line shows the sums that Node computes.
// With --if-available a machine without Chromium is no failure.
import { readFileSync } from 'node:fs';
import { build } from '../scripts/lib/build.mjs';
import { Failure, main } from '../scripts/lib/failure.mjs';
import { inRoot } from '../scripts/lib/root.mjs';
import { step } from '../scripts/lib/step.mjs';
import { findChromium } from './chromium.mjs';
import { checkLahav } from './lahav.mjs';
import { checkNetwork } from './network.mjs';
import { resultOf } from './result.mjs';
import { serve } from './serve.mjs';

const expectedOutput = (name) => readFileSync(inRoot('packages', 'guests', 'testdata', `${name}.expected`), 'utf8');
const EXPECTED = { aarch64: expectedOutput('embedded'), x86_64: expectedOutput('embedded-x86_64') };

await main(async () => {
  const command = findChromium();
  if (command === undefined) {
    const message =
      'There is no Chromium here (Debian: apt-get install chromium; elsewhere: set CHROMIUM to its command).';
    if (!process.argv.includes('--if-available')) throw new Failure(message);
    console.log(`SKIPPED: the browser test. ${message}`);
    return;
  }
  await build();
  const results = await step('Booting in Chromium', async () => run(command));
  check(results);
  await step('Networks in Chromium', async () => checkNetwork(command));
  await step('Drawing the Lahav Line in Chromium', async () => checkLahav(command));
});

async function run(command) {
  // Imported late: before the build there may be no node_modules.
  const { bundle } = await import('./bundle.mjs');
  return resultOf(command, await serve(await bundle('page.mjs', 'worker.mjs')));
}

function check(results) {
  const runs = ['page', 'worker'].flatMap((place) =>
    Object.keys(EXPECTED).map((architecture) => ({
      place,
      architecture,
      result: results[place].error === undefined ? results[place][architecture] : results[place],
    })),
  );
  const problems = runs.flatMap(({ place, architecture, result }) =>
    problemsOf(result, EXPECTED[architecture]).map((problem) => `${place}, ${architecture}: ${problem}`),
  );
  if (problems.length > 0) throw new Failure(problems.join('\n'));
  for (const { place, architecture, result } of runs) {
    const { instructions, milliseconds } = result;
    console.log(
      `${place}, ${architecture}: as expected, ${instructions} instructions in ${milliseconds.toFixed(0)} ms`,
    );
  }
}

function problemsOf(result, expected) {
  if (result.error !== undefined) return [result.error];
  const output = result.output.replaceAll('\r', '');
  return [
    ...(result.isolated === true ? [] : ['it is not isolated from other origins']),
    ...(result.makesCodeFromText === false ? [] : ['code could be made from text']),
    ...(result.exitCode === 0 ? [] : [`exit code ${result.exitCode}: ${result.reason}`]),
    ...(output === expected ? [] : [`the guest printed\n${output}\ninstead of\n${expected}`]),
  ];
}
