import type { ControlClient, VmStatsReport } from '@qvm/host';
import { withHost, type HostFlags } from '../host/connect.js';
import { CliExitCode } from '../report/exit-codes.js';
import { printJson, printLines } from '../report/print.js';
import { CliError } from '../report/report-error.js';
import { table } from '../report/table.js';
import { statsLines } from '../report/vm-report.js';

/** Options of `qvm stat`. */
export interface StatFlags extends HostFlags {
  readonly json?: boolean;
  readonly all?: boolean;
  /** Interval in seconds; `true` if no number is given. */
  readonly watch?: number | true;
}

const HEADER = ['NAME', 'STATE', 'TIME', 'BUSY', 'INSTRUCTIONS', 'MIPS', 'INTERRUPTS', 'RESETS'];

/** `qvm stat NAME|--all`: prints counters, once or repeatedly. */
export async function showStats(vm: string | undefined, flags: StatFlags): Promise<void> {
  if ((vm === undefined) === (flags.all !== true)) {
    throw new CliError('stat needs the name of a VM, or --all', CliExitCode.Usage);
  }
  await withHost(flags, async (host) => {
    for (;;) {
      show(vm === undefined ? await allStats(host) : [await host.request('vm.stat', { vm })], vm === undefined, flags);
      if (flags.watch === undefined) return;
      await new Promise((resolve) => setTimeout(resolve, (flags.watch === true ? 1 : (flags.watch ?? 1)) * 1e3));
    }
  });
}

/** Counters of all VMs that have not ended meanwhile. */
async function allStats(host: ControlClient): Promise<readonly VmStatsReport[]> {
  const vms = await host.request('vm.list', {});
  const live = vms.filter(({ state }) => state !== 'stopped' && state !== 'failed');
  const stats = await Promise.all(live.map(({ name }) => host.request('vm.stat', { vm: name }).catch(() => undefined)));
  return stats.filter((report) => report !== undefined);
}

function show(stats: readonly VmStatsReport[], all: boolean, { json, watch }: StatFlags): void {
  const [only] = stats;
  if (json === true) {
    const value = all ? stats : only;
    // One line for each sample, for programs that read them as they arrive.
    if (watch === undefined) printJson(value);
    else process.stdout.write(`${JSON.stringify(value)}\n`);
    return;
  }
  if (watch !== undefined && process.stdout.isTTY) process.stdout.write('\u001b[H\u001b[J');
  if (all) printLines([table([HEADER, ...stats.map(row)])]);
  else if (only !== undefined) printLines(statsLines(only));
}

function row({ name, state, time, busyTime, instructions, interrupts, resets }: VmStatsReport): readonly string[] {
  const mips = busyTime === 0 ? '-' : (instructions / (busyTime / 1e3)).toFixed(1);
  return [
    name,
    state,
    `${(time / 1e9).toFixed(1)}s`,
    `${(busyTime / 1e9).toFixed(1)}s`,
    String(instructions),
    mips,
    String(interrupts),
    String(resets),
  ];
}
