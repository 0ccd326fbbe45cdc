import { ConfigError, findingAt, sourceOf } from '@qvm/config';
import { VmHost, type CreateParams, type HostedVm, type VmEnd } from '@qvm/host';
import { SystemConsole, type SystemConsoleActions } from '../console/system-console.js';
import type { SystemLaunch } from '../host/read-launch.js';
import { WindowTitle } from '../console/window-title.js';
import { CliLogger } from '../report/cli-logger.js';
import { LiveStatistics } from '../report/live-statistics.js';
import { endLine } from '../report/vm-report.js';
import { outputWasLost } from '../report/output-streams.js';
import { onStopSignals } from '../signals.js';
import { SystemTrace } from '../trace/system-trace.js';
import { shownConsole } from './start-in-host.js';
import type { StartFlags } from './start-flags.js';

/** Time in which guests must shut down after their power buttons were pressed. */
const STOP_TIMEOUT_MS = 30_000;
const STATISTICS_MS = 5_000;

/**
 * `qvm start` with several VMs and without a host: runs them in parallel, each on a thread of its own. Their consoles
 * share stdout, each line with the VM's name; one VM may be in front, and its end ends the others. Returns the exit
 * code of the first VM that did not end with 0.
 */
export async function startTogether(system: SystemLaunch, flags: StartFlags): Promise<number> {
  refuseDuplicates(system.vms);
  const front = shownConsole(system.vms, flags);
  const logger = new CliLogger(process.stderr, { verbose: flags.verbose === true, quiet: flags.json === true });
  const host = new VmHost({
    onLog: (vm, level, message) => logger.log(level, `${vm.name}: ${message}`),
    onHostLog: (level, message) => logger.log(level, message),
    onOutputLost: () => outputWasLost(),
    onAnnouncement: (vm, message) => logger.say(`${vm.name}: ${message}`),
    onEnd: (vm) => void (vm.name === front && host.shutdown(STOP_TIMEOUT_MS)),
  });
  const trace = flags.trace === undefined ? undefined : new SystemTrace(flags.trace, (message) => logger.say(message));
  const stop = (): void => void host.shutdown(STOP_TIMEOUT_MS);
  const cut = (): void => void host.shutdown(0);
  const signals = onStopSignals(stop, cut);
  try {
    const vms = await create(host, system, logger);
    for (const vm of vms) await trace?.attach(vm);
    return await run(vms, front, { stop, cut, say: (line) => logger.say(line) }, { flags, logger });
  } finally {
    signals.dispose();
    await host.shutdown(0);
    await trace?.close();
  }
}

async function create(
  host: VmHost,
  { vms: launches, shares, places, captures }: SystemLaunch,
  logger: CliLogger,
): Promise<readonly HostedVm[]> {
  for (const { name, size } of shares) host.services.share(name, size);
  for (const place of places) for (const warning of host.place(place)) logger.log('warn', `host: ${warning}`);
  for (const capture of captures) host.services.fabric.capture(capture.switch, capture.path);
  const vms: HostedVm[] = [];
  for (const { restart, ...launch } of launches) {
    vms.push(await host.create(restart === undefined ? { launch } : { launch, restart }));
  }
  for (const vm of vms) for (const warning of vm.warnings) logger.warn(warning);
  return vms;
}

async function run(
  vms: readonly HostedVm[],
  front: string | undefined,
  actions: SystemConsoleActions,
  { flags, logger }: { readonly flags: StartFlags; readonly logger: CliLogger },
): Promise<number> {
  const console = new SystemConsole(vms, front, actions);
  const title = front !== undefined && process.stdout.isTTY ? new WindowTitle(process.stdout) : undefined;
  const show = title?.show ?? actions.say;
  const statistics = flags.stats === true ? new LiveStatistics(vms, STATISTICS_MS, show) : undefined;
  try {
    await Promise.all(vms.map((vm) => vm.start()));
    const ends = await Promise.all(vms.map(async (vm) => ({ name: vm.name, end: await vm.end })));
    return report(ends, flags, logger);
  } finally {
    statistics?.dispose();
    title?.dispose();
    console.dispose();
  }
}

function refuseDuplicates(launches: readonly CreateParams[]): void {
  const names = launches.map(({ spec }) => spec.name);
  const twice = launches.find(({ spec }, index) => names.indexOf(spec.name) !== index);
  if (twice === undefined) return;
  const at = sourceOf(twice.spec.source, 'name');
  const message = `two VMs have the name "${twice.spec.name}"`;
  throw new ConfigError([findingAt(at, 'error', 'lint.duplicate-vm', message, 'give one of them another name')]);
}

function report(
  ends: readonly { readonly name: string; readonly end: VmEnd }[],
  { json }: StartFlags,
  logger: CliLogger,
): number {
  for (const { name, end } of ends) {
    if (json === true) process.stderr.write(`${JSON.stringify({ name, ...end })}\n`);
    else if (end.exitCode !== 0) logger.say(endLine(name, end));
  }
  return ends.find(({ end }) => end.exitCode !== 0)?.end.exitCode ?? 0;
}
