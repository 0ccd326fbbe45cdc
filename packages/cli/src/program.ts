import { createRequire } from 'node:module';
import { Command, InvalidArgumentError, Option } from 'commander';
import { collect } from './collect.js';
import type { CheckFlags } from './commands/check.js';
import type { ConvertFlags } from './commands/convert.js';
import type { MapFlags } from './commands/map.js';
import type { StartFlags } from './commands/start-flags.js';
import type { VdevFlags } from './commands/vdev.js';
import type { NewVdevFlags } from './commands/vdev-new.js';
import { FINDING_FORMATS } from './report/finding-format-names.js';
import { VDEV_KINDS } from './commands/vdev-kinds.js';
import { parseRegionDumpOption } from './regions/region-dump-option.js';
import { addPlatform, pluginOption } from './platform-commands.js';
import { addTrace } from './trace/trace-program.js';
import { isNoFile, isNumeric, OptionalValueOption } from './optional-values.js';
import { addHostCommands, RESTART_POLICIES, socketOption, type SetExitCode } from './host-commands.js';

export type { SetExitCode };

/** Identifies this package; a package called `qvm` is another one. */
const PACKAGE = '@qvm/cli';

function version(): string {
  const description: unknown = createRequire(import.meta.url)(`${PACKAGE}/package.json`);
  if (typeof description !== 'object' || description === null || !('version' in description)) return 'unknown';
  return String(description.version);
}

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,7}$/.test(text) || Number(text) < 1 || Number(text) > 1_000_000) {
    throw new InvalidArgumentError('It must be a whole number from 1 to 1000000.');
  }
  return Number(text);
}

function resetCount(text: string): number {
  return text === '0' ? 0 : wholeNumber(text);
}

/** Adds the options that change a configuration. */
function withOverrides(command: Command): Command {
  return command
    .option('--cmdline <text>', 'kernel command line, in place of the one in the configuration')
    .addOption(
      new Option(
        '--set <key=value>',
        'change a key (cpus=2, ram=1G), or an option of a vdev (pl011.hostdev=pty)',
      ).argParser(collect),
    )
    .addOption(pluginOption());
}

function addStart(program: Command, setExitCode: SetExitCode): void {
  withOverrides(program.command('start'))
    .description('run VMs: in the host when one runs, else here with the console on this terminal')
    .argument('[file...]', 'configurations (.qvmconf)')
    .option('--embedded', 'run the guest that comes with qvm, in place of a configuration')
    .addOption(
      new Option('--arch <name>', 'with --embedded: the architecture (default aarch64)').choices(['aarch64', 'x86_64']),
    )
    .addOption(
      new OptionalValueOption(
        '--icount [ns]',
        'deterministic time: nanoseconds per instruction (default 10)',
        isNumeric,
        wholeNumber,
      ),
    )
    .addOption(
      new Option('--engine <engine>', 'how guest code runs: wasm translates hot code, interp only interprets')
        .choices(['wasm', 'interp'])
        .default('wasm'),
    )
    .option('--trace <file>', 'write guest exits and entrances to a file; FILE.kev: a binary trace of all events')
    .addOption(
      new Option(
        '--dump-regions <folder>',
        'write guest code that is translated, and its translation, to a folder; FOLDER,FILTER with ADDRESS or FIRST-LAST in hexadecimal: a part of it',
      ).argParser(parseRegionDumpOption),
    )
    .option(
      '--stats',
      'print statistics: of one VM at the end; of several every five seconds, with --console in the title of the window',
    )
    .option('--json', 'print the end, or what is wrong, as one line of JSON on stderr')
    .option('--restart', 'boot again when the guest resets, instead of ending')
    .option(
      '--reset-limit <count>',
      'with --restart: resets in a row, without ten seconds between, that end the VM (default 20; 0: any number)',
      resetCount,
    )
    .option('--verbose', 'print what is logged for information')
    .option('-d, --detach', 'leave the VMs to the host, which must run, and return')
    .option('--alone', 'run the VMs here, although a host runs')
    .addOption(
      new OptionalValueOption(
        '--console [name]',
        'show the console of this VM, and type there; in a host, none is shown without it',
        isNoFile,
        (name) => name,
      ),
    )
    .addOption(
      new Option('--restart-policy <policy>', 'when a VM starts again that has ended by itself').choices(
        RESTART_POLICIES,
      ),
    )
    .option('--dump <folder>', 'write a core dump there when a VM fails; "|COMMAND" gets it on its standard input')
    .addOption(socketOption())
    .addHelpText('after', '\nOn a terminal, Ctrl-A h shows what can be typed. Exit codes are in docs/cli.md.')
    .action(async (files: readonly string[], flags: StartFlags) => {
      const { start } = await import('./commands/start.js');
      setExitCode(await start(files, flags));
    });
}

function addCheck(program: Command, setExitCode: SetExitCode): void {
  withOverrides(program.command('check'))
    .description('check configurations, alone and together, without running them')
    .argument('<file...>', 'configurations (.qvmconf)')
    .option('--json', 'print the findings as JSON')
    .addOption(new Option('--format <format>', 'how to print the findings').choices(FINDING_FORMATS).default('text'))
    .action(async (files: readonly string[], flags: CheckFlags) => {
      const { check } = await import('./commands/check.js');
      setExitCode(await check(files, flags));
    });
}

function addMap(program: Command): void {
  withOverrides(program.command('map'))
    .description('show where everything is in guest-physical memory: of a VM of the host, or as a configuration has it')
    .argument('<vm|file>', 'name or number of a VM, or a configuration (.qvmconf)')
    .option('--json', 'print as JSON')
    .addOption(socketOption())
    .action(async (target: string, flags: MapFlags) => {
      const { showMap } = await import('./commands/map.js');
      await showMap(target, flags);
    });
}

function addConvert(program: Command, setExitCode: SetExitCode): void {
  program
    .command('convert')
    .description('rewrite a configuration: JSON as lines, lines as JSON')
    .argument('<file>', 'configuration (.qvmconf)')
    .addOption(
      new Option('--to <form>', 'the form to write; the other one than that of the file').choices(['json', 'line']),
    )
    .option('-o, --output <file>', 'where to write it; stdout when absent')
    .addOption(pluginOption())
    .action(async (file: string, flags: ConvertFlags) => {
      const { convert } = await import('./commands/convert.js');
      setExitCode(await convert(file, flags));
    });
}

function addGuest(program: Command): void {
  const guest = program.command('guest').description('fetch and find guests to run');
  guest
    .command('fetch')
    .description('download a guest into the cache')
    .argument('<name>', 'see "qvm guest list"')
    .option('--update', 'look for newer versions')
    .action(async (name: string, { update }: { readonly update?: boolean }) => {
      const { fetch } = await import('./commands/guest.js');
      await fetch(name, update === true);
    });
  guest
    .command('list')
    .description('list the guests that can be fetched')
    .option('--json', 'print as JSON')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { list } = await import('./commands/guest.js');
      await list(json === true);
    });
  guest
    .command('path')
    .description('print the folder of a guest, or of all of them')
    .argument('[name]')
    .action(async (name?: string) => {
      const { path } = await import('./commands/guest.js');
      path(name);
    });
  guest
    .command('verify')
    .description('check the files of a fetched guest')
    .argument('<name>')
    .action(async (name: string) => {
      const { verify } = await import('./commands/guest.js');
      await verify(name);
    });
}

function addVdev(program: Command): void {
  const vdev = program.command('vdev').description('what virtual devices there are, and new ones');
  vdev
    .command('list')
    .description('list the types')
    .option('--json', 'print as JSON, with the options')
    .addOption(pluginOption())
    .action(async (flags: VdevFlags & { readonly json?: boolean }) => {
      const { listVdevs } = await import('./commands/vdev.js');
      await listVdevs(flags);
    });
  vdev
    .command('help')
    .description('describe a type and its options')
    .argument('<type>', 'a type, a package such as @acme/vdev-sensor, or a file')
    .addOption(pluginOption())
    .action(async (type: string, flags: VdevFlags) => {
      const { describeVdev } = await import('./commands/vdev.js');
      await describeVdev(type, flags);
    });
  vdev
    .command('new')
    .description('make a package for a vdev or a hook plugin of your own, with tests')
    .argument('<name>', 'name of the package: @SCOPE/NAME, or NAME')
    .addOption(
      new Option('--kind <kind>', 'mmio: registers and an interrupt; virtio: a device with queues; hook: watches VMs')
        .choices(VDEV_KINDS)
        .default('mmio'),
    )
    .option('--dir <folder>', 'where to make it; NAME when absent')
    .option('--local <folder>', 'take the packages of qvm from tarballs in a folder, not from the registry')
    .action(async (name: string, flags: NewVdevFlags) => {
      const { newVdev } = await import('./commands/vdev-new.js');
      newVdev(name, flags, version());
    });
  // Commander's own "help" command would take the name.
  vdev.helpCommand(false);
}

function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .argument('<shell>', 'bash, zsh or fish')
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion/scripts.js');
      process.stdout.write(completionScript(shell));
    });
  program
    .command('complete', { hidden: true })
    .description('print what the last word may become; completion scripts ask this')
    .argument('[words...]')
    .action(async (words: readonly string[]) => {
      const { complete } = await import('./completion/complete.js');
      const candidates = await complete(program, words);
      process.stdout.write(candidates.map(({ word, description = '' }) => `${word}\t${description}\n`).join(''));
    });
}

/** The command line of qvm. Parsing throws a `CommanderError` instead of ending the process. */
export function createProgram(setExitCode: SetExitCode): Command {
  const program = new Command('qvm')
    .description('Runs virtual machines.')
    .version(`${PACKAGE} ${version()}`, '-V, --version', 'print the package and its version')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({ outputError: (message, write) => write(message.replace(/^error: /, 'qvm: error: ')) });
  addStart(program, setExitCode);
  addCheck(program, setExitCode);
  addConvert(program, setExitCode);
  addMap(program);
  addHostCommands(program, setExitCode);
  addGuest(program);
  addVdev(program);
  addPlatform(program);
  addTrace(program);
  addCompletion(program);
  return program;
}
