// npm run demo: installs, builds, fetches a Debian guest, and runs the system of examples/automotive: a safety VM and a Linux VM that
// share memory and a network, side by side. On a terminal, Linux' shell is yours; without one, the two do their exchange and power
// off. Then there is a Lahav Line of both. Where no Debian guest can be fetched, the embedded guest runs instead.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';
import { exitOf, runNode } from './lib/run.mjs';
import { say, step } from './lib/step.mjs';

const GUEST = 'debian-arm64';
const QVM = inRoot('packages', 'cli', 'bin', 'qvm.mjs');
const EXAMPLE = inRoot('examples', 'automotive');

/** The output of each of the two when all went well, without a person at the console. */
const MARKERS = ['ADAS-DONE 16 exchanges, 0 wrong', '0% packet loss', 'bye: 16 exchanges, 0 errors', 'SAFETY-DONE'];
/** Tells adas.sh that somebody is at the console. */
const INTERACTIVE = ['--console', 'linux-adas', '--cmdline', 'console=ttyAMA0 quiet qvm.run=sh+/dev/vda adas.stay'];

/** Several times what the slowest machine needs. */
const LIMIT_MS = 20 * 60_000;

await main(async () => {
  await build();
  return (await fetchGuest()) ? runSystem() : bootEmbedded();
});

/** The trace is large and goes when the picture is made. */
async function runSystem() {
  const folder = mkdtempSync(join(tmpdir(), 'qvm-demo-'));
  const trace = join(folder, 'trace.kev');
  try {
    const arguments_ = ['start', '--alone', '--stats', '--trace', trace];
    arguments_.push('--plugin', join(EXAMPLE, 'doorbell-key.mjs'), join(EXAMPLE, 'system.qvmconf'));
    const exitCode = await (process.stdin.isTTY ? driveInteractively(arguments_) : drive(arguments_));
    await drawLahavLine(trace, join(folder, 'lahav.html'));
    return exitCode;
  } finally {
    rmSync(trace, { force: true });
  }
}

function driveInteractively(arguments_) {
  say("Starting a safety VM and Debian. The console is Debian's; lines of the safety VM have its name before them.");
  say(
    'Statistics are in the title of the window. Ctrl-A h shows what can be typed; "poweroff -f" or Ctrl-A x ends all.',
  );
  return runNode([QVM, ...arguments_, ...INTERACTIVE]);
}

async function drive(arguments_) {
  say('Starting a safety VM and Debian. stdin is no terminal: they exchange their messages and power off.');
  const { output, exitCode } = await runWatched([QVM, ...arguments_]);
  if (exitCode !== 0) throw new Failure(`The system did not end well: exit code ${exitCode}.`, exitCode);
  const missing = MARKERS.filter((marker) => !output.includes(marker));
  if (missing.length !== 0) throw new Failure(`This was not said: ${missing.join('; ')}.`);
  say('Every message was as agreed on both sides, every ping was answered, and both guests powered off.');
  return exitCode;
}

async function drawLahavLine(trace, page) {
  const exitCode = await step('Drawing where the time went', () =>
    runNode([QVM, 'lahav', trace, '--format', 'html', '-o', page], { stdio: ['ignore', 'inherit', 'inherit'] }),
  );
  if (exitCode !== 0) throw new Failure('The Lahav Line could not be drawn.', exitCode);
  say(`The Lahav Line of both VMs, to be opened in a browser: ${page}`);
}

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
