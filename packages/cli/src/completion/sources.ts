import type { Argument, Option } from 'commander';

/** Source of the candidates for an argument or the value of an option. */
export type Source =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /**
   * Files with one of the extensions, and folders; all files if there are no such files, or no extensions are given.
   */
  | { readonly kind: 'files'; readonly endings?: readonly string[] }
  | { readonly kind: 'folders' }
  /** The VMs of the running host. */
  | { readonly kind: 'vms' }
  /** Those of configurations on the line, and those of the host. */
  | { readonly kind: 'vmsOfConfigs' }
  /** Those that a trace on the line begins with. */
  | { readonly kind: 'vmsOfTrace' }
  | { readonly kind: 'vmsOrFiles'; readonly endings: readonly string[] }
  | { readonly kind: 'guests' }
  | { readonly kind: 'vdevTypes' }
  | { readonly kind: 'boards' }
  | { readonly kind: 'architectures' }
  /** Names of events, and causes of exits of all architectures. */
  | { readonly kind: 'events' }
  /** `KEY=VALUE` of `--set`. */
  | { readonly kind: 'settings' }
  /** Numbers, times, texts: values that cannot be listed. */
  | { readonly kind: 'nothing' };

const CONFIGS = ['.qvmconf'];
const TRACES = ['.kev'];
const NOTHING: Source = { kind: 'nothing' };
const FILES: Source = { kind: 'files' };
const FOLDERS: Source = { kind: 'folders' };
const VMS: Source = { kind: 'vms' };
const VMS_OF_TRACE: Source = { kind: 'vmsOfTrace' };

/** By command and argument, or by argument alone. */
const ARGUMENTS: Readonly<Record<string, Source>> = {
  'start file': { kind: 'files', endings: CONFIGS },
  'check file': { kind: 'files', endings: CONFIGS },
  'convert file': { kind: 'files', endings: CONFIGS },
  'trace print file': { kind: 'files', endings: TRACES },
  'trace convert file': { kind: 'files', endings: TRACES },
  'traceevent file': { kind: 'files', endings: TRACES },
  'lahav file': { kind: 'files', endings: TRACES },
  'guest fetch name': { kind: 'guests' },
  'guest path name': { kind: 'guests' },
  'guest verify name': { kind: 'guests' },
  'vdev help type': { kind: 'vdevTypes' },
  'board help name': { kind: 'boards' },
  'vdev new name': NOTHING,
  'completion shell': { kind: 'words', words: ['bash', 'zsh', 'fish'] },
  'waitfor words': FILES,
  'dump file': FILES,
  'type text': NOTHING,
  'complete words': NOTHING,
  vm: VMS,
  'vm|file': { kind: 'vmsOrFiles', endings: CONFIGS },
  address: NOTHING,
  length: NOTHING,
};

/** By command and option, or by option alone. */
const OPTIONS: Readonly<Record<string, Source>> = {
  'vdev new --dir': FOLDERS,
  'vdev new --local': FOLDERS,
  'tracelogger -f': FILES,
  'traceevent -f': { kind: 'files', endings: TRACES },
  '--console': { kind: 'vmsOfConfigs' },
  'trace print --vm': VMS_OF_TRACE,
  'trace convert --vm': VMS_OF_TRACE,
  'traceevent --vm': VMS_OF_TRACE,
  'lahav --vm': VMS_OF_TRACE,
  '--vm': VMS,
  '--set': { kind: 'settings' },
  '--socket': FILES,
  '--plugin': { kind: 'files', endings: ['.js', '.mjs'] },
  '--output': FILES,
  '--trace': FILES,
  '--dump': FOLDERS,
  '--dump-regions': FOLDERS,
  '--event': { kind: 'events' },
  '--arch': { kind: 'architectures' },
  '--cmdline': NOTHING,
  '--icount': NOTHING,
  '--reset-limit': NOTHING,
  '--watch': NOTHING,
  '--timeout': NOTHING,
  '--stop-timeout': NOTHING,
  '--metrics': NOTHING,
  '--stream': NOTHING,
  '--vcpu': NOTHING,
  '--since': NOTHING,
  '--until': NOTHING,
  '--from': NOTHING,
  '--to': NOTHING,
};

/** The source of completions for an argument of a command; `undefined` for an unknown one. */
export function argumentSource(path: string, argument: Argument): Source | undefined {
  if (argument.argChoices !== undefined) return { kind: 'words', words: argument.argChoices };
  return ARGUMENTS[`${path} ${argument.name()}`] ?? ARGUMENTS[argument.name()];
}

/** The source of completions for the value of an option; `undefined` for an unknown one. */
export function optionSource(path: string, option: Option): Source | undefined {
  if (option.argChoices !== undefined) return { kind: 'words', words: option.argChoices };
  const name = option.long ?? option.short ?? '';
  return OPTIONS[`${path} ${name}`] ?? OPTIONS[name];
}
