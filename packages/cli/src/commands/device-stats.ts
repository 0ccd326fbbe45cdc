import type { VdevRange } from '@qvm/core/host';
import type { VdevPlace } from '@qvm/sdk';
import { withHost, type HostFlags } from '../host/connect.js';
import { printJson, printLines } from '../report/print.js';
import { interruptsText } from './map.js';
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
  const states = statistics.some(({ state }) => state !== undefined);
  const rows = statistics.map(({ number, vcpu, source, count, level, message, state = '' }) => [
    ...(message === true
      ? [`0x${number.toString(16)}`, 'message', source, String(count), '']
      : [
          String(number),
          vcpu === undefined ? 'shared' : `vcpu ${vcpu}`,
          source,
          String(count),
          level ? 'high' : 'low',
        ]),
    ...(states ? [state] : []),
  ]);
  printLines([table([['IRQ', 'TARGET', 'SOURCE', 'COUNT', 'LEVEL', ...(states ? ['STATE'] : [])], ...rows])]);
}

/** `qvm vdevstat`: the status of each vdev. */
export async function showVdevs(vm: string, flags: DeviceStatFlags): Promise<void> {
  const vdevs = await withHost(flags, (host) => host.request('vm.vdevstat', { vm }));
  if (flags.json === true) {
    printJson(vdevs);
    return;
  }
  for (const { name, type, status, ...place } of vdevs) {
    printLines([`${name} (${type})`]);
    const rows = [...placeRows(place), ...Object.entries(status).map(([key, value]) => [key, plain(value)])];
    if (rows.length !== 0) printLines([table(rows, '  ')]);
  }
}

/** Addresses and interrupts of a vdev. A range's name is included if there are several of its kind. */
function placeRows({ registers, ports, windows, interrupts }: VdevPlace): readonly (readonly string[])[] {
  const rows = (what: string, ranges: readonly VdevRange[]): readonly (readonly string[])[] =>
    ranges.map(({ name, base, size }) => [ranges.length === 1 ? what : `${what} ${name}`, rangeText(base, size)]);
  const lines = interrupts.length === 0 ? [] : [['interrupts', interruptsText(interrupts)]];
  return [...rows('registers', registers), ...rows('ports', ports), ...rows('window', windows), ...lines];
}

function rangeText(base: number, size: number): string {
  return `0x${base.toString(16)}-0x${(base + size - 1).toString(16)}`;
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
