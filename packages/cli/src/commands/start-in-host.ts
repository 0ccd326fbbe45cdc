import { formatFinding } from '@qvm/config';
import type { ControlClient, CreateParams, VmEnd } from '@qvm/host';
import { showRemoteConsole } from '../console/remote-console.js';
import type { SystemLaunch } from '../host/read-launch.js';
import { CliExitCode } from '../report/exit-codes.js';
import { printJson } from '../report/print.js';
import { CliError } from '../report/report-error.js';
import { endLine } from '../report/vm-report.js';
import type { StartFlags } from './start-flags.js';

/** `qvm start` with a running host: makes and starts the VMs in it. Shows one console if requested. */
export async function startInHost(
  host: ControlClient,
  { vms: launches, shares, places, captures }: SystemLaunch,
  flags: StartFlags,
): Promise<number> {
  const shown = shownConsole(launches, flags);
  for (const share of shares) await host.request('host.share', share);
  for (const capture of captures) await host.request('host.capture', capture);
  for (const place of places)
    for (const warning of (await host.request('host.place', place)).warnings) say(`host: ${warning}`);
  for (const launch of launches) await startOne(host, launch, flags);
  if (shown === undefined) return CliExitCode.Success;
  const how = await showRemoteConsole(host, { vm: shown }, say);
  if (how === 'detached') return CliExitCode.Success;
  const end = await host.request('vm.wait', { vm: shown });
  return reportEnd(shown, end, flags);
}

async function startOne(host: ControlClient, launch: CreateParams, flags: StartFlags): Promise<void> {
  const { name } = launch.spec;
  const { id, warnings, announcements } = await host.request('vm.create', launch);
  for (const warning of flags.json === true ? [] : warnings) process.stderr.write(`${formatFinding(warning)}\n`);
  await host.request('vm.start', { vm: name });
  if (flags.json === true) {
    printJson({ id, name, state: 'running', announcements });
    return;
  }
  announcements.forEach(say);
  if (flags.console === undefined) say(`${name} runs in the host; "qvm console ${name}" shows its console`);
}

/** The VM whose console was requested. */
export function shownConsole(launches: readonly CreateParams[], { console, detach }: StartFlags): string | undefined {
  if (console === undefined) return undefined;
  if (detach === true) throw new CliError('--detach and --console exclude each other', CliExitCode.Usage);
  const names = launches.map(({ spec }) => spec.name);
  const [first] = names;
  if (console === true && names.length === 1) return first;
  if (console !== true && names.includes(console)) return console;
  throw new CliError(`--console needs the name of a VM that is started: ${names.join(', ')}`, CliExitCode.Usage);
}

function reportEnd(name: string, end: VmEnd, { json }: StartFlags): number {
  if (json === true) process.stderr.write(`${JSON.stringify({ name, ...end })}\n`);
  else if (end.exitCode !== 0) say(endLine(name, end));
  return end.exitCode;
}

function say(line: string): void {
  process.stderr.write(`qvm: ${line}\n`);
}
