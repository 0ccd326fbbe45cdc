import { optionNamed, optionNames, isBooleanWord, show } from '@qvm/core/options';
import type { Finding } from '../finding.js';
import { findingAt } from '../finding.js';
import { hostDeviceOption } from '../line/host-device.js';
import { LINE_WORDS } from '../line/line-words.js';
import type { VdevOptionsLookup } from '../line/line-reader.js';
import { sourceOf } from '../location.js';
import { ARCHITECTURES } from '../names.js';
import type { CpuSpec, OptionSetting, VdevSpec, VmFragment } from '../spec.js';
import { addressText, cpulistText, schedText, sizeText } from './quantities.js';
import { dumpText, type Escape } from './write-json.js';

/** Writes the line form of a VM, or a part of one; parts that it cannot express are added to `lost`. */
export function writeLines(vm: VmFragment, escape: Escape, vdevOptions: VdevOptionsLookup, lost: Finding[]): string {
  return new LineWriter(vm, escape, vdevOptions, lost).write();
}

class LineWriter {
  private readonly lines: string[] = [];

  constructor(
    private readonly vm: VmFragment,
    private readonly escape: Escape,
    private readonly vdevOptions: VdevOptionsLookup,
    private readonly lost: Finding[],
  ) {}

  write(): string {
    const { vm } = this;
    this.word('system', vm.name);
    this.word('arch', vm.arch === ARCHITECTURES[0] ? undefined : vm.arch);
    this.word('board', vm.board);
    this.word('cpumodel', vm.cpumodel);
    // A region without a base follows the one before it in either order, so RAM may come first.
    for (const { base, size } of vm.ram ?? []) this.region('ram', base, size);
    for (const { base, size } of vm.rom ?? []) this.region('rom', base, size);
    for (const vcpu of this.vcpus()) this.cpu(vcpu);
    this.path('load', vm.image);
    this.word('entry', vm.entry);
    this.path('initrd load', vm.initrd);
    this.path('fdt load', vm.dtb);
    for (const { address, file } of vm.load ?? [])
      this.word('data load', `${addressText(address)},${this.escape(file)}`);
    this.word('cmdline', vm.cmdline);
    for (const spec of vm.reserve ?? []) {
      const words = 'irq' in spec ? `intr ${spec.irq}` : `loc ${addressText(spec.base)},${sizeText(spec.size)}`;
      this.lines.push(`reserve ${words}`);
    }
    for (const vdev of vm.vdevs) this.vdev(vdev);
    this.settings();
    return `${this.lines.join('\n')}\n`;
  }

  private settings(): void {
    const { vm } = this;
    for (const { filters, destination } of vm.logger ?? []) {
      this.lines.push(`logger ${quote(filters.join(','))} ${destination}`);
    }
    for (const [kind, policy] of Object.entries(vm.unsupported ?? {})) this.lines.push(`unsupported ${kind} ${policy}`);
    this.word('dump', dumpText(vm.dump, this.escape));
    for (const [name, value] of Object.entries(vm.set ?? {})) this.word(`set ${name}`, value);
    this.word('restart', vm.restart);
    if (vm.dryrun === true) this.lines.push('dryrun');
  }

  private vcpus(): readonly CpuSpec[] {
    const { cpu, cpus = 1, cpulist, priority } = this.vm;
    if (cpu !== undefined) return cpu;
    const isDefault = this.vm.cpus === undefined && cpulist === undefined && priority === undefined;
    const each = { ...(cpulist === undefined ? {} : { cpulist }), ...(priority === undefined ? {} : { priority }) };
    return isDefault ? [] : Array.from({ length: cpus }, () => each);
  }

  private cpu({ cpulist, priority, policy }: CpuSpec): void {
    const sched = priority === undefined ? '' : ` sched ${schedText(priority, policy)}`;
    this.lines.push(`cpu${sched}${cpulist === undefined ? '' : ` runmask ${cpulistText(cpulist)}`}`);
  }

  private region(kind: 'ram' | 'rom', base: number | undefined, size: number): void {
    this.lines.push(`${kind} ${base === undefined ? '' : `${addressText(base)},`}${sizeText(size)}`);
  }

  private path(words: string, path: string | undefined): void {
    if (path === undefined) return;
    // A number before a comma would be parsed as an address.
    this.word(words, /^[0-9][^,]*,/.test(path) ? `./${this.escape(path)}` : this.escape(path));
  }

  private word(words: string, value: string | undefined): void {
    if (value !== undefined) this.lines.push(`${words} ${quote(this.oneLine(words, value))}`);
  }

  /** Replaces line breaks by blanks, because the line form cannot express them. */
  private oneLine(words: string, value: string): string {
    const flat = value.replace(/\r\n|\r|\n/g, ' ');
    if (flat !== value) this.loss(sourceOf(this.vm.source), `${words}: line breaks in ${show(value)} become blanks`);
    return flat;
  }

  private loss(at: ReturnType<typeof sourceOf>, message: string): void {
    this.lost.push(findingAt(at, 'warning', 'convert.lost', message));
  }

  private vdev(vdev: VdevSpec): void {
    const { type, options } = vdev;
    if (type === 'passthrough' && this.pass(options)) return;
    this.lines.push(`vdev ${quote(type)}`);
    for (const option of options) this.lines.push(`    ${this.option(type, option)}`);
  }

  /** The word for a range of host addresses that is passed through, if the vdev has no other options. */
  private pass(options: readonly OptionSetting[]): boolean {
    const values = new Map(options.map(({ name, value }) => [name, value]));
    const names = [...values.keys()].join();
    const [paddr, size, irq] = ['paddr', 'size', 'irq'].map((name) => values.get(name));
    const plain = [paddr, size, irq].every((value) => value === undefined || /^[0-9A-Za-z]+$/.test(value));
    if (paddr === undefined || size === undefined || !plain || !/^paddr,size(?:,irq)?$/.test(names)) return false;
    if (values.size !== options.length) return false;
    this.lines.push(
      `pass loc mem:${paddr},${size},rw=${paddr}${irq === undefined ? '' : ` intr ${this.controller}:${irq}`}`,
    );
    return true;
  }

  /** The interrupt controller whose inputs the numbers of the VM are. */
  private get controller(): string {
    return this.vm.arch === 'x86_64' ? 'ioapic' : 'gic';
  }

  private option(type: string, { name, value }: OptionSetting): string {
    const specs = this.vdevOptions(type);
    const isFlag = specs !== undefined && optionNamed(specs, name)?.option.kind.bare !== undefined;
    if (value === undefined) return isFlag ? name : `${name}=true`;
    const text = this.oneLine(name, this.escape(value));
    if (name === 'base' && /^[0-9A-Za-z]+$/.test(text)) return `loc ${text}`;
    if (name === 'ports' && /^[0-9A-Za-z]+$/.test(text)) return `loc io:${text}`;
    if (name === 'irq' && /^(?:[0-9]{1,5}|0x[0-9a-fA-F]{1,4})$/.test(text)) return `intr ${this.controller}:${text}`;
    const known = specs === undefined ? undefined : new Set(optionNames(specs));
    const isPlainDevice = name === hostDeviceOption(type, known) && !/^[<>]|^-$/.test(text);
    if (isPlainDevice) return `hostdev ${quote(text)}`;
    const isOption = known === undefined ? !LINE_WORDS.has(name) : known.has(name);
    if (!isOption || RESERVED.has(name) || (isFlag && !isBooleanWord(text))) return `${name}=${quote(text)}`;
    return `${name} ${quote(text)}`;
  }
}

/** Words that have a special meaning in the line form below a vdev. */
const RESERVED: ReadonlySet<string> = new Set([
  ...['loc', 'intr', 'hostdev', 'batch', 'delayed', 'dio', 'hostvector', 'legacy', 'legacy-free', 'log', 'peerfeats'],
  ...['sched', 'threads'],
]);

/** Quotes a word that would otherwise be parsed differently. */
function quote(text: string): string {
  const plain = text !== '' && !/[\s"#\\]|^\uFEFF/.test(text) && !/\$[A-Za-z_]+\{/.test(text);
  return plain ? text : `"${text.replace(/["\\]/g, '\\$&')}"`;
}
