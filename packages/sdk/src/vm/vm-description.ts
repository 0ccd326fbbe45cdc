import type { ArchitectureName, OptionSetting, RamSpec, VdevSpec, VmSpec } from '@qvm/config';
import { parseAddress, parseSize } from '@qvm/core/options';
import { QvmError } from '@qvm/core';
import { type BootFile } from '@qvm/core/architecture';

/**
 * A file to load: a path, or its contents with a name for errors.
 *
 * @experimental
 */
export type FileDescription = string | BootFile;

/**
 * A region of RAM. Numbers are bytes; texts are parsed as in a configuration (`'512M'`, `'0x40000000'`).
 *
 * @experimental
 */
export interface RamDescription {
  /** Default: the board's base for the first region, otherwise the end of the previous region. */
  readonly base?: number | string;
  /** Bytes, or a text as in a configuration (`64M`). */
  readonly size: number | string;
}

/**
 * A vdev. Option values are parsed as in a configuration; `true` stands for a flag, `undefined` for an option that is
 * not given.
 *
 * @experimental
 */
export interface VdevDescription {
  /** Type of the vdev. */
  readonly type: string;
  /** Options by name, with values as in a configuration. */
  readonly options?: Readonly<Record<string, string | number | boolean | undefined>>;
}

/**
 * A program's description of a VM; docs/qvmconf.md has the meaning of the fields.
 *
 * @experimental
 */
export interface VmDescription {
  /** Name of the VM. */
  readonly name: string;
  /** Default: that of the image, else `aarch64`. */
  readonly arch?: ArchitectureName;
  /** Default: the architecture's default board. */
  readonly board?: string;
  /** The processor model, with changes of its features: `x86-64-v2,+aes`. Default: the architecture's default model. */
  readonly cpumodel?: string;
  /** The kernel or firmware: a path, or the file itself. */
  readonly image: FileDescription;
  /** The way by which the image is entered, such as `pvh`: one of `Architecture.entries`. Default: as its format says. */
  readonly entry?: string;
  /** A device tree that is patched and replaces the generated one: a path, or the file itself. */
  readonly dtb?: FileDescription;
  /** The initial RAM file system: a path, or the file itself. */
  readonly initrd?: FileDescription;
  /** The kernel's command line. */
  readonly cmdline?: string;
  /** Number of vCPUs. Default 1. */
  readonly cpus?: number;
  /** Ranges of RAM; a range without base follows the previous one. */
  readonly ram: readonly RamDescription[];
  /** The vdevs, in order of creation. */
  readonly vdevs?: readonly VdevDescription[];
  /** Folder that relative paths are resolved against. Default: the working directory. */
  readonly baseDir?: string;
}

/** A specification, and those of its files that are in memory already. */
export interface DescribedVm {
  readonly spec: VmSpec;
  /** Files in memory, by the name of the field. */
  readonly files: Readonly<Partial<Record<'image' | 'dtb' | 'initrd', BootFile>>>;
  /** The description names no architecture. */
  readonly undecided?: boolean;
}

/**
 * Converts a description to a specification.
 *
 * @throws QvmError `vm.description` for sizes and addresses that cannot be parsed.
 */
export function specOf(description: VmDescription): DescribedVm {
  const { name, arch, board, cpumodel, image, entry, dtb, initrd, cmdline, cpus, ram, vdevs, baseDir } = description;
  const spec: VmSpec = {
    name,
    arch: arch ?? 'aarch64',
    ...(board === undefined ? {} : { board }),
    ...(cpumodel === undefined ? {} : { cpumodel }),
    image: nameOf(image),
    ...(entry === undefined ? {} : { entry }),
    ...(dtb === undefined ? {} : { dtb: nameOf(dtb) }),
    ...(initrd === undefined ? {} : { initrd: nameOf(initrd) }),
    ...(cmdline === undefined ? {} : { cmdline }),
    cpus: cpus ?? 1,
    ram: ram.map(ramOf),
    vdevs: (vdevs ?? []).map(vdevOf),
    baseDir: baseDir ?? '',
  };
  const files = { ...inMemory('image', image), ...inMemory('dtb', dtb), ...inMemory('initrd', initrd) };
  return { spec, files, ...(arch === undefined ? { undecided: true } : {}) };
}

function nameOf(file: FileDescription): string {
  return typeof file === 'string' ? file : file.name;
}

function inMemory(
  field: 'image' | 'dtb' | 'initrd',
  file: FileDescription | undefined,
): Readonly<Partial<Record<'image' | 'dtb' | 'initrd', BootFile>>> {
  return file === undefined || typeof file === 'string' ? {} : { [field]: file };
}

function ramOf({ base, size }: RamDescription): RamSpec {
  const bytes = numberOf(size, parseSize);
  return base === undefined ? { size: bytes } : { base: numberOf(base, parseAddress), size: bytes };
}

function numberOf(value: number | string, parse: typeof parseSize | typeof parseAddress): number {
  if (typeof value === 'number') return value;
  const result = parse(value);
  if (result.ok) return result.value;
  throw new QvmError('vm.description', `${JSON.stringify(value)}: ${result.message}`);
}

function vdevOf({ type, options }: VdevDescription): VdevSpec {
  const settings = Object.entries(options ?? {}).flatMap(([name, value]) => settingOf(name, value) ?? []);
  return { type, options: settings };
}

function settingOf(name: string, value: string | number | boolean | undefined): OptionSetting | undefined {
  if (value === undefined) return undefined;
  return { name, value: String(value) };
}
