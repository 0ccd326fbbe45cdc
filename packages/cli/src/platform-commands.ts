import { Option, type Command } from 'commander';
import { collect } from './collect.js';
import type { BoardFlags } from './commands/board.js';
import type { CpuFlags } from './commands/cpu.js';
import type { HookFlags } from './commands/hook.js';

/** `--plugin`, of the commands that take it. */
export function pluginOption(): Option {
  return new Option('--plugin <module>', 'load a plugin: a package or a file').argParser(collect);
}

/** Adds the commands that describe what VMs can be made of, besides vdevs: boards, processors and their hooks. */
export function addPlatform(program: Command): void {
  addBoard(program);
  addCpu(program);
  addHook(program);
}

function addBoard(program: Command): void {
  const board = program.command('board').description('what boards there are: where RAM and devices are');
  board
    .command('list')
    .description('list the boards that a configuration can name')
    .option('--json', 'as JSON')
    .addOption(pluginOption())
    .action(async (flags: BoardFlags) => {
      const { listBoards } = await import('./commands/board.js');
      await listBoards(flags);
    });
  board
    .command('help')
    .description('show what is where on a board')
    .argument('<name>')
    .addOption(pluginOption())
    .action(async (name: string, flags: BoardFlags) => {
      const { describeBoard } = await import('./commands/board.js');
      await describeBoard(name, flags);
    });
  board.helpCommand(false);
}

function addCpu(program: Command): void {
  const cpu = program.command('cpu').description('what processors VMs can have');
  cpu
    .command('list')
    .description('list the processor models and their features, which "cpumodel" chooses')
    .option('--arch <name>', 'of this architecture only')
    .addOption(pluginOption())
    .option('--json', 'as JSON')
    .action(async (flags: CpuFlags) => {
      const { listCpus } = await import('./commands/cpu.js');
      await listCpus(flags);
    });
}

function addHook(program: Command): void {
  const hook = program.command('hook').description('what hooks of plugins can tell apart');
  hook
    .command('list')
    .description('list the kinds of traps, exit causes and interrupts of each architecture')
    .option('--arch <name>', 'of this architecture only')
    .addOption(pluginOption())
    .option('--json', 'as JSON')
    .action(async (flags: HookFlags) => {
      const { listHooks } = await import('./commands/hook.js');
      await listHooks(flags);
    });
}
