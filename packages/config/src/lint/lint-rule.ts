import type { Board } from '@qvm/core/board';
import type { OptionDeclarations } from '@qvm/core/options';
import type { COMMON_VDEV_OPTIONS, VdevFactory } from '@qvm/core/vdev';
import type { Severity } from '../finding.js';
import type { SourceLocation } from '../location.js';
import type { VmFragment } from '../spec.js';
import type { HostSpec, SharedMemorySpec, SwitchSpec } from '../system.js';

/** A VM, or a part of one, that is checked. @experimental */
export interface LintVm {
  /** How messages name it. */
  readonly label: string;
  readonly spec: VmFragment;
}

/** What is checked together. @experimental */
export interface LintTarget {
  readonly vms: readonly LintVm[];
  readonly hosts: readonly HostSpec[];
  readonly switches: readonly SwitchSpec[];
  readonly shmem: readonly SharedMemorySpec[];
}

/** A vdev type as rules see it. @experimental */
export interface VdevFacts extends Pick<VdevFactory, 'console' | 'resources' | 'files'> {
  /** Its own, and those that every vdev has. */
  readonly options: OptionDeclarations & typeof COMMON_VDEV_OPTIONS;
}

/** A board as rules see it. @experimental */
export type BoardFacts = Pick<Board, 'defaultConsole' | 'ram' | 'interrupts'>;

/** Facts outside of the texts. Rules do not check absent ones. @experimental */
export interface LintFacts {
  /** The vdev type of a name; `undefined` when there is none. */
  readonly vdev?: (type: string) => VdevFacts | undefined;
  /** The board that a VM has. */
  readonly board?: (vm: Pick<VmFragment, 'arch' | 'board'>) => BoardFacts | undefined;
  /** Bytes of a file of the host; `undefined` when there is none. */
  readonly fileSize?: (path: string) => number | undefined;
  /** The same text for all names of a file, links included; `undefined` for what can be shared, such as `/dev/null`. */
  readonly fileIdentity?: (path: string) => string | undefined;
  /** Number of CPUs of the host. */
  readonly hostCpus?: number;
  /** Bytes of memory of the host. */
  readonly hostMemory?: number;
}

/** Tells of one problem. */
export type Report = (at: SourceLocation, message: string, hint?: string) => void;

/** Configurations, one text each, that show a rule. @experimental */
export interface LintExample {
  readonly texts: readonly string[];
  readonly facts?: LintFacts;
}

/** One check. @experimental */
export interface LintRule {
  /** Stable, begins with `lint.`. */
  readonly code: string;
  readonly severity: Severity;
  /** What it finds, as one sentence. */
  readonly summary: string;
  /** Why that is a problem, and what to do. */
  readonly description: string;
  readonly bad: LintExample;
  readonly good: LintExample;
  /** Looks at a target and reports what it finds. */
  readonly check: (target: LintTarget, facts: LintFacts, report: Report) => void;
}
