import type { ClockSpec } from '@qvm/core/host';
import { embeddedGuest, type EmbeddedArchitecture } from '@qvm/guests';
import { dumpOnFailure, pluginFiles, type ControlClient } from '@qvm/host';
import { onOutputLost, type ExitRecord, type VmHandle, type VmSource } from '@qvm/sdk';
import { attachConsole, type AttachedConsole } from '../console/attach-console.js';
import { openHypervisor } from '../hypervisor.js';
import { override } from '../overrides.js';
import { CliLogger } from '../report/cli-logger.js';
import { CliExitCode } from '../report/exit-codes.js';
import { outputWasLost } from '../report/output-streams.js';
import { CliError, reportError } from '../report/report-error.js';
import { exitLines, exitRecord, statsLines } from '../report/vm-report.js';
import { findHost } from '../host/connect.js';
import { dumpDestination, readLaunches } from '../host/read-launch.js';
import type { StartFlags } from './start-flags.js';
import { startInHost } from './start-in-host.js';
import { startTogether } from './start-together.js';
import { RegionDump } from '../regions/region-dump.js';
import { handleSignals } from '../signals.js';
import { openTrace } from '../trace/open-trace.js';
import type { TraceSink } from '../trace/trace-writer.js';

/** `qvm start`: runs VMs to their end in this process, or in the host if one is running. Returns the exit code. */
export async function start(files: readonly string[], flags: StartFlags): Promise<number> {
  try {
    return await startSomewhere(files, flags);
  } catch (error) {
    if (flags.json !== true) throw error;
    const { exitCode, lines, findings } = reportError(error, false);
    const [file] = files;
    process.stderr.write(
      `${JSON.stringify({ ...(file === undefined ? {} : { file }), exitCode, reason: lines.join('\n'), findings })}\n`,
    );
    return exitCode;
  }
}

async function startSomewhere(files: readonly string[], flags: StartFlags): Promise<number> {
  const [file] = files;
  if ((file === undefined) === (flags.embedded !== true)) {
    throw new CliError('start needs a configuration, or --embedded', CliExitCode.Usage);
  }
  if (flags.arch !== undefined && flags.embedded !== true) {
    throw new CliError('--arch is for --embedded: the image decides on the architecture of a VM', CliExitCode.Usage);
  }
  if (flags.dumpRegions !== undefined && flags.engine === 'interp')
    throw new CliError('--engine interp translates nothing that --dump-regions could show', CliExitCode.Usage);
  const host = await hostFor(flags);
  if (host !== undefined) {
    try {
      return await startInHost(host, await readLaunches(files, flags), flags);
    } finally {
      host.close();
    }
  }
  if (flags.detach === true) throw new CliError('no host runs: start one by "qvm host"', CliExitCode.Failure);
  if (file === undefined) return runVm(embeddedSource(flags.arch), flags);
  // A single VM runs on this thread, which has its trace and statistics.
  if (files.length === 1 && !(await isSystem(file, flags))) return runVm({ configFile: file }, flags);
  if (flags.dumpRegions !== undefined)
    throw new CliError('--dump-regions shows the code of one VM only', CliExitCode.Usage);
  return startTogether(await readLaunches(files, flags), flags);
}

/** Whether a file describes a system. Errors are left to the next reader of the file. */
async function isSystem(file: string, flags: StartFlags): Promise<boolean> {
  const hypervisor = await openHypervisor(flags.plugin);
  try {
    return (await hypervisor.loadConfigs([file])).hosts.length !== 0;
  } finally {
    await hypervisor.dispose();
  }
}

/** The host to use, if any. Traces, dumps of regions and final statistics need the VM in this process. */
async function hostFor(flags: StartFlags): Promise<ControlClient | undefined> {
  const watched = flags.trace !== undefined || flags.dumpRegions !== undefined || flags.stats === true;
  const alone = flags.alone === true || watched;
  if (!alone) return findHost(flags);
  if (flags.detach === true)
    throw new CliError(
      '--detach leaves the VM to a host; that excludes --alone, --trace, --dump-regions and --stats',
      CliExitCode.Usage,
    );
  return undefined;
}

function embeddedSource(architecture?: EmbeddedArchitecture): VmSource {
  const { image } = embeddedGuest(architecture);
  return { name: 'embedded', image: { name: 'the embedded guest', bytes: image }, ram: [{ size: '64M' }] };
}

async function runVm(source: VmSource, flags: StartFlags): Promise<number> {
  const logger = new CliLogger(process.stderr, { verbose: flags.verbose === true, quiet: flags.json === true });
  const hypervisor = await openHypervisor(flags.plugin, { logger });
  let trace: TraceSink | undefined;
  const losses = onOutputLost(outputWasLost);
  try {
    const vm = await hypervisor.createVm(source, {
      clock: clockOf(flags.icount),
      ...(flags.engine === undefined ? {} : { engine: flags.engine }),
      onReset: flags.restart === true ? 'restart' : 'exit',
      ...(flags.resetLimit === undefined ? {} : { resetLimit: flags.resetLimit }),
      adjust: (spec) => override(spec, flags),
      inputs: pluginFiles(flags.plugin ?? [], process.cwd()),
      ...(flags.trace === undefined ? {} : { outputs: [{ path: flags.trace, role: 'the trace (--trace)' }] }),
      onAnnouncement: (message) => logger.say(message),
    });
    for (const warning of vm.warnings) logger.warn(warning);
    if (vm.spec.dryrun === true) return dryRun(vm, logger);
    const dump = flags.dump === undefined ? vm.spec.dump : dumpDestination(flags.dump);
    if (dump !== undefined) dumpOnFailure(vm, dump, (message) => logger.say(message));
    if (flags.trace !== undefined) {
      trace = openTrace(flags.trace, (message) => logger.say(message));
      trace.attach(vm);
    }
    if (flags.dumpRegions !== undefined) new RegionDump(flags.dumpRegions, (message) => logger.say(message)).attach(vm);
    const exit = await runAttached(vm, logger);
    trace?.close();
    report(vm, exit, flags, logger);
    return exit.exitCode;
  } finally {
    trace?.close();
    await hypervisor.dispose();
    losses.dispose();
  }
}

/** Everything has been built and checked; the guest is not started. */
function dryRun(vm: VmHandle, logger: CliLogger): number {
  logger.say(`${vm.name} is built; a dry run does not start its guest`);
  return CliExitCode.Success;
}

async function runAttached(vm: VmHandle, logger: CliLogger): Promise<ExitRecord> {
  let console: AttachedConsole | undefined;
  const signals = handleSignals(vm);
  try {
    console = attachConsole(vm, logger);
    if (vm.clock.kind === 'icount') await console.inputRead();
    await vm.start();
    return await vm.exit;
  } finally {
    console?.dispose();
    signals.dispose();
  }
}

function clockOf(icount: number | true | undefined): ClockSpec {
  if (icount === undefined) return { kind: 'real-time' };
  return icount === true ? { kind: 'icount' } : { kind: 'icount', nanosecondsPerInstruction: icount };
}

function report(vm: VmHandle, exit: ExitRecord, flags: StartFlags, logger: CliLogger): void {
  if (flags.json === true) {
    process.stderr.write(`${JSON.stringify(exitRecord(vm, exit, flags.stats === true))}\n`);
    return;
  }
  for (const line of exitLines(vm, exit)) logger.say(line);
  if (flags.stats === true) for (const line of statsLines(vm.stats())) process.stderr.write(`${line}\n`);
  if (process.env['QVM_DEBUG'] === '1' && exit.cause instanceof Error) process.stderr.write(`${exit.cause.stack}\n`);
}
