import type { Environment, VmSpec } from '@qvm/config';
import type { Logger, QvmPlugin } from '@qvm/core';
import type { Engine } from '@qvm/core/architecture';
import type { ClockSpec } from '@qvm/core/host';

/**
 * Options for making one VM, beyond its configuration.
 *
 * @experimental
 */
export interface VmCreateOptions {
  /** Default: real time. */
  readonly clock?: ClockSpec;
  /** How guest code runs: only interpreted, or (the default) with hot code translated to WebAssembly. */
  readonly engine?: Engine;
  /** Effect of a guest's reset: end the VM with exit code 0 (the default), or boot again. */
  readonly onReset?: 'exit' | 'restart';
  /**
   * With `onReset: 'restart'`: number of consecutive resets after which the VM ends with exit code 4; see
   * `VmOptions.resetLimit` of core.
   */
  readonly resetLimit?: number;
  /** Plugins for this VM only; all of their services belong to it. */
  readonly plugins?: readonly QvmPlugin[];
  /** Replaces the hypervisor's logger. */
  readonly logger?: Logger;
  /** Replaces the host's variables for `${NAME}`. */
  readonly environment?: Environment;
  /** Changes the specification before it is used, like command-line options. May throw a `ConfigError`. */
  readonly adjust?: (spec: VmSpec) => VmSpec;
  /** Files that the host program writes about this VM, such as a trace; files that the VM uses are refused. */
  readonly outputs?: readonly VmFile[];
  /** Files that the host program reads for this VM, such as plugins: the VM writes to none of them. */
  readonly inputs?: readonly VmFile[];
  /**
   * Called with information that the user needs to use a console, such as the path of a PTY. Default: it is logged as
   * `info`.
   */
  readonly onAnnouncement?: (message: string) => void;
}

/**
 * A file that a host program writes while a VM runs, or reads for it.
 *
 * @experimental
 */
export interface VmFile {
  /** Path of the file, as the host program opens it. */
  readonly path: string;
  /** A clause for messages: `the trace (--trace)`. */
  readonly role: string;
}
