import { ConfigError, findingAt, sourceOf } from '@qvm/config';
import { VmHost, type CreateParams, type HostedVm, type VmEnd } from '@qvm/host';
import { ConsolePrinter } from '../console/console-printer.js';
import type { SystemLaunch } from '../host/read-launch.js';
import { CliLogger } from '../report/cli-logger.js';
import { endLine } from '../report/vm-report.js';
import { onStopSignals } from '../signals.js';
import { shownConsole } from './start-in-host.js';
import type { StartFlags } from './start.js';

/** How long guests may take to end after their power buttons were pressed. */
const STOP_TIMEOUT_MS = 30_000;

/**
 * `qvm start` with several VMs and no host: runs them side by side, each on a thread of its own. Their consoles share
 * stdout, each line with its VM's name, or one has the terminal for itself. Returns the exit code of the first VM that
 * did not end by 0.
 */
export async function startTogether({ vms: launches, shares }: SystemLaunch, flags: StartFlags): Promise<number> {
  refuseDuplicates(launches);
  const shown = shownConsole(launches, flags);
  const logger = new CliLogger(process.stderr, { verbose: flags.verbose === true, quiet: flags.json === true });
  const host = new VmHost({
    onLog: (vm, level, message) => logger.log(level, `${vm.name}: ${message}`),
    onAnnouncement: (vm, message) => logger.say(`${vm.name}: ${message}`),
  });
  const signals = onStopSignals(
    () => void host.shutdown(STOP_TIMEOUT_MS),
    () => void host.shutdown(0),
  );
  try {
    for (const { name, size } of shares) host.services.share(name, size);
    const vms: HostedVm[] = [];
    for (const { restart, ...launch } of launches) {
      vms.push(await host.create(restart === undefined ? { launch } : { launch, restart }));
    }
    for (const vm of vms) for (const warning of vm.warnings) logger.warn(warning);
    const printer = new ConsolePrinter(
      process.stdout,
      vms.map(({ name }) => name),
    );
    for (const vm of vms) showConsole(vm, shown, printer);
    await Promise.all(vms.map((vm) => vm.start()));
    const ends = await Promise.all(vms.map(async (vm) => ({ name: vm.name, end: await vm.end })));
    printer.end();
    return report(ends, flags, logger);
  } finally {
    signals.dispose();
    await host.shutdown(0);
    process.stdin.destroy();
  }
}

function showConsole(vm: HostedVm, shown: string | undefined, printer: ConsolePrinter): void {
  const hub = vm.console('stdio');
  if (shown === undefined) hub.attach((bytes) => printer.print(vm.name, bytes));
  else if (shown === vm.name) {
    hub.attach((bytes) => void process.stdout.write(bytes));
    void sendInput(vm);
  }
}

async function sendInput(vm: HostedVm): Promise<void> {
  try {
    for await (const bytes of process.stdin as AsyncIterable<Uint8Array>) {
      await vm.request('input', { stream: 'stdio', bytes: Uint8Array.from(bytes) });
    }
  } catch {
    // The VM has ended, and stdin with it; or stdin cannot be read, which is like its end.
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
