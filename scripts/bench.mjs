// npm run bench: qvm beside QEMU's translator. See docs/performance.md.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareImage } from './bench/bare-image.mjs';
import { Figures, geometricMean } from './bench/figures.mjs';
import { killAll } from './bench/guest-process.mjs';
import { hostConditions } from './bench/host.mjs';
import { checkLimits } from './bench/limits.mjs';
import { parseOptions, USAGE } from './bench/options.mjs';
import { limitLines, shellLine, tableOf } from './bench/report.mjs';
import { boot, firstInstruction, guestBench } from './bench/scenarios.mjs';
import { qemuSide, qvmSide } from './bench/sides.mjs';
import { Failure, main } from './lib/failure.mjs';

const GUEST = 'debian-arm64';
const CONSOLE = 'console=ttyAMA0';
const LINES = {
  stock: CONSOLE,
  lean: `${CONSOLE} init_on_alloc=0 mitigations=off lsm= ima=off cryptomgr.notests audit=0 nokaslr`,
};
/** An interpreter on a busy machine may need this long for one bench. */
const BENCH_TIMEOUT_SECONDS = 1800;

const say = (text) => console.log(text);
const progress = (text) => console.error(text);

function readOptions() {
  try {
    return parseOptions(process.argv.slice(2), Object.keys(LINES));
  } catch (error) {
    throw new Failure(`${error.message} (--help shows the options)`, 2);
  }
}

async function findGuest() {
  const { verifyGuest } = await import('@qvm/guests').catch(() => {
    throw new Failure('qvm is not built: npm run build');
  });
  const { files, directory } = await verifyGuest(GUEST).catch((cause) => {
    throw new Failure(`${cause.message} (npx qvm guest fetch ${GUEST})`);
  });
  const packages = readFileSync(join(directory, 'package'), 'utf8').trim().replaceAll('\n', ', ');
  return { packages, linux: { kernel: files['Image'], initramfs: files['initramfs.cpio.gz'] } };
}

function writeBareKernel() {
  const directory = mkdtempSync(join(tmpdir(), 'qvm-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'bare.bin');
  writeFileSync(file, bareImage());
  return file;
}

function scenariosOf(options, linux) {
  const { only, divisor, benchSeconds: seconds, idleSeconds } = options;
  const scenarios = [];
  if (only.includes('start'))
    scenarios.push({ title: 'start', run: firstInstruction({ bareKernel: writeBareKernel() }) });
  for (const name of options.lines) {
    const line = { name, text: LINES[name] };
    if (only.includes('boot')) {
      // Idleness does not depend on the command line: once is enough.
      const run = boot({ linux, line, idleSeconds: name === options.lines[0] ? idleSeconds : 0 });
      scenarios.push({ title: `boot, ${name}`, run });
    }
    if (only.includes('bench')) {
      const run = guestBench({ linux, line, divisor, seconds, timeoutSeconds: BENCH_TIMEOUT_SECONDS });
      scenarios.push({ title: `bench ${divisor}, ${name}`, run });
    }
  }
  return scenarios;
}

/** Runs all scenarios, the sides in turns; returns what failed. */
async function measure(sides, scenarios, rounds, figures) {
  const failures = [];
  for (let round = 1; round <= rounds; round++) {
    for (const { title, run } of scenarios) {
      for (const side of sides) {
        progress(`round ${round}/${rounds}: ${title}, ${side.key}`);
        await run(side, figures).catch((error) => {
          failures.push(`${title}, ${side.key}: ${error.message}`);
          progress(failures.at(-1));
        });
      }
    }
  }
  return failures;
}

function printConditions(sides, { packages, linux }, options) {
  for (const line of hostConditions()) say(line);
  for (const { key, version } of sides) say(`${key.padEnd(7)} ${version}`);
  if (sides.length === 1) say('theirs  not measured: qemu-system-aarch64 is not there or not wanted');
  say(`guest   ${packages}`);
  for (const name of options.lines) {
    for (const side of sides)
      say(`${name}, ${side.key}: ${shellLine(side.command({ ...linux, commandLine: LINES[name] }))}`);
  }
  say(`rounds  ${options.rounds}, medians; bench divisor ${options.divisor}\n`);
}

/** JSON has no undefined; a program wants every key. */
const nulled = (row) => ({ ...row, ours: row.ours ?? null, theirs: row.theirs ?? null, ratio: row.ratio ?? null });

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    killAll();
    process.exit(130);
  });
}

await main(async () => {
  const options = readOptions();
  if (options.help) {
    say(USAGE);
    return 0;
  }
  const guest = await findGuest();
  const sides = [qvmSide(), options.qemu ? qemuSide() : undefined].filter((side) => side !== undefined);
  printConditions(sides, guest, options);
  const figures = new Figures();
  const failures = await measure(sides, scenariosOf(options, guest.linux), options.rounds, figures);
  const measured = figures.rows();
  const means = options.lines.map((name) => geometricMean(measured, `bench-${name}`));
  const rows = [...measured, ...means.filter((row) => row !== undefined)];
  const verdicts = checkLimits(rows);
  say(tableOf(rows));
  say('\nratio: theirs ÷ ours of what is better small; above 1, ours is better.\n');
  if (verdicts.length > 0) say(limitLines(verdicts));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows.map(nulled), undefined, 2)}\n`);
  return failures.length > 0 || (options.check && verdicts.some(({ met }) => !met)) ? 1 : 0;
});
