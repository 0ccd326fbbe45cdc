import type { HostStatus, VmSummary } from '@qvm/host';
import { withHost, type HostFlags } from '../host/connect.js';
import { printJson, printLines } from '../report/print.js';
import { table } from '../report/table.js';
import { bytesText, durationText } from '../report/units.js';

const HEADER = ['ID', 'NAME', 'STATE', 'CPUS', 'RAM', 'UPTIME', 'RESTARTS', 'EXIT'];

/** `qvm list`: the host and its VMs. */
export async function listVms(flags: HostFlags & { readonly json?: boolean; readonly all?: boolean }): Promise<void> {
  const { status, vms } = await withHost(flags, async (host) => ({
    status: await host.request('host.status', {}),
    vms: await host.request('vm.list', {}),
  }));
  const shown = vms.filter((vm) => flags.all === true || vm.restarting || !isOver(vm));
  if (flags.json === true) {
    const { pid, uptimeMs, residentBytes } = status;
    printJson([{ id: 0, name: 'host', state: 'running', pid, uptimeMs, residentBytes }, ...shown]);
    return;
  }
  printLines([table([HEADER, hostRow(status), ...shown.map(row)])]);
}

function isOver({ state }: VmSummary): boolean {
  return state === 'stopped' || state === 'failed';
}

function hostRow({ uptimeMs, residentBytes }: HostStatus): readonly string[] {
  return ['0', 'host', 'running', '-', bytesText(residentBytes), durationText(uptimeMs), '-', ''];
}

function row(vm: VmSummary): readonly string[] {
  const { id, name, state, cpus, ram, uptimeMs, restarts, restarting, end } = vm;
  return [
    String(id),
    name,
    restarting ? `${state}, restarting` : state,
    String(cpus),
    bytesText(ram),
    uptimeMs === 0 ? '-' : durationText(uptimeMs),
    String(restarts),
    end === undefined ? '' : String(end.exitCode),
  ];
}
