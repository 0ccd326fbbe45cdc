// npm run demo: installs, builds, fetches a Debian guest and gives its shell. Without a terminal on stdin the guest tests
// itself and powers off. Where no Debian guest can be fetched, the embedded guest runs instead.
import { spawn } from 'node:child_process';
import { build } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';
import { exitOf, runNode } from './lib/run.mjs';
import { SELFTEST_WORDS, selftestProblems } from './lib/selftest.mjs';
import { say, step } from './lib/step.mjs';

const GUEST = 'debian-arm64';
const QVM = inRoot('packages', 'cli', 'bin', 'qvm.mjs');
const CONFIGURATION = inRoot('examples', 'linux.qvmconf');

/** Several times what the slowest machine needs. */
const LIMIT_MS = 20 * 60_000;

await main(async () => {
  await build();
  if (!(await fetchGuest())) return bootEmbedded();
  return process.stdin.isTTY ? bootInteractively() : bootSelftest();
});

/** Returns whether the guest is there. */
async function fetchGuest() {
  // The folder's name, which the command prints to stdout, is of no interest here.
  const fetch = () => runNode([QVM, 'guest', 'fetch', GUEST], { stdio: ['ignore', 'ignore', 'inherit'] });
  return (await step(`Fetching the guest ${GUEST} (75 MB the first time)`, fetch)) === 0;
}

async function bootEmbedded() {
  say('No Debian guest can be fetched here (the reason is above): booting the embedded guest instead.');
  const { output, exitCode } = await runWatched([QVM, 'start', '--alone', '--embedded']);
  if (exitCode === 0 && !output.includes('EMBEDDED-GUEST-DONE'))
    throw new Failure('The embedded guest did not finish.');
  return exitCode;
}

function bootInteractively() {
  say('Booting Debian. Ctrl-A h shows what can be typed, Ctrl-A x ends, "poweroff -f" powers off.');
  return runNode([QVM, 'start', '--alone', CONFIGURATION]);
}

async function bootSelftest() {
  say('stdin is no terminal: the guest runs selftest-cpu and powers off.');
  const { output, exitCode } = await runWatched([
    QVM,
    'start',
    '--alone',
    CONFIGURATION,
    '--cmdline',
    `console=ttyAMA0 ${SELFTEST_WORDS}`,
  ]);
  const problems = selftestProblems(output);
  for (const problem of problems) say(problem);
  if (exitCode !== 0) throw new Failure(`The guest did not end well: exit code ${exitCode}.`, exitCode);
  if (problems.length !== 0) throw new Failure('selftest-cpu differs from what it prints on a correct machine.');
  say('selftest-cpu printed what it prints on every correct machine; the guest powered off.');
  return 0;
}

/** Runs Node without input, showing and keeping its output, and ends it when it takes far too long. */
async function runWatched(args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks = [];
  child.stdout.on('data', (chunk) => {
    chunks.push(chunk);
    process.stdout.write(chunk);
  });
  let late = false;
  const watchdog = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, LIMIT_MS);
  const exitCode = await exitOf(child, args[0]).finally(() => clearTimeout(watchdog));
  if (late) throw new Failure(`Still running after ${LIMIT_MS / 60_000} minutes: ended.`);
  return { output: Buffer.concat(chunks).toString('utf8'), exitCode };
}
