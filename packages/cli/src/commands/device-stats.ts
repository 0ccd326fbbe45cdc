import { withHost, type HostFlags } from '../host/connect.js';
import { printJson, printLines } from '../report/print.js';
import { table } from '../report/table.js';

/** Options of `qvm irqstat` and `qvm vdevstat`. */
export interface DeviceStatFlags extends HostFlags {
  readonly json?: boolean;
}

/** `qvm irqstat`: every interrupt source with its count. */
export async function showInterrupts(vm: string, flags: DeviceStatFlags): Promise<void> {
  const statistics = await withHost(flags, (host) => host.request('vm.irqstat', { vm }));
  if (flags.json === true) {
    printJson(statistics);
    return;
  }
  const rows = statistics.map(({ number, vcpu, source, count, level }) => [
    String(number),
    vcpu === undefined ? 'shared' : `vcpu ${vcpu}`,
    source,
    String(count),
    level ? 'high' : 'low',
  ]);
  printLines([table([['IRQ', 'TARGET', 'SOURCE', 'COUNT', 'LEVEL'], ...rows])]);
}

/** `qvm vdevstat`: what each vdev tells of itself. */
export async function showVdevs(vm: string, flags: DeviceStatFlags): Promise<void> {
  const vdevs = await withHost(flags, (host) => host.request('vm.vdevstat', { vm }));
  if (flags.json === true) {
    printJson(vdevs);
    return;
  }
  for (const { name, type, status } of vdevs) {
    printLines([`${name} (${type})`]);
    const rows = Object.entries(status).map(([key, value]) => [key, plain(value)]);
    if (rows.length !== 0) printLines([table(rows, '  ')]);
  }
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
