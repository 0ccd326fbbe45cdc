import type { Environment, VmSpec } from '@qvm/config';
import type { Logger, QvmPlugin } from '@qvm/core';
import type { Engine } from '@qvm/core/architecture';
import type { ClockSpec } from '@qvm/core/host';

/**
 * How one VM is made, beyond what its configuration says.
 *
 * @experimental
 */
export interface VmCreateOptions {
  /** Real time when absent. */
  readonly clock?: ClockSpec;
  /** How guest code runs: only interpreted, or (as when absent) with hot code translated to WebAssembly. */
  readonly engine?: Engine;
  /** What a guest's reset does: end the VM with exit code 0 (the default), or boot again. */
  readonly onReset?: 'exit' | 'restart';
  /** With `onReset: 'restart'`: resets in a row after which the VM ends with exit code 4; see `VmOptions.resetLimit` of core. */
  readonly resetLimit?: number;
  /** Plugins for this VM alone; all that they provide belongs to it. */
  readonly plugins?: readonly QvmPlugin[];
  /** Replaces the hypervisor's logger. */
  readonly logger?: Logger;
  /** Replaces the host's variables for `${NAME}`. */
  readonly environment?: Environment;
  /** Changes the specification before it is used, as command-line options do. May throw a `ConfigError`. */
  readonly adjust?: (spec: VmSpec) => VmSpec;
  /** Files that the host program writes about this VM, such as a trace: refused where the VM uses them. */
  readonly outputs?: readonly VmOutput[];
  /** Told what the user needs to know to use a console, such as the path of a PTY. Absent: logged as `info`. */
  readonly onAnnouncement?: (message: string) => void;
}

/**
 * A file that a host program writes while a VM runs.
 *
 * @experimental
 */
export interface VmOutput {
  /** Path of the file, as the host program opens it. */
  readonly path: string;
  /** What asks for it, for messages: `--trace`. */
  readonly role: string;
}
