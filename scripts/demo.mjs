// npm run demo: installs, builds, fetches a Debian guest, and runs the system of examples/automotive: a safety VM and a Linux VM that
// share memory and a network, side by side. On a terminal, Linux' shell is yours; without one, the two do their exchange and power
// off. Then there is a Lahav Line of both. Where no Debian guest can be fetched, the embedded guest runs instead.
// With --arch x86_64 the Linux VM is a PC, beside the same safety VM for arm64.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { Failure, main } from './lib/failure.mjs';
import { inRoot } from './lib/root.mjs';
import { exitOf, runNode } from './lib/run.mjs';
import { say, step } from './lib/step.mjs';

const QVM = inRoot('packages', 'cli', 'bin', 'qvm.mjs');
const EXAMPLE = inRoot('examples', 'automotive');

/** By the architecture of the Linux VM: its guest, and the system with what it needs beyond its configuration. */
const SYSTEMS = {
  aarch64: {
    guest: 'debian-arm64',
    size: '75 MB',
    arguments: ['--plugin', join(EXAMPLE, 'doorbell-key.mjs'), join(EXAMPLE, 'system.qvmconf')],
    cmdline: 'console=ttyAMA0 quiet',
  },
  x86_64: {
    guest: 'debian-amd64',
    size: '85 MB',
    arguments: [join(EXAMPLE, 'system-mixed.qvmconf')],
    cmdline: 'console=ttyS0 quiet mitigations=off',
  },
};

/** The output of each of the two when all went well, without a person at the console. */
const MARKERS = ['ADAS-DONE 16 exchanges, 0 wrong', '0% packet loss', 'bye: 16 exchanges, 0 errors', 'SAFETY-DONE'];
/** Tells adas.sh that somebody is at the console. */
const INTERACTIVE = 'qvm.run=sh+/dev/vda adas.stay';

/** Exit code for wrong arguments. */
const USAGE = 2;
/** Several times what the slowest machine needs. */
const LIMIT_MS = 20 * 60_000;

await main(async () => {
  const arch = architecture();
  const system = SYSTEMS[arch];
  await build();
  return (await fetchGuest(system)) ? runSystem(system) : bootEmbedded(arch);
});

function architecture() {
  const { arch } = parseArgs({ options: { arch: { type: 'string', default: 'aarch64' } } }).values;
  if (Object.hasOwn(SYSTEMS, arch)) return arch;
  throw new Failure(`There is no demo for ${arch}; --arch takes ${Object.keys(SYSTEMS).join(' or ')}.`, USAGE);
}

/** The trace is large and goes when the picture is made. */
async function runSystem(system) {
  const folder = mkdtempSync(join(tmpdir(), 'qvm-demo-'));
  const trace = join(folder, 'trace.kev');
  try {
    const arguments_ = ['start', '--alone', '--stats', '--trace', trace, ...system.arguments];
    const exitCode = await (process.stdin.isTTY ? driveInteractively(arguments_, system) : drive(arguments_));
    await drawLahavLine(trace, join(folder, 'lahav.html'));
    return exitCode;
  } finally {
    rmSync(trace, { force: true });
  }
}

function driveInteractively(arguments_, { cmdline }) {
  say("Starting a safety VM and Debian. The console is Debian's; lines of the safety VM have its name before them.");
  say(
    'Statistics are in the title of the window. Ctrl-A h shows what can be typed; "poweroff -f" or Ctrl-A x ends all.',
  );
  return runNode([QVM, ...arguments_, '--console', 'linux-adas', '--cmdline', `${cmdline} ${INTERACTIVE}`]);
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
async function fetchGuest({ guest, size }) {
  // The folder's name, which the command prints to stdout, is of no interest here.
  const fetch = () => runNode([QVM, 'guest', 'fetch', guest], { stdio: ['ignore', 'ignore', 'inherit'] });
  return (await step(`Fetching the guest ${guest} (${size} the first time)`, fetch)) === 0;
}

async function bootEmbedded(arch) {
  say('No Debian guest can be fetched here (the reason is above): booting the embedded guest instead.');
  const { output, exitCode } = await runWatched([QVM, 'start', '--alone', '--embedded', '--arch', arch]);
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
