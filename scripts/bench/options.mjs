import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [options]
Measures qvm beside QEMU (where installed): the same guests, in turns.

  --arch A          aarch64 (default), x86_64 or i386; the x86 ones need gcc for their bare-metal guests
  --quick           one round, --divisor 100, --kernel-divisor 4, --io-divisor 4, --bench-time 0, --idle 5
  --rounds N        rounds (default 3)
  --only A,B        of start, kernels, boot, bench, and for aarch64 io, host (default: the first four); with --v86 boot, bench
  --lines A,B       kernel command lines, of stock, lean (default: both)
  --divisor N       the guest's "bench N": all work divided by N (default 1)
  --kernel-divisor N  the same for the compute kernels (default 1)
  --io-divisor N    the same for disks and networks (default 1)
  --bench-time S    repeat the guest's bench until S seconds have passed (default 0: once)
  --idle S          seconds of idleness to measure, 0 for none (default 20)
  --json FILE       write the rows: name, group, ours, theirs, unit, ratio
  --check           exit code 1 when a floor of bench/tolerances.json is missed
  --no-qemu         ours only
  --v86 FOLDER      with --arch i386: the npm package v86 in the place of QEMU
  --baseline FOLDER the qvm of another checkout, which is built, in the place of QEMU`;

/** Groups that are measured unless others are asked for. */
const USUAL = ['start', 'kernels', 'boot', 'bench'];

const DEFINITIONS = {
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  arch: { type: 'string', default: 'aarch64' },
  only: { type: 'string' },
  lines: { type: 'string', default: 'stock,lean' },
  divisor: { type: 'string' },
  'kernel-divisor': { type: 'string' },
  'io-divisor': { type: 'string' },
  'bench-time': { type: 'string' },
  idle: { type: 'string' },
  json: { type: 'string' },
  check: { type: 'boolean', default: false },
  'no-qemu': { type: 'boolean', default: false },
  v86: { type: 'string' },
  baseline: { type: 'string' },
  help: { type: 'boolean', default: false },
};

const DEFAULTS = { rounds: 3, divisor: 1, 'kernel-divisor': 1, 'io-divisor': 1, 'bench-time': 0, idle: 20 };
const QUICK = { rounds: 1, divisor: 100, 'kernel-divisor': 4, 'io-divisor': 4, 'bench-time': 0, idle: 5 };

function wholeNumber(values, name, least) {
  const text = values[name];
  if (text === undefined) return (values.quick ? QUICK : DEFAULTS)[name];
  if (!/^\d{1,6}$/.test(text) || Number(text) < least)
    throw new Error(`--${name} ${text}: a whole number from ${least} is needed`);
  return Number(text);
}

function words(values, name, known) {
  const chosen = values[name].split(',');
  const wrong = chosen.find((word) => !known.includes(word));
  if (wrong !== undefined) throw new Error(`--${name} ${wrong}: one of ${known.join(', ')} is needed`);
  return chosen;
}

/** Options of the command line; throws an Error that names what is wrong. */
export function parseOptions(args, architectures) {
  const { values } = parseArgs({ args, options: DEFINITIONS });
  const architecture = architectures[values.arch];
  if (architecture === undefined)
    throw new Error(`--arch ${values.arch}: one of ${Object.keys(architectures).join(', ')} is needed`);
  const { groups, lines } = architecture;
  // v86 starts no ELF file by PVH.
  const possible = values.v86 === undefined ? groups : groups.filter((group) => ['boot', 'bench'].includes(group));
  values.only ??= USUAL.filter((group) => possible.includes(group)).join(',');
  if (values.baseline !== undefined && (values.check || values['no-qemu']))
    throw new Error('--baseline goes with neither --check nor --no-qemu');
  if (values.v86 !== undefined && (values.arch !== 'i386' || values.baseline !== undefined || values['no-qemu']))
    throw new Error('--v86 goes with --arch i386, and with neither --baseline nor --no-qemu');
  return {
    help: values.help,
    check: values.check,
    qemu: !values['no-qemu'],
    baseline: values.baseline,
    v86: values.v86,
    json: values.json,
    arch: values.arch,
    architecture,
    only: words(values, 'only', possible),
    lines: words(values, 'lines', Object.keys(lines)),
    rounds: wholeNumber(values, 'rounds', 1),
    divisor: wholeNumber(values, 'divisor', 1),
    kernelDivisor: wholeNumber(values, 'kernel-divisor', 1),
    ioDivisor: wholeNumber(values, 'io-divisor', 1),
    benchSeconds: wholeNumber(values, 'bench-time', 0),
    idleSeconds: wholeNumber(values, 'idle', 0),
  };
}
