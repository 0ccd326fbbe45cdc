import { statSync } from 'node:fs';
import { ConfigError, type VmSpec } from '@qvm/config';
import type { Hypervisor, MappedRange, VdevInterrupt } from '@qvm/sdk';
import { withHost, type HostFlags } from '../host/connect.js';
import { openHypervisor } from '../hypervisor.js';
import { override, type OverrideFlags } from '../overrides.js';
import { printJson, printLines } from '../report/print.js';
import { table } from '../report/table.js';
import { bytesText } from '../report/units.js';

/** Options of `qvm map`. */
export interface MapFlags extends HostFlags, OverrideFlags {
  readonly json?: boolean;
  readonly plugin?: readonly string[];
}

/** A VM and its memory map. */
interface MappedVm {
  readonly name: string;
  readonly ranges: readonly MappedRange[];
}

/** `qvm map VM|FILE`: all occupied ranges of guest-physical memory and all assigned I/O ports, of a VM in the host or of a configuration. */
export async function showMap(target: string, flags: MapFlags): Promise<void> {
  if (!isFile(target)) {
    const ranges = await withHost(flags, (host) => host.request('vm.map', { vm: target }));
    if (flags.json === true) printJson(ranges);
    else printLines([mapTable(ranges)]);
    return;
  }
  const vms = await mapsOf(target, flags);
  const [only] = vms;
  if (flags.json === true) printJson(vms.length === 1 ? only?.ranges : vms);
  else for (const { name, ranges } of vms) printLines(vms.length === 1 ? [mapTable(ranges)] : [name, mapTable(ranges)]);
}

/**
 * Names with a slash or the extension of configurations are files, so that the error for a missing one is about a file.
 */
function isFile(target: string): boolean {
  if (target.includes('/') || target.endsWith('.qvmconf')) return true;
  return statSync(target, { throwIfNoEntry: false })?.isFile() === true;
}

/** The maps of the VMs in a file, which are built but not started. @throws ConfigError when one cannot be built. */
async function mapsOf(file: string, flags: MapFlags): Promise<readonly MappedVm[]> {
  const hypervisor = await openHypervisor(flags.plugin);
  try {
    const { vms, findings } = await hypervisor.loadConfigs([file]);
    if (findings.some(({ severity }) => severity === 'error')) throw new ConfigError(findings);
    const maps: MappedVm[] = [];
    for (const spec of vms) maps.push(await mapOf(hypervisor, override(spec, flags)));
    return maps;
  } finally {
    await hypervisor.dispose();
  }
}

/** The map of a VM, even if it could not be booted, for example because its image is missing. */
async function mapOf(hypervisor: Hypervisor, spec: VmSpec): Promise<MappedVm> {
  const { map, findings } = await hypervisor.checkVm({ spec });
  if (map === undefined) throw new ConfigError(findings);
  return { name: spec.name, ranges: map };
}

const HEADER = ['FIRST', 'LAST', 'SIZE', 'KIND', 'NAME', 'TYPE', 'INTERRUPTS'];

function mapTable(ranges: readonly MappedRange[]): string {
  return table([HEADER, ...ranges.map(row)]);
}

function row({ base, size, kind, access, name, vdev }: MappedRange): readonly string[] {
  const what = access === undefined ? kind : `${kind} ${access}`;
  const isPorts = kind === 'ports';
  const interrupts = kind === 'registers' || isPorts ? interruptsText(vdev?.interrupts ?? []) : '';
  const place = isPorts ? port : address;
  const extent = isPorts ? String(size) : bytesText(size);
  return [place(base), place(base + size - 1), extent, what, name, vdev?.type ?? '', interrupts];
}

function port(value: number): string {
  return `io:0x${value.toString(16).padStart(4, '0')}`;
}

/** `33, 27 of each vCPU` */
export function interruptsText(interrupts: readonly VdevInterrupt[]): string {
  return interrupts.map((line) => `${line.number}${line.private === true ? ' of each vCPU' : ''}`).join(', ');
}

function address(value: number): string {
  return `0x${value.toString(16).padStart(10, '0')}`;
}
