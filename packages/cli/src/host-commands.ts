import { InvalidArgumentError, Option, type Command } from 'commander';
import type { ConsoleFlags } from './commands/console.js';
import type { DeviceStatFlags } from './commands/device-stats.js';
import type { RunHostFlags } from './commands/host.js';
import type { LifeCycleFlags } from './commands/life-cycle.js';
import type { MemdumpFlags } from './commands/memory.js';
import type { StatFlags } from './commands/stat.js';
import type { HostFlags } from './host/connect.js';
import { isNumeric, OptionalValueOption } from './optional-values.js';

/** The commands that talk to a host. Commands that change a VM have the names of the host's protocol. */

/** Sets the process's exit code when a command has finished. */
export type SetExitCode = (exitCode: number) => void;

/** The restart policies, repeated here because help is shown without loading the host's code. */
export const RESTART_POLICIES: readonly string[] = ['never', 'on-failure', 'always'];

const DEFAULT_STOP_SECONDS = 30;

/** The option of all commands that talk to a host. */
export function socketOption(): Option {
  return new Option('--socket <path>', "the host's control socket (default: QVM_SOCKET, or below XDG_RUNTIME_DIR)");
}

/** Adds the host's own commands and those for its VMs. */
export function addHostCommands(program: Command, setExitCode: SetExitCode): void {
  addHost(program, setExitCode);
  addList(program);
  addLifeCycle(program, setExitCode);
  addConsole(program, setExitCode);
  addStatistics(program);
  addMemory(program);
  addKeyboardAndScreen(program);
  addWaitFor(program);
}

function addHost(program: Command, setExitCode: SetExitCode): void {
  const host = program
    .command('host')
    .description('run a host: many VMs, each on a thread of its own, and a control socket')
    .addOption(socketOption())
    .addOption(new Option('--log-format <format>', 'how the log on stderr is written').choices(['text', 'json']))
    .option('--metrics <host:port>', 'serve metrics for Prometheus there; loopback addresses only', metricsAddress)
    .option('--stop-timeout <seconds>', 'how long guests may take to end when the host is stopped', seconds)
    .option('--verbose', 'log what VMs log for information')
    .action(async (flags: RunHostFlags) => {
      const { runHost } = await import('./commands/host.js');
      setExitCode(await runHost(flags));
    });
  host
    .command('status')
    .description('tell about the host that runs')
    .addOption(socketOption())
    .option('--json', 'print as JSON')
    .action(async (_flags: unknown, command: Command) => {
      const { hostStatus } = await import('./commands/host.js');
      await hostStatus(command.optsWithGlobals());
    });
  host
    .command('stop')
    .description('end all VMs and the host')
    .addOption(socketOption())
    .option('--timeout <seconds>', 'how long guests may take to end by themselves', seconds)
    .action(async (_flags: unknown, command: Command) => {
      const { stopHost } = await import('./commands/host.js');
      await stopHost(command.optsWithGlobals());
    });
}

function addList(program: Command): void {
  program
    .command('list')
    .description('list the host and its VMs')
    .option('--all', 'also those that have ended')
    .option('--json', 'print as JSON')
    .addOption(socketOption())
    .action(async (flags: HostFlags & { readonly json?: boolean; readonly all?: boolean }) => {
      const { listVms } = await import('./commands/list.js');
      await listVms(flags);
    });
}

function addLifeCycle(program: Command, setExitCode: SetExitCode): void {
  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .argument('<vm>', 'name or number of a VM')
      .option('--json', 'print the outcome as JSON')
      .addOption(socketOption());
  command('pause', 'stop a guest and its time').action(async (vm: string, flags: LifeCycleFlags) => {
    const { pauseVm } = await import('./commands/life-cycle.js');
    await pauseVm(vm, flags);
  });
  command('resume', 'let a paused guest go on').action(async (vm: string, flags: LifeCycleFlags) => {
    const { resumeVm } = await import('./commands/life-cycle.js');
    await resumeVm(vm, flags);
  });
  command('stop', "press a VM's power button, and wait for its end")
    .option(
      '--timeout <seconds>',
      `cut the power when it has not ended by then (default: ${DEFAULT_STOP_SECONDS})`,
      seconds,
    )
    .action(async (vm: string, flags: LifeCycleFlags) => {
      const { stopVm } = await import('./commands/life-cycle.js');
      setExitCode(await stopVm(vm, flags));
    });
  command('destroy', "cut a VM's power").action(async (vm: string, flags: LifeCycleFlags) => {
    const { destroyVm } = await import('./commands/life-cycle.js');
    await destroyVm(vm, flags);
  });
}

function addConsole(program: Command, setExitCode: SetExitCode): void {
  program
    .command('console')
    .description("connect this terminal with a VM's console; Ctrl-A d detaches")
    .argument('<vm>', 'name or number of a VM')
    .option('--stream <name>', 'the vdev with hostdev=stream:NAME, in place of the console')
    .option('--fresh', 'leave out what was written before')
    .addOption(socketOption())
    .action(async (vm: string, flags: ConsoleFlags) => {
      const { attachToConsole } = await import('./commands/console.js');
      setExitCode(await attachToConsole(vm, flags));
    });
}

function addStatistics(program: Command): void {
  program
    .command('stat')
    .description('show counters of a VM')
    .argument('[vm]', 'name or number of a VM')
    .option('--all', 'of all VMs')
    .addOption(
      new OptionalValueOption('--watch [seconds]', 'again and again (default: each second)', isNumeric, seconds),
    )
    .option('--json', 'print as JSON')
    .addOption(socketOption())
    .action(async (vm: string | undefined, flags: StatFlags) => {
      const { showStats } = await import('./commands/stat.js');
      await showStats(vm, flags);
    });
  const perVm = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .argument('<vm>', 'name or number of a VM')
      .option('--json', 'print as JSON')
      .addOption(socketOption());
  perVm('irqstat', "show a VM's interrupt sources and their counts").action(
    async (vm: string, flags: DeviceStatFlags) => {
      const { showInterrupts } = await import('./commands/device-stats.js');
      await showInterrupts(vm, flags);
    },
  );
  perVm('vdevstat', "show where a VM's vdevs are, and what they tell of themselves").action(
    async (vm: string, flags: DeviceStatFlags) => {
      const { showVdevs } = await import('./commands/device-stats.js');
      await showVdevs(vm, flags);
    },
  );
}

function addMemory(program: Command): void {
  program
    .command('memdump')
    .description("print a VM's memory")
    .argument('<vm>', 'name or number of a VM')
    .argument('<address>', 'guest-physical, unless --virtual')
    .argument('<length>', 'bytes')
    .option('--virtual', "a virtual address of the guest, by a vCPU's tables as they are now")
    .option('--vcpu <number>', 'whose tables', Number)
    .option('--raw', 'the bytes as they are, in place of hexadecimal')
    .option('-o, --output <path>', 'write the bytes into a file')
    .addOption(socketOption())
    .action(async (vm: string, address: string, length: string, flags: MemdumpFlags) => {
      const { dumpMemory } = await import('./commands/memory.js');
      await dumpMemory(vm, address, length, flags);
    });
  program
    .command('dump')
    .description("write a VM's registers and memory into an ELF core file")
    .argument('<vm>', 'name or number of a VM')
    .argument('<file>', 'a new file')
    .option('--json', 'print the outcome as JSON')
    .addOption(socketOption())
    .action(async (vm: string, file: string, flags: HostFlags & { readonly json?: boolean }) => {
      const { dumpVm } = await import('./commands/memory.js');
      await dumpVm(vm, file, flags);
    });
}

function addKeyboardAndScreen(program: Command): void {
  program
    .command('screenshot')
    .description('save what a guest shows as a PNG file')
    .argument('<vm>', 'name or number of a VM')
    .requiredOption('-o, --output <path>', 'the file')
    .addOption(socketOption())
    .action(async (vm: string, flags: HostFlags & { readonly output: string }) => {
      const { saveScreenshot } = await import('./commands/keyboard-and-screen.js');
      await saveScreenshot(vm, flags);
    });
  program
    .command('type')
    .description("type a text on a VM's keyboard")
    .argument('<vm>', 'name or number of a VM')
    .argument('<text>')
    .addOption(socketOption())
    .action(async (vm: string, text: string, flags: HostFlags) => {
      const { typeText } = await import('./commands/keyboard-and-screen.js');
      await typeText(vm, text, flags);
    });
}

function addWaitFor(program: Command): void {
  program
    .command('waitfor')
    .description('wait until the host answers, or a path exists (5 seconds at most, or as many as are said)')
    .argument('[words...]', '[path] [seconds]; /dev/qvm is the host')
    .addOption(socketOption())
    .action(async (words: readonly string[], flags: HostFlags) => {
      const { waitFor } = await import('./commands/waitfor.js');
      await waitFor(words, flags);
    });
}

function seconds(text: string): number {
  const value = Number(text);
  if (/^[0-9]{1,5}(\.[0-9]{1,3})?$/.test(text) && value <= 86_400) return value;
  throw new InvalidArgumentError('It must be a number of seconds, up to 86400.');
}

function metricsAddress(text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([0-9a-f:]+)\]|([^:]+)):([0-9]{1,5})$/i.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || !(port <= 0xffff)) throw new InvalidArgumentError('It must be HOST:PORT.');
  return { host, port };
}
