// npm run bench: qvm beside QEMU's translator, or beside another checkout of qvm. Builds first. See docs/performance.md.
import { writeFileSync } from 'node:fs';
import { ARCHITECTURES } from './bench/architectures.mjs';
import { Figures } from './bench/figures.mjs';
import { killAll } from './bench/guest-process.mjs';
import { hostConditions } from './bench/host.mjs';
import { checkLimits } from './bench/limits.mjs';
import { findBios, findLinux } from './bench/linux.mjs';
import { parseOptions, USAGE } from './bench/options.mjs';
import { limitLines, shellLine, tableOf } from './bench/report.mjs';
import { planOf } from './bench/plan.mjs';
import { baselineSide, qemuSide, qvmSide, v86Side } from './bench/sides.mjs';
import { summaryOf } from './bench/summary.mjs';
import { Failure, main } from './lib/failure.mjs';

// Each start is a first one, unless the environment says otherwise.
process.env.QVM_TRANSLATIONS ??= 'off';

const say = (text) => console.log(text);
const progress = (text) => console.error(text);

function readOptions() {
  try {
    return parseOptions(process.argv.slice(2), ARCHITECTURES);
  } catch (error) {
    throw new Failure(`${error.message} (--help shows the options)`, 2);
  }
}

/** The other side, if there is one. */
async function peerOf({ architecture, baseline, v86, qemu }) {
  if (baseline !== undefined) return baselineSide(baseline, architecture);
  if (v86 !== undefined) return v86Side(v86, await findBios());
  return qemu ? qemuSide(architecture) : undefined;
}

/** Runs all scenarios, the sides in turns, another one first in each round; returns what failed. */
async function measure(sides, scenarios, rounds, figures) {
  const failures = [];
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? sides : sides.toReversed();
    for (const { title, run, only } of scenarios) {
      for (const side of order.filter(({ key }) => only === undefined || key === only)) {
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

function printConditions(sides, linux, options) {
  for (const line of hostConditions()) say(line);
  say(`kept    translations of earlier runs are ${process.env.QVM_TRANSLATIONS === 'off' ? 'not used' : 'used'}`);
  for (const { key, version } of sides) say(`${key.padEnd(7)} ${version}`);
  if (sides.length === 1) say(`theirs  not measured: ${options.architecture.qemu.command} is not there or not wanted`);
  say(`guest   ${linux.packages}`);
  for (const name of options.lines) {
    const guest = { ...linux.guest, commandLine: options.architecture.lines[name] };
    for (const side of sides) say(`${name}, ${side.key}: ${shellLine(side.command(guest))}`);
  }
  const { rounds, divisor, kernelDivisor, ioDivisor } = options;
  say(`rounds  ${rounds}; divisors: bench ${divisor}, kernels ${kernelDivisor}, io ${ioDivisor}\n`);
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
  const linux = await findLinux(options.architecture);
  const peer = await peerOf(options);
  const sides = [qvmSide(options.architecture), peer].filter((side) => side !== undefined);
  printConditions(sides, linux, options);
  const figures = new Figures();
  const failures = await measure(sides, planOf(options, options.architecture, linux), options.rounds, figures);
  const measured = figures.rows();
  const rows = [...measured, ...summaryOf(measured)];
  // No floor is about another checkout.
  const verdicts = options.baseline === undefined ? checkLimits(rows, options.arch, options.v86 ? 'v86' : 'qemu') : [];
  say(tableOf(rows));
  say('\nratio: theirs ÷ ours of what is better small, ours ÷ theirs of the rest; above 1, ours is better.\n');
  if (verdicts.length > 0) say(limitLines(verdicts));
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(rows.map(nulled), undefined, 2)}\n`);
  return failures.length > 0 || (options.check && verdicts.some(({ met }) => !met)) ? 1 : 0;
});
