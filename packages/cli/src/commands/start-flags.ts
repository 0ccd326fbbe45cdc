import type { Engine } from '@qvm/core/architecture';
import type { EmbeddedArchitecture } from '@qvm/guests';
import type { RestartPolicy } from '@qvm/host';
import type { HostFlags } from '../host/connect.js';
import type { OverrideFlags } from '../overrides.js';
import type { RegionDumpOption } from '../regions/region-dump-option.js';

/** Options of `qvm start`. */
export interface StartFlags extends OverrideFlags, HostFlags {
  /** Whether to start the guest that is part of qvm, instead of a file. */
  readonly embedded?: boolean;
  /** Architecture of the guest that is part of qvm; only with `embedded`. */
  readonly arch?: EmbeddedArchitecture;
  /** `true` if no number is given. */
  readonly icount?: number | true;
  readonly engine?: Engine;
  readonly trace?: string;
  readonly dumpRegions?: RegionDumpOption;
  readonly stats?: boolean;
  readonly json?: boolean;
  readonly restart?: boolean;
  /** Number of consecutive resets that end the VM; 0: unlimited. */
  readonly resetLimit?: number;
  readonly verbose?: boolean;
  readonly plugin?: readonly string[];
  /** Whether to leave the VMs to the host and return; requires a running host. */
  readonly detach?: boolean;
  /** Whether to run in this process even if a host is running. */
  readonly alone?: boolean;
  /** The VM whose console is shown; `true` for the only VM. */
  readonly console?: string | true;
  /** The host's policy when a VM ends by itself. */
  readonly restartPolicy?: RestartPolicy;
  /** Folder for core dumps of VMs that fail, or `|COMMAND`. */
  readonly dump?: string;
}
