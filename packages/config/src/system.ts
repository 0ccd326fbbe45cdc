import type { SourceLocation, FieldSources } from './location.js';
import type { VdevSpec, VmFragment } from './spec.js';

/** The host VM of a system. @experimental */
export interface HostSpec {
  /** Paths of configurations that this one is laid over. */
  readonly config: readonly string[];
  readonly cpulist?: readonly number[];
  readonly priority?: number;
  readonly vdevs: readonly VdevSpec[];
  readonly source?: FieldSources<'cpulist' | 'priority' | 'config' | 'vdev'>;
}

/** A guest VM of a system: the fields of its entry, and the configurations that they are laid over. @experimental */
export interface SystemVmSpec {
  readonly name: string;
  /** Resolved paths; the first one is the base, the others are laid over it in order. */
  readonly config: readonly string[];
  readonly fragment: VmFragment;
}

/** A virtual switch that vdevs may name as their peer. @experimental */
export interface SwitchSpec {
  readonly name: string;
  /** Path of a packet capture. */
  readonly capture?: string;
  readonly vlans?: readonly number[];
  readonly at?: SourceLocation;
}

/** A region of shared memory that the host provides. @experimental */
export interface SharedMemorySpec {
  readonly name: string;
  /** Size in bytes. */
  readonly size: number;
  readonly at?: SourceLocation;
}

/** Contents of a system file: a host VM, guest VMs and their connections. Plain data. @experimental */
export interface SystemSpec {
  readonly host: HostSpec;
  readonly vms: readonly SystemVmSpec[];
  readonly switches: readonly SwitchSpec[];
  readonly shmem: readonly SharedMemorySpec[];
  readonly baseDir: string;
}
