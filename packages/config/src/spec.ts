import type { FieldSources, SourceLocation } from './location.js';
import type { ArchitectureName } from './schema.js';

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

/** The fields of a {@link VmSpec} that a configuration can name. @experimental */
export type VmField =
  'name' | 'arch' | 'image' | 'dtb' | 'initrd' | 'cmdline' | 'cpus' | 'cpulist' | 'priority' | 'ram' | 'vdev';

/**
 * What a VM is to be: the form that every front end of the language produces and that programs may write by hand
 * (then without `source`). Plain data: it survives JSON and structured cloning.
 * @experimental
 */
export interface VmSpec {
  readonly name: string;
  readonly arch: ArchitectureName;
  /** Paths are expanded, and resolved against the configuration's folder. */
  readonly image: string;
  readonly dtb?: string;
  readonly initrd?: string;
  readonly cmdline?: string;
  /** Number of vCPUs, 1 to `MAX_CPUS`. */
  readonly cpus: number;
  /** Host CPUs, in the order written, each once. */
  readonly cpulist?: readonly number[];
  readonly priority?: number;
  /** At least one region, in the order written; explicit ones do not overlap. */
  readonly ram: readonly RamSpec[];
  readonly vdevs: readonly VdevSpec[];
  /** Folder against which path options of vdevs are resolved. */
  readonly baseDir: string;
  readonly source?: FieldSources<VmField>;
}
