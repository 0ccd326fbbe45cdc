import type { Severity } from '../finding.js';
import type { SourceLocation } from '../location.js';
import type { OptionSpec, OptionValue } from '../options.js';
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

/** A vdev type as rules see it: structurally a part of core's `VdevFactory`. @experimental */
export interface VdevFacts {
  readonly options: readonly OptionSpec[];
  /** Serves as the guest's console. */
  readonly console?: boolean;
  /** The registers and interrupts of an instance with these options. */
  resources(options: Readonly<Record<string, OptionValue | readonly OptionValue[]>>): {
    readonly mmio?: readonly { readonly name: string; readonly size: number }[];
    readonly interrupts?: readonly { readonly name: string }[];
  };
  /** The files of the host that an instance with these options uses; absent: it reads those of its `path` options. */
  files?(options: Readonly<Record<string, OptionValue | readonly OptionValue[]>>): readonly {
    readonly option: string;
    readonly path: string;
    readonly access: 'read' | 'change' | 'write';
    readonly disk?: boolean;
  }[];
}

/** What a board is, as far as rules want to know. Structurally what `Board` of core has. @experimental */
export interface BoardFacts {
  /** The console that a VM gets when it names none. */
  readonly defaultConsole?: string;
  /** Where RAM begins when a configuration leaves it open. */
  readonly ram: { readonly base: number };
  /** The numbers of the interrupts that vdevs can have, first and last. */
  readonly interrupts: { readonly first: number; readonly last: number };
}

/** Facts outside of the texts. Rules do not check absent ones. @experimental */
export interface LintFacts {
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
  readonly check: (target: LintTarget, facts: LintFacts, report: Report) => void;
}
