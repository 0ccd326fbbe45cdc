import { type OptionDeclarations, optionNamed, resolvePath, show } from '@qvm/core/options';
import type { SourceLocation } from '../location.js';
import { NO_SOURCE, sourceOf } from '../location.js';
import { ConfigError } from '../finding.js';
import type { VdevFacts } from '../lint/lint-rule.js';
import { type ResolvedOptions, resolveOptions, settingOf } from '../options.js';
import type { VdevSpec, VmFragment } from '../spec.js';
import type { SwitchSpec } from '../system.js';

/**
 * How a file of the host is used: `read`; `change` for reading and writing in place, as with a disk; `write` for
 * truncating and writing.
 * @experimental
 */
export type FileAccess = 'read' | 'change' | 'write';

/** One use of a file of the host, with its location in the configuration. @experimental */
export interface FileUse {
  /** Path from the view of the program. */
  readonly path: string;
  /** How the user accesses the file. */
  readonly access: FileAccess;
  /** A clause for messages: `the image of alpha`. */
  readonly role: string;
  /** The user: the name of a VM, or another owner. Uses of the same owner are compared when the owner is made. */
  readonly owner: string;
  /** Whether it is a disk. Two uses of one disk are reported elsewhere, because they are more often intended. */
  readonly disk?: boolean;
  /** Place in the configuration that names the file. */
  readonly at: SourceLocation;
}

/**
 * The files that a VM or a part of one uses: its boot files, the configuration files, and the files of its vdevs.
 *
 * @param vdevOf - facts about a vdev type; the files of unknown types are not found.
 * @experimental
 */
export function fileUses(
  owner: string,
  spec: VmFragment,
  vdevOf: (type: string) => VdevFacts | undefined,
): readonly FileUse[] {
  return [
    ...descriptions(owner, spec),
    ...bootFiles(owner, spec),
    ...spec.vdevs.flatMap((vdev) => vdevFiles(owner, vdev, spec.baseDir, vdevOf(vdev.type))),
  ];
}

/** The captures of switches. @experimental */
export function switchFiles(switches: readonly SwitchSpec[]): readonly FileUse[] {
  return switches.flatMap(({ name, capture, at = NO_SOURCE }) => {
    if (capture === undefined) return [];
    const owner = `the switch ${name}`;
    return [{ path: capture, access: 'write' as const, role: `the capture of ${owner}`, owner, at }];
  });
}

/** The configuration file and those that it is laid over. */
function descriptions(owner: string, { source, vdevs }: VmFragment): readonly FileUse[] {
  const sources = [source, ...vdevs.map((vdev) => vdev.source)].filter((known) => known !== undefined);
  const places = sources.flatMap(({ at, fields }) => [at, ...Object.values(fields)]);
  const files = new Map(places.map((at) => [at.file, { file: at.file, line: 1, column: 1 }] as const));
  files.delete(NO_SOURCE.file);
  return [...files].map(([path, at]) => ({ path, access: 'read', role: `the configuration of ${owner}`, owner, at }));
}

function bootFiles(owner: string, spec: VmFragment): readonly FileUse[] {
  const fields = (['image', 'initrd', 'dtb'] as const).flatMap((field): FileUse[] => {
    const path = spec[field];
    if (path === undefined) return [];
    return [{ path, access: 'read', role: `the ${field} of ${owner}`, owner, at: sourceOf(spec.source, field) }];
  });
  const loads = (spec.load ?? []).map(({ file, source }): FileUse => ({
    path: file,
    access: 'read',
    role: `a file that ${owner} loads`,
    owner,
    at: sourceOf(source, 'file'),
  }));
  return [...fields, ...loads];
}

function vdevFiles(owner: string, vdev: VdevSpec, baseDir: string, facts: VdevFacts | undefined): readonly FileUse[] {
  const values = facts === undefined ? undefined : resolved(vdev, vdev.baseDir ?? baseDir, facts);
  if (facts === undefined || values === undefined) return [];
  const use = (option: string, path: string, access: FileAccess, disk = false): FileUse => {
    const setting = settingOf(facts.options, vdev.options, option);
    const at = setting?.valueAt ?? setting?.at ?? sourceOf(vdev.source);
    return { path, access, role: `${show(option)} of ${vdev.type} in ${owner}`, owner, at, ...(disk && { disk }) };
  };
  const files = facts.files?.(values) ?? pathOptions(facts, values);
  return [
    ...files.map(({ option, path, access, disk }) => use(option, path, access, disk)),
    ...consoleFiles(vdev, facts.options).map(({ option, path }) => use(option, resolvePath(path, baseDir), 'write')),
  ];
}

/** The values of a vdev's options; `undefined` if they are invalid, which is reported elsewhere. */
function resolved(vdev: VdevSpec, baseDir: string, { options }: VdevFacts): ResolvedOptions['values'] | undefined {
  try {
    return resolveOptions(options, vdev.options, { owner: vdev.type, baseDir }).values;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

interface OptionFile {
  readonly option: string;
  readonly path: string;
  readonly access: FileAccess;
  readonly disk?: boolean;
}

/** The files that a type reads if it does not declare any. */
function pathOptions({ options }: VdevFacts, values: ResolvedOptions['values']): readonly OptionFile[] {
  const paths = Object.entries(options).filter(([, { kind }]) => kind.path === true);
  return paths.flatMap(([option]) =>
    [values[option]]
      .flat()
      .flatMap((path) => (typeof path === 'string' ? [{ option, path, access: 'read' as const }] : [])),
  );
}

/** The designator of a console, `file:PATH`, optionally after the name of a port, in any option. */
const FILE_DESIGNATOR = /^(?:[\w.-]+:)?file:(.+)$/s;

function consoleFiles(
  { options }: VdevSpec,
  declarations: OptionDeclarations,
): readonly { readonly option: string; readonly path: string }[] {
  return options.flatMap(({ name, value = '' }) => {
    const path = FILE_DESIGNATOR.exec(value)?.[1];
    return path === undefined ? [] : [{ option: optionNamed(declarations, name)?.name ?? name, path }];
  });
}
