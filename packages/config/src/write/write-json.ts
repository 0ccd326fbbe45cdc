import { ARCHITECTURES } from '../names.js';
import { dropUndefined } from '../record.js';
import type { OptionSetting, RamSpec, ReserveSpec, VmFragment } from '../spec.js';
import { addressText, cpulistText, schedText, sizeText } from './quantities.js';

/** Escapes paths and option values by doubling each dollar sign, because a single one may begin `${NAME}`. */
export type Escape = (text: string) => string;

/** The JSON form of a VM, or a part of one. */
export function writeJson(vm: VmFragment, escape: Escape): string {
  return `${layOut(documentOf(vm, escape))}\n`;
}

const INDENT = '    ';

/** One line for each member, and for each entry of its arrays. */
function layOut(document: object): string {
  const members = Object.entries(document).map(([key, value]: [string, unknown]) => {
    const text = Array.isArray(value) ? array(value) : inline(value);
    return `${INDENT}${JSON.stringify(key)}: ${text}`;
  });
  return members.length === 0 ? '{}' : `{\n${members.join(',\n')}\n}`;
}

function array(entries: readonly unknown[]): string {
  const lines = entries.map((entry) => `${INDENT}${INDENT}${inline(entry)}`);
  return `[\n${lines.join(',\n')}\n${INDENT}]`;
}

function inline(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, member]) => `${JSON.stringify(key)}: ${JSON.stringify(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function documentOf(vm: VmFragment, escape: Escape): object {
  const path = (text: string | undefined): string | undefined => (text === undefined ? undefined : escape(text));
  return dropUndefined({
    name: vm.name,
    arch: vm.arch === ARCHITECTURES[0] ? undefined : vm.arch,
    board: vm.board,
    cpumodel: vm.cpumodel,
    image: path(vm.image),
    entry: vm.entry,
    dtb: path(vm.dtb),
    initrd: path(vm.initrd),
    cmdline: vm.cmdline,
    cpus: vm.cpu === undefined ? vm.cpus : undefined,
    cpulist: vm.cpulist === undefined ? undefined : cpulistText(vm.cpulist),
    priority: vm.priority,
    cpu: vm.cpu?.map(({ cpulist, priority, policy }) =>
      dropUndefined({
        runmask: cpulist === undefined ? undefined : cpulistText(cpulist),
        sched: priority === undefined ? undefined : schedText(priority, policy),
      }),
    ),
    ram: vm.ram?.map(regionOf),
    rom: vm.rom?.map(regionOf),
    load: vm.load?.map(({ address, file }) => ({ address: addressText(address), file: escape(file) })),
    reserve: vm.reserve?.map(reserveOf),
    logger: vm.logger?.map(({ filters, destination }) => `${filters.join(',')} ${destination}`),
    unsupported: vm.unsupported,
    dump: dumpText(vm.dump, escape),
    set: vm.set,
    restart: vm.restart,
    dryrun: vm.dryrun,
    vdev: vm.vdevs.length === 0 ? undefined : vm.vdevs.map(({ type, options }) => vdevOf(type, options, escape)),
  });
}

/** A command is not expanded, so it is not escaped. */
export function dumpText(dump: string | undefined, escape: Escape): string | undefined {
  return dump === undefined || dump.startsWith('|') ? dump : escape(dump);
}

const regionOf = ({ base, size }: RamSpec): object =>
  dropUndefined({ base: base === undefined ? undefined : addressText(base), size: sizeText(size) });

const reserveOf = (spec: ReserveSpec): object =>
  'irq' in spec ? { irq: spec.irq } : { base: addressText(spec.base), size: sizeText(spec.size) };

function vdevOf(type: string, options: readonly OptionSetting[], escape: Escape): object {
  if (options.length === 0) return { type };
  const config = options
    .map(({ name, value }) => (value === undefined ? name : `${name}=${quoteValue(escape(value))}`))
    .join(',');
  return { type, config };
}

/** Quotes a value in which commas, quotes or spaces at its ends would have a meaning. */
function quoteValue(value: string): string {
  const plain = !/[,"]|^['\s]|\s$/.test(value);
  if (plain) return value;
  return value.includes("'") ? `"${value.replace(/["\\]/g, '\\$&')}"` : `'${value}'`;
}
