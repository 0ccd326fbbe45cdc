import type { Engine } from '@qvm/core/architecture';
import type { RestartPolicy } from '@qvm/host';
import type { HostFlags } from '../host/connect.js';
import type { OverrideFlags } from '../overrides.js';
import type { RegionDumpOption } from '../regions/region-dump-option.js';

/** Options of `qvm start`. */
export interface StartFlags extends OverrideFlags, HostFlags {
  /** The guest that comes with qvm, in place of a file. */
  readonly embedded?: boolean;
  /** `true` without a number. */
  readonly icount?: number | true;
  readonly engine?: Engine;
  readonly trace?: string;
  readonly dumpRegions?: RegionDumpOption;
  readonly stats?: boolean;
  readonly json?: boolean;
  readonly restart?: boolean;
  /** Resets in a row that end the VM; 0: any number. */
  readonly resetLimit?: number;
  readonly verbose?: boolean;
  readonly plugin?: readonly string[];
  /** Leave the VMs to the host and return; there must be one. */
  readonly detach?: boolean;
  /** Run here, although there is a host. */
  readonly alone?: boolean;
  /** The console to show: `true` for that of the only VM. */
  readonly console?: string | true;
  /** What the host does when a VM ends by itself. */
  readonly restartPolicy?: RestartPolicy;
  /** Folder for core dumps of VMs that fail, or `|COMMAND`. */
  readonly dump?: string;
}
