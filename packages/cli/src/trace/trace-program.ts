import { Option, type Command } from 'commander';
import { collect } from '../collect.js';
import type { RecordFlags } from '../commands/trace-record.js';
import type { LahavFlags } from '../commands/lahav.js';
import type { TraceFlags } from '../commands/trace.js';
import { parseTime } from './time-option.js';

/** Adds the options that select events. */
function withFilter(command: Command): Command {
  return command
    .addOption(new Option('--vm <name>', 'only this VM; may be repeated').argParser(collect))
    .addOption(
      new Option(
        '--event <name>',
        'only these events (GUEST_EXIT, …) or exit causes (mmio, …); may be repeated',
      ).argParser(collect),
    )
    .addOption(new Option('--since <time>', 'from then on: 1.5s, 20ms, 300us').argParser(parseTime))
    .addOption(new Option('--until <time>', 'until then').argParser(parseTime))
    .option('-o, --output <file>', 'write to a file, not to stdout: .txt, .jsonl, or .json for Perfetto');
}

/** Adds `qvm trace` and `qvm lahav`. */
export function addTrace(program: Command): void {
  const trace = program.command('trace').description('binary traces, as "start --trace FILE.kev" writes them');
  withFilter(trace.command('print'))
    .description('print a trace as text')
    .argument('<file>', 'trace (.kev)')
    .action(async (file: string, flags: TraceFlags) => {
      const { convertTrace } = await import('../commands/trace.js');
      await convertTrace(file, flags, 'text');
    });
  withFilter(trace.command('convert'))
    .description('convert a trace: text, jsonl (a JSON object for each line), chrome (for Perfetto)')
    .argument('<file>', 'trace (.kev)')
    .addOption(
      new Option(
        '-f, --format <format>',
        'what to convert to (default: by the name of the output, else jsonl)',
      ).choices(['text', 'jsonl', 'chrome']),
    )
    .action(async (file: string, flags: TraceFlags) => {
      const { convertTrace } = await import('../commands/trace.js');
      await convertTrace(file, flags, 'jsonl');
    });
  addRecord(trace);
  addLahav(program);
  addAliases(program);
}

function addRecord(trace: Command): void {
  withRecording(trace.command('record'))
    .description('record the running VMs of the host, until they end or "qvm trace stop"')
    .requiredOption('-o, --output <file>', 'file to write (.kev)')
    .action(async (flags: RecordFlags & { readonly output: string }) => {
      const { record } = await import('../commands/trace-record.js');
      await record(flags.output, flags);
    });
  withRecording(trace.command('stop'))
    .description('end a recording; the one who records writes the rest')
    .action(async (flags: RecordFlags) => {
      const { stopRecording } = await import('../commands/trace-record.js');
      await stopRecording(flags);
    });
}

/** Adds the options of commands for recordings. */
function withRecording(command: Command): Command {
  return command
    .addOption(new Option('--vm <name>', 'only this VM; may be repeated').argParser(collect))
    .option('--socket <path>', "control socket of the host (default: QVM_SOCKET, or the user's)");
}

/** Adds the names that QNX uses; package.json also declares them as commands of their own. */
function addAliases(program: Command): void {
  withRecording(program.command('tracelogger', { hidden: true }))
    .description('record the running VMs of the host')
    .option('-f <file>', 'file to write', 'tracebuffer.kev')
    .option('-X', 'end the recording that another tracelogger writes')
    .action(async ({ f, X, ...flags }: RecordFlags & { readonly f: string; readonly X?: boolean }) => {
      const { record, stopRecording } = await import('../commands/trace-record.js');
      await (X === true ? stopRecording(flags) : record(f, flags));
    });
  withFilter(program.command('traceevent', { hidden: true }))
    .description('print a trace as text')
    .option('-v', 'print the fields of events, which is always done')
    .option('-f <file>', 'trace (.kev)')
    .argument('[file]', 'the same')
    .action(async (file: string | undefined, flags: TraceFlags & { readonly f?: string }) => {
      const { convertTrace } = await import('../commands/trace.js');
      await convertTrace(flags.f ?? file ?? 'tracebuffer.kev', flags, 'text');
    });
}

function addLahav(program: Command): void {
  program
    .command('lahav')
    .description('draw the Lahav Line of a trace: when each CPU executed a guest, and when the hypervisor, and why')
    .argument('<file>', 'trace (.kev)')
    .addOption(
      new Option('--format <format>', 'how to draw it (default: by the name of the output, else terminal)').choices([
        'terminal',
        'svg',
        'html',
        'json',
      ]),
    )
    .addOption(new Option('--vm <name>', 'only this VM; may be repeated').argParser(collect))
    .addOption(new Option('--from <time>', 'begin there: 1.5s, 20ms, 300us').argParser(parseTime))
    .addOption(new Option('--to <time>', 'end there').argParser(parseTime))
    .option('-o, --output <file>', 'write to a file, not to stdout: .svg, .html, .json or .txt')
    .action(async (file: string, flags: LahavFlags) => {
      const { lahav } = await import('../commands/lahav.js');
      await lahav(file, flags);
    });
}
