import type { Board } from '@qvm/core/board';
import type { OptionDeclarations } from '@qvm/core/options';
import type { COMMON_VDEV_OPTIONS, VdevFactory } from '@qvm/core/vdev';
import type { Severity } from '../finding.js';
import type { SourceLocation } from '../location.js';
import type { VmFragment } from '../spec.js';
import type { HostSpec, SharedMemorySpec, SwitchSpec } from '../system.js';

/** A VM, or a part of one, that is being checked. @experimental */
export interface LintVm {
  /** Its name in messages. */
  readonly label: string;
  /** Its configuration; parts of it may be absent. */
  readonly spec: VmFragment;
}

/** All configurations that are checked together. @experimental */
export interface LintTarget {
  /** All VMs and parts of VMs that are examined together. */
  readonly vms: readonly LintVm[];
  /** The host VM of each system file. */
  readonly hosts: readonly HostSpec[];
  /** The switches of all system files. */
  readonly switches: readonly SwitchSpec[];
  /** The shared-memory regions of all system files. */
  readonly shmem: readonly SharedMemorySpec[];
}

/** A vdev type, for rules. @experimental */
export interface VdevFacts extends Pick<VdevFactory, 'console' | 'resources' | 'files'> {
  /** Its own options and those that every vdev has. */
  readonly options: OptionDeclarations & typeof COMMON_VDEV_OPTIONS;
}

/** A board, for rules. @experimental */
export type BoardFacts = Pick<Board, 'defaultConsole' | 'ram' | 'interrupts' | 'ioPorts'> &
  Partial<Pick<Board, 'places'>>;

/** Facts that are not in the texts. Rules skip checks whose facts are absent. @experimental */
export interface LintFacts {
  /** Facts about a vdev type; `undefined` if there is none of that name. */
  readonly vdev?: (type: string) => VdevFacts | undefined;
  /** The board of a VM. */
  readonly board?: (vm: Pick<VmFragment, 'arch' | 'board'>) => BoardFacts | undefined;
  /** Size of a host file in bytes; `undefined` if there is none. */
  readonly fileSize?: (path: string) => number | undefined;
  /**
   * Returns the same text for all names of a file, links included; `undefined` for a file that can be shared, such as
   * `/dev/null`.
   */
  readonly fileIdentity?: (path: string) => string | undefined;
  /** Number of CPUs of the host. */
  readonly hostCpus?: number;
  /** Memory of the host in bytes. */
  readonly hostMemory?: number;
}

/** Reports one problem. */
export type Report = (at: SourceLocation, message: string, hint?: string) => void;

/** Example configurations for a rule, as texts. @experimental */
export interface LintExample {
  /** Texts of configurations, one per file. */
  readonly texts: readonly string[];
  /** Facts of the host under which the example is examined. Default: none. */
  readonly facts?: LintFacts;
}

/** One check. @experimental */
export interface LintRule {
  /** Stable code, beginning with `lint.`. */
  readonly code: string;
  /** Severity of its findings. */
  readonly severity: Severity;
  /** The problem that it finds, in one sentence. */
  readonly summary: string;
  /** Why it is a problem, and the remedy. */
  readonly description: string;
  /** Configurations that the rule reports. */
  readonly bad: LintExample;
  /** The same, mended: the rule is silent. */
  readonly good: LintExample;
  /** Checks a target and reports problems. */
  readonly check: (target: LintTarget, facts: LintFacts, report: Report) => void;
}
