import type { FieldSources, SourceLocation } from './location.js';
import type { ArchitectureName } from './names.js';
import type { LogDestination, LogFilter, RestartPolicy, UnsupportedKind, UnsupportedPolicy } from './words.js';

/** One option of a vdev as it was written, `${NAME}` expanded. Without `value` it is a flag. @experimental */
export interface OptionSetting {
  readonly name: string;
  readonly value?: string;
  /** Place of the name. */
  readonly at?: SourceLocation;
  /** Place of the value. */
  readonly valueAt?: SourceLocation;
}

/** A virtual device to create. @experimental */
export interface VdevSpec {
  /** Type without the prefix `qvm-vdev-`, or a package name such as `@acme/vdev-sensor`. */
  readonly type: string;
  /** In the order of the text, repetitions kept; see `resolveOptions`. */
  readonly options: readonly OptionSetting[];
  /** Folder for its path options where it is another than the VM's. */
  readonly baseDir?: string;
  readonly source?: FieldSources<'type' | 'config'>;
}

/** A region of RAM. Both numbers are multiples of `PAGE_SIZE`. @experimental */
export interface RamSpec {
  /** Guest-physical address of the first byte; absent when the board chooses. */
  readonly base?: number;
  /** Bytes. */
  readonly size: number;
  readonly source?: FieldSources<'base' | 'size'>;
}

/** A file that is put into guest memory beside image, initrd and device tree. @experimental */
export interface LoadSpec {
  /** Guest-physical address of the first byte. */
  readonly address: number;
  /** Path, expanded and resolved as `image`. */
  readonly file: string;
  readonly source?: FieldSources<'address' | 'file'>;
}

/** How a vCPU is scheduled where it differs from the others. @experimental */
export interface CpuSpec {
  /** Host CPUs on which this vCPU may execute; any when absent. */
  readonly cpulist?: readonly number[];
  readonly priority?: number;
  /** Round-robin when absent. */
  readonly policy?: 'fifo';
}

/** Guest-physical addresses, or an interrupt, that no vdev gets by default. @experimental */
export type ReserveSpec =
  | { readonly base: number; readonly size: number; readonly source?: FieldSources }
  | { readonly irq: number; readonly source?: FieldSources };

/** One `logger` line: a set of severities and where they go. @experimental */
export interface LoggerSpec {
  readonly filters: readonly LogFilter[];
  readonly destination: LogDestination;
}

/** What a guest may do that the VM does not support, and what then happens. @experimental */
export type UnsupportedSpec = Readonly<Partial<Record<UnsupportedKind, UnsupportedPolicy>>>;

/** The fields of a {@link VmSpec} that a configuration can name: the keys of the JSON form. @experimental */
export type VmField =
  | 'name'
  | 'arch'
  | 'board'
  | 'image'
  | 'dtb'
  | 'initrd'
  | 'cmdline'
  | 'cpus'
  | 'cpulist'
  | 'priority'
  | 'cpu'
  | 'ram'
  | 'rom'
  | 'load'
  | 'reserve'
  | 'logger'
  | 'unsupported'
  | 'dump'
  | 'set'
  | 'restart'
  | 'dryrun'
  | 'vdev';

/**
 * Description of a VM: the form that every front end of the language produces and that programs may write by hand
 * (then without `source`). Plain data: it survives JSON and structured cloning.
 * @experimental
 */
export interface VmSpec {
  readonly name: string;
  readonly arch: ArchitectureName;
  /** Name of the board, or of a package that brings it; absent: the architecture's usual one. */
  readonly board?: string;
  /** Paths are expanded, and resolved against the configuration's folder. Absent: whoever starts the VM names it. */
  readonly image?: string;
  readonly dtb?: string;
  readonly initrd?: string;
  readonly cmdline?: string;
  /** Number of vCPUs, 1 to `MAX_CPUS`. */
  readonly cpus: number;
  /** Host CPUs, in the order written, each once. */
  readonly cpulist?: readonly number[];
  readonly priority?: number;
  /** One entry for each vCPU when they differ; `cpulist` and `priority` are absent then. */
  readonly cpu?: readonly CpuSpec[];
  /** At least one region, in the order written; explicit ones do not overlap. */
  readonly ram: readonly RamSpec[];
  /** Regions that the guest cannot write; `load` fills them. Each has a base. */
  readonly rom?: readonly RamSpec[];
  readonly load?: readonly LoadSpec[];
  readonly reserve?: readonly ReserveSpec[];
  /** In place of the default filters. */
  readonly logger?: readonly LoggerSpec[];
  readonly unsupported?: UnsupportedSpec;
  /** A folder for dumps of the guest, or `|COMMAND` that reads one on its standard input. */
  readonly dump?: string;
  /** Variables of `set`, as written. */
  readonly set?: Readonly<Record<string, string>>;
  readonly restart?: RestartPolicy;
  /** Build and check the VM, then end without starting the guest. */
  readonly dryrun?: boolean;
  readonly vdevs: readonly VdevSpec[];
  /** Folder against which path options of vdevs are resolved. */
  readonly baseDir: string;
  readonly source?: FieldSources<VmField>;
}

/**
 * A part of a VM: what a file without `name`, `image` and `ram` says, or an entry of a system file. Laid over a whole VM by
 * `overlayVm`.
 * @experimental
 */
export type VmFragment = Readonly<Partial<Omit<VmSpec, 'vdevs' | 'baseDir' | 'source'>>> &
  Pick<VmSpec, 'vdevs' | 'baseDir' | 'source'>;
