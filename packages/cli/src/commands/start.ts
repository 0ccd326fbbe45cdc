import type { ClockSpec, Engine } from '@qvm/core';
import { embeddedGuest } from '@qvm/guests';
import type { ExitRecord, VmHandle, VmSource } from '@qvm/sdk';
import { attachConsole, type AttachedConsole } from '../console/attach-console.js';
import { openHypervisor } from '../hypervisor.js';
import { override, type OverrideFlags } from '../overrides.js';
import { CliLogger } from '../report/cli-logger.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError, reportError } from '../report/report-error.js';
import { exitLines, exitRecord, statsLines } from '../report/vm-report.js';
import { handleSignals } from '../signals.js';
import { TraceWriter } from '../trace/trace-writer.js';

/** Options of `qvm start`. */
export interface StartFlags extends OverrideFlags {
  /** The guest that comes with qvm, in place of a file. */
  readonly embedded?: boolean;
  /** `true` without a number. */
  readonly icount?: number | true;
  readonly engine?: Engine;
  readonly trace?: string;
  readonly stats?: boolean;
  readonly json?: boolean;
  readonly restart?: boolean;
  readonly verbose?: boolean;
  readonly plugin?: readonly string[];
}

/** `qvm start`: runs one VM to its end. Returns the exit code. */
export async function start(file: string | undefined, flags: StartFlags): Promise<number> {
  try {
    return await runVm(sourceOf(file, flags), flags);
  } catch (error) {
    if (flags.json !== true) throw error;
    const { exitCode, lines, findings } = reportError(error, false);
    process.stderr.write(
      `${JSON.stringify({ ...(file === undefined ? {} : { file }), exitCode, reason: lines.join('\n'), findings })}\n`,
    );
    return exitCode;
  }
}

function sourceOf(file: string | undefined, { embedded }: StartFlags): VmSource {
  if (embedded === true && file === undefined) {
    const { image } = embeddedGuest();
    return { name: 'embedded', image: { name: 'the embedded guest', bytes: image }, ram: [{ size: '64M' }] };
  }
  if (file !== undefined && embedded !== true) return { configFile: file };
  throw new CliError('start needs a configuration, or --embedded', CliExitCode.Usage);
}

async function runVm(source: VmSource, flags: StartFlags): Promise<number> {
  const logger = new CliLogger(process.stderr, { verbose: flags.verbose === true, quiet: flags.json === true });
  const hypervisor = await openHypervisor(flags.plugin, { logger });
  let trace: TraceWriter | undefined;
  try {
    const vm = await hypervisor.createVm(source, {
      clock: clockOf(flags.icount),
      ...(flags.engine === undefined ? {} : { engine: flags.engine }),
      onReset: flags.restart === true ? 'restart' : 'exit',
      adjust: (spec) => override(spec, flags),
      onAnnouncement: (message) => logger.say(message),
    });
    for (const warning of vm.warnings) logger.warn(warning);
    if (flags.trace !== undefined) {
      trace = new TraceWriter(flags.trace, (message) => logger.say(message));
      trace.attach(vm);
    }
    const exit = await runAttached(vm, logger);
    trace?.close();
    report(vm, exit, flags, logger);
    return exit.exitCode;
  } finally {
    trace?.close();
    await hypervisor.dispose();
  }
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
  if (flags.stats === true) for (const line of statsLines(vm)) process.stderr.write(`${line}\n`);
  if (process.env['QVM_DEBUG'] === '1' && exit.cause instanceof Error) process.stderr.write(`${exit.cause.stack}\n`);
}
