import { checkCpulistLength, readCpulist } from './cpulist.js';
import type { VdevDraft, VmDraft } from './draft.js';
import type { FindingList } from './finding.js';
import { LINUX_CMDLINE_LENGTH, MAX_CPUS, MAX_NAME_LENGTH, PRIORITY_RANGE } from './limits.js';
import type { FieldSources, Located, SourceLocation } from './location.js';
import { nameHint } from './nearest-name.js';
import { type Environment, expandVariables, pathProblem, resolvePath } from './paths.js';
import { buildRam } from './ram.js';
import { ARCHITECTURES, type ArchitectureName, NAME_PATTERN } from './schema.js';
import { show } from './show.js';
import type { OptionSetting, VdevSpec, VmField, VmSpec } from './spec.js';

/** What the meaning of a configuration depends on besides its text. */
export interface BuildContext {
  readonly baseDir: string;
  readonly environment: Environment;
  readonly findings: FindingList;
}

/** Checks what a front end has read and builds the specification; reports all problems. */
export function buildSpec(draft: VmDraft, context: BuildContext): VmSpec | undefined {
  const { findings } = context;
  const name = readName(draft.name, findings);
  const arch = readArch(draft.arch, findings);
  const image = readPath(draft.image, context);
  const dtb = readPath(draft.dtb, context);
  const initrd = readPath(draft.initrd, context);
  const cmdline = readCmdline(draft.cmdline, findings);
  const cpus = draft.cpus === undefined ? 1 : readInteger('cpus', draft.cpus, { min: 1, max: MAX_CPUS }, findings);
  const cpulist = draft.cpulist === undefined ? undefined : readCpulist(draft.cpulist, findings);
  if (draft.cpulist !== undefined && cpulist !== undefined && cpus !== undefined) {
    checkCpulistLength({ value: cpulist, at: draft.cpulist.at }, cpus, findings);
  }
  const priority =
    draft.priority === undefined ? undefined : readInteger('priority', draft.priority, PRIORITY_RANGE, findings);
  const ram = buildRam(draft.ram, findings);
  const vdevs = draft.vdevs.flatMap((vdev) => buildVdev(vdev, context) ?? []);
  if (findings.hasErrors || name === undefined || arch === undefined || image === undefined) return undefined;
  if (cpus === undefined || ram === undefined) return undefined;
  const optional = dropUndefined({ dtb, initrd, cmdline, cpulist, priority });
  return { name, arch, image, ...optional, cpus, ram, vdevs, baseDir: context.baseDir, source: sourcesOf(draft) };
}

function readName(name: Located<string> | undefined, findings: FindingList): string | undefined {
  if (name === undefined) return undefined;
  const { value, at } = name;
  const isPath = value === '.' || value === '..';
  if (NAME_PATTERN.test(value) && value.length <= MAX_NAME_LENGTH && !isPath) return value;
  const hint = `allowed are 1 to ${MAX_NAME_LENGTH} letters, digits, ".", "_" and "-"${isPath ? ', but not dots alone' : ''}`;
  findings.error(at, 'config.bad-name', `${show(value)} is not a VM name`, hint);
  return undefined;
}

function readArch(arch: Located<string> | undefined, findings: FindingList): ArchitectureName | undefined {
  if (arch === undefined) return ARCHITECTURES[0];
  const known = ARCHITECTURES.find((candidate) => candidate === arch.value);
  if (known !== undefined) return known;
  const message = `there is no architecture ${show(arch.value)}`;
  findings.error(arch.at, 'config.bad-arch', message, nameHint(arch.value, ARCHITECTURES, 'architectures'));
  return undefined;
}

function readPath(path: Located<string> | undefined, context: BuildContext): string | undefined {
  if (path === undefined) return undefined;
  const { findings, environment, baseDir } = context;
  const expanded = expandVariables(path.value, environment, path.at, findings);
  if (expanded === undefined) return undefined;
  const problem = pathProblem(expanded);
  if (problem === undefined) return resolvePath(expanded, baseDir);
  findings.error(path.at, 'config.bad-path', problem);
  return undefined;
}

function readCmdline(cmdline: Located<string> | undefined, findings: FindingList): string | undefined {
  if (cmdline === undefined) return undefined;
  const { value, at } = cmdline;
  if (/\p{Cc}/u.test(value)) {
    findings.error(
      at,
      'config.bad-cmdline',
      'the kernel command line holds a control character',
      'separate words by spaces',
    );
  } else if (value.length > LINUX_CMDLINE_LENGTH) {
    const message = `the kernel command line has ${value.length} characters`;
    findings.warning(at, 'config.cmdline-length', message, `Linux keeps the first ${LINUX_CMDLINE_LENGTH}`);
  }
  return value;
}

function readInteger(
  key: string,
  number: Located<number>,
  { min, max }: { readonly min: number; readonly max: number },
  findings: FindingList,
): number | undefined {
  const { value, at } = number;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  const message = `"${key}" cannot be ${value}`;
  findings.error(at, 'config.out-of-range', message, `it must be a whole number from ${min} to ${max}`);
  return undefined;
}

const PREFIX = 'qvm-vdev-';
// A plain type, or a scoped package name as npm allows it.
const TYPE = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{0,63}|@[a-z0-9][a-z0-9._-]{0,99}\/[a-z0-9][a-z0-9._-]{0,99})$/;

function buildVdev(draft: VdevDraft, context: BuildContext): VdevSpec | undefined {
  if (context.findings.full) return undefined;
  const options = draft.options.flatMap((option) => expandOption(option, draft.at, context) ?? []);
  if (draft.type === undefined) return undefined;
  const { value, at } = draft.type;
  const type = value.startsWith(PREFIX) ? value.slice(PREFIX.length) : value;
  if (!TYPE.test(type)) {
    context.findings.error(
      at,
      'config.bad-vdev-type',
      `${show(value)} is not a vdev type`,
      'right would be "pl011" or "@acme/vdev-x"',
    );
    return undefined;
  }
  const fields = dropUndefined({ type: at, config: draft.configAt });
  return { type, options, source: { at: draft.at, fields } };
}

// Values are expanded after splitting, so that a variable's commas and quotes never become syntax.
function expandOption(option: OptionSetting, owner: SourceLocation, context: BuildContext): OptionSetting | undefined {
  if (option.value === undefined || context.findings.full) return option;
  const at = option.valueAt ?? option.at ?? owner;
  const value = expandVariables(option.value, context.environment, at, context.findings);
  return value === undefined ? undefined : { ...option, value };
}

function sourcesOf(draft: VmDraft): FieldSources<VmField> {
  const { name, arch, image, dtb, initrd, cmdline, cpus, cpulist, priority } = draft;
  const located = { name, arch, image, dtb, initrd, cmdline, cpus, cpulist, priority };
  const places = Object.entries(located).flatMap(([key, value]) =>
    value === undefined ? [] : [[key, value.at] as const],
  );
  return {
    at: draft.at,
    fields: { ...Object.fromEntries(places), ...dropUndefined({ ram: draft.ramAt, vdev: draft.vdevAt }) },
  };
}

function dropUndefined<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
