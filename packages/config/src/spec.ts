import type { OptionText } from '@qvm/core/options';
import type { FieldSources, SourceLocation } from './location.js';
import type { ArchitectureName } from './names.js';
import type { LogDestination, LogFilter, RestartPolicy, UnsupportedKind, UnsupportedPolicy } from './words.js';

/** One option of a vdev as written, with `${NAME}` expanded. Without `value`, it is a flag. @experimental */
export interface OptionSetting extends OptionText {
  /** Location of the name. */
  readonly at?: SourceLocation;
  /** Location of the value. */
  readonly valueAt?: SourceLocation;
}

/** A virtual device to create. @experimental */
export interface VdevSpec {
  /** Type without the prefix `qvm-vdev-`, or a package name such as `@acme/vdev-sensor`. */
  readonly type: string;
  /** In the order of the text, including repetitions; see `resolveOptions`. */
  readonly options: readonly OptionSetting[];
  /** Folder for its path options, if it differs from the VM's. */
  readonly baseDir?: string;
  /** Places in the text; absent for a vdev that a program adds. */
  readonly source?: FieldSources<'type' | 'config'>;
}

/** A region of RAM. Both numbers are multiples of `PAGE_SIZE`. @experimental */
export interface RamSpec {
  /** Guest-physical address of the first byte. Absent: the board chooses. */
  readonly base?: number;
  /** Size in bytes. */
  readonly size: number;
  /** Places in the text; absent for a region that a program adds. */
  readonly source?: FieldSources<'base' | 'size'>;
}

/** A file that is loaded into guest memory in addition to image, initrd and device tree. @experimental */
export interface LoadSpec {
  /** Guest-physical address of the first byte. */
  readonly address: number;
  /** Path, expanded and resolved like `image`. */
  readonly file: string;
  /** Places in the text; absent for an entry that a program adds. */
  readonly source?: FieldSources<'address' | 'file'>;
}

/** Scheduling of a vCPU that differs from the others. @experimental */
export interface CpuSpec {
  /** Host CPUs on which this vCPU may execute. Absent: any. */
  readonly cpulist?: readonly number[];
  /** Host scheduling priority of the vCPU's thread, within {@link PRIORITY_RANGE}. Default: the host's own. */
  readonly priority?: number;
  /** Absent: round-robin. */
  readonly policy?: 'fifo';
}

/** Guest-physical addresses, or an interrupt, that no vdev gets by default. @experimental */
export type ReserveSpec =
  | {
      /** First guest-physical address that nothing may be placed at. */
      readonly base: number;
      /** Bytes. */
      readonly size: number;
      /** Places in the text; absent for an entry that a program adds. */
      readonly source?: FieldSources;
    }
  | {
      /** Interrupt number that no vdev may get. */
      readonly irq: number;
      /** Places in the text; absent for an entry that a program adds. */
      readonly source?: FieldSources;
    };

/** One `logger` line: a set of severities and their destination. @experimental */
export interface LoggerSpec {
  /** Messages that pass: those that one of the filters matches. */
  readonly filters: readonly LogFilter[];
  /** Destination of the messages that pass. */
  readonly destination: LogDestination;
}

/** Policies for unsupported operations of a guest, by kind. @experimental */
export type UnsupportedSpec = Readonly<Partial<Record<UnsupportedKind, UnsupportedPolicy>>>;

/** The fields of a {@link VmSpec} that a configuration can set: the keys of the JSON form. @experimental */
export type VmField =
  | 'name'
  | 'arch'
  | 'board'
  | 'cpumodel'
  | 'image'
  | 'entry'
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
 * Specification of a VM: the result of every front end of the language; programs may also write it by hand (without
 * `source`). Plain data that survives JSON and structured cloning.
 * @experimental
 */
export interface VmSpec {
  /** Name of the VM, unique in its host. */
  readonly name: string;
  /** Architecture of the guest. */
  readonly arch: ArchitectureName;
  /** Name of the board, or of a package that provides it. Absent: the architecture's default. */
  readonly board?: string;
  /**
   * The processor model of all vCPUs, with changes of its features: `MODEL[,+FEATURE|,-FEATURE]…`. Absent: the
   * architecture's default. Which there are is checked when the VM is built.
   */
  readonly cpumodel?: string;
  /** Paths are expanded and resolved against the configuration's folder. Absent: given when the VM is started. */
  readonly image?: string;
  /** The way by which the image is entered. Absent: as its format says. Checked when the VM is built. */
  readonly entry?: string;
  /** Device tree in place of the generated one: a path, resolved as `image`. */
  readonly dtb?: string;
  /** Initial RAM disk: a path, resolved as `image`. */
  readonly initrd?: string;
  /** Kernel command line, without control characters. Default: that of the device tree, or none. */
  readonly cmdline?: string;
  /** Number of vCPUs, 1 to `MAX_CPUS`. */
  readonly cpus: number;
  /** Host CPUs in the order of the text, without duplicates. */
  readonly cpulist?: readonly number[];
  /** Host scheduling priority of the VM's thread, within {@link PRIORITY_RANGE}. Default: the host's own. */
  readonly priority?: number;
  /** One entry for each vCPU if they differ; `cpulist` and `priority` are absent in that case. */
  readonly cpu?: readonly CpuSpec[];
  /** At least one region, in the order of the text; regions with addresses do not overlap. */
  readonly ram: readonly RamSpec[];
  /** Regions that the guest cannot write; `load` fills them. Each has an address. */
  readonly rom?: readonly RamSpec[];
  /** Files that are copied into memory before the start, in the order written. */
  readonly load?: readonly LoadSpec[];
  /** Addresses and interrupts that vdevs are not placed at. */
  readonly reserve?: readonly ReserveSpec[];
  /** Replaces the default filters. */
  readonly logger?: readonly LoggerSpec[];
  /** Reactions to the guest's use of unsupported features. Default: the default of each kind. */
  readonly unsupported?: UnsupportedSpec;
  /** A folder for dumps of the guest, or `|COMMAND` that reads one on its standard input. */
  readonly dump?: string;
  /** Variables of `set`, as written. */
  readonly set?: Readonly<Record<string, string>>;
  /** Whether a host starts the VM again after its end. Default `never`. */
  readonly restart?: RestartPolicy;
  /** Whether to build and check the VM only, without starting the guest. */
  readonly dryrun?: boolean;
  /** The vdevs in the order written, without those that the board always has. */
  readonly vdevs: readonly VdevSpec[];
  /** Folder against which path options of vdevs are resolved. */
  readonly baseDir: string;
  /** Places in the text; absent for a specification that a program makes. */
  readonly source?: FieldSources<VmField>;
}

/**
 * A part of a VM: the contents of a file without `name`, `image` and `ram`, or an entry of a system file. `overlayVm`
 * lays it over a whole VM.
 * @experimental
 */
export type VmFragment = Readonly<Partial<Omit<VmSpec, 'vdevs' | 'baseDir' | 'source'>>> &
  Pick<VmSpec, 'vdevs' | 'baseDir' | 'source'>;
