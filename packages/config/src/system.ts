import type { SourceLocation, FieldSources } from './location.js';
import type { VdevSpec, VmFragment } from './spec.js';

/** The host VM of a system. @experimental */
export interface HostSpec {
  /** Paths of configurations that this one is laid over. */
  readonly config: readonly string[];
  /** Host CPUs of the main thread of the host, and of the threads of VMs that name none; each once. */
  readonly cpulist?: readonly number[];
  /** Scheduling priority of the same threads, within {@link PRIORITY_RANGE}. */
  readonly priority?: number;
  /** Entries such as shared memory that the host provides, written as vdevs. */
  readonly vdevs: readonly VdevSpec[];
  /** Places in the text. */
  readonly source?: FieldSources<'cpulist' | 'priority' | 'config' | 'vdev'>;
}

/** A guest VM of a system: the fields of its entry, and the configurations that they are laid over. @experimental */
export interface SystemVmSpec {
  /** Name of the VM, unique in the system. */
  readonly name: string;
  /** Resolved paths; the first one is the base, the others are laid over it in order. */
  readonly config: readonly string[];
  /** Settings of the system file itself, laid over those of `config`. */
  readonly fragment: VmFragment;
}

/** A virtual switch that vdevs may name as their peer. @experimental */
export interface SwitchSpec {
  /** Name of the switch, which `virtio-net` refers to. */
  readonly name: string;
  /** Path of a packet capture. */
  readonly capture?: string;
  /** VLAN numbers, 1 to 4094. Kept, but without effect in this version. */
  readonly vlans?: readonly number[];
  /** Place in the text. */
  readonly at?: SourceLocation;
}

/** A region of shared memory that the host provides. @experimental */
export interface SharedMemorySpec {
  /** Name of the region, which `shmem` refers to. */
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  /** Place in the text. */
  readonly at?: SourceLocation;
}

/** Contents of a system file: a host VM, guest VMs and their connections. Plain data. @experimental */
export interface SystemSpec {
  /** The host's own part; empty when the file has none. */
  readonly host: HostSpec;
  /** The VMs, in the order written. */
  readonly vms: readonly SystemVmSpec[];
  /** The switches, in the order written. */
  readonly switches: readonly SwitchSpec[];
  /** The shared-memory regions, in the order written. */
  readonly shmem: readonly SharedMemorySpec[];
  /** Folder against which relative paths are resolved. */
  readonly baseDir: string;
}
