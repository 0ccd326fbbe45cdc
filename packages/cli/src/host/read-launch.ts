import { resolve } from 'node:path';
import {
  ConfigError,
  conflictFinding,
  fileConflicts,
  fileUses,
  findingAt,
  formatFinding,
  NO_SOURCE,
  sourceOf,
  switchFiles,
  type FileUse,
  type LoadedConfigs,
  type VdevSpec,
  type VmSpec,
} from '@qvm/config';
import { parseSize } from '@qvm/core/options';
import type { EmbeddedArchitecture } from '@qvm/guests';
import {
  EMBEDDED_GUESTS,
  pluginFiles,
  type CaptureParams,
  type CreateParams,
  type ShareParams,
  type ThreadPlace,
} from '@qvm/host';
import { fileIdentity, lintFacts, type Hypervisor } from '@qvm/sdk';
import type { StartFlags } from '../commands/start-flags.js';
import { openHypervisor } from '../hypervisor.js';
import { CliExitCode } from '../report/exit-codes.js';
import { CliError } from '../report/report-error.js';
import { hostVdevs } from './host-vdevs.js';
import { withoutEffect } from './without-effect.js';
import { override } from '../overrides.js';

const EMBEDDED_RAM = 0x400_0000;
/** VMs that are started together, and resources of the host for them. */
export interface SystemLaunch {
  readonly vms: readonly CreateParams[];
  /** Shared regions that the host itself provides. */
  readonly shares: readonly ShareParams[];
  /** Placements for the host's own thread. */
  readonly places: readonly ThreadPlace[];
  /** Captures of switches. */
  readonly captures: readonly CaptureParams[];
  /** Whether one of the files is a system file. */
  readonly isSystem: boolean;
}

/**
 * Reads configurations and system files and applies the changes of the command line; the result is independent of
 * where the VMs run. Prints warnings.
 *
 * @param files - empty for the embedded guest.
 * @throws ConfigError
 */
export async function readLaunches(files: readonly string[], flags: StartFlags): Promise<SystemLaunch> {
  if (files.length === 0)
    return { vms: [launchOf(embeddedSpec(flags.arch), flags)], shares: [], places: [], captures: [], isSystem: false };
  const hypervisor = await openHypervisor(flags.plugin, { absolutePaths: true });
  try {
    const configs = await hypervisor.loadConfigs(files);
    if (configs.findings.some(({ severity }) => severity === 'error')) throw new ConfigError(configs.findings);
    const vms = configs.vms.map((spec) => launchOf(spec, flags));
    requireOwnFiles(hypervisor, vms, configs, flags);
    const warnings = flags.json === true ? [] : [...configs.findings, ...withoutEffect(configs)];
    for (const warning of warnings) process.stderr.write(`${formatFinding(warning)}\n`);
    return {
      vms,
      shares: [...configs.shmem.map(({ name, size }) => ({ name, size })), ...sharedMemory(configs).map(shareOf)],
      places: configs.hosts
        .map(({ cpulist, priority }) => ({ ...(cpulist && { cpulist }), ...(priority !== undefined && { priority }) }))
        .filter((place) => Object.keys(place).length !== 0),
      captures: configs.switches.flatMap(({ name, capture }) =>
        capture === undefined ? [] : [{ switch: name, path: capture }],
      ),
      isSystem: configs.hosts.length !== 0,
    };
  } finally {
    await hypervisor.dispose();
  }
}

/**
 * Checks, before anything is opened, that no output is a file that one of the VMs uses, under any name.
 *
 * @throws ConfigError
 */
function requireOwnFiles(
  hypervisor: Hypervisor,
  vms: readonly CreateParams[],
  { switches }: LoadedConfigs,
  { trace, plugin }: StartFlags,
): void {
  const { vdev } = lintFacts(hypervisor);
  const written = trace === undefined ? [] : [traceUse(trace)];
  const read = pluginFiles(plugin ?? [], process.cwd());
  const uses = [
    ...read.map((file): FileUse => ({ ...file, access: 'read', owner: 'qvm', at: NO_SOURCE })),
    ...vms.flatMap(({ spec }) => fileUses(spec.name, spec, (type) => vdev?.(type))),
    ...switchFiles(switches),
    ...written,
  ];
  const conflicts = fileConflicts(uses, fileIdentity);
  if (conflicts.length !== 0) throw new ConfigError(conflicts.map(conflictFinding));
}

function traceUse(path: string): FileUse {
  return { path, access: 'write', role: 'the trace (--trace)', owner: 'qvm', at: NO_SOURCE };
}

function embeddedSpec(arch: EmbeddedArchitecture = 'aarch64'): VmSpec {
  const [image, ram] = [EMBEDDED_GUESTS[arch], [{ size: EMBEDDED_RAM }]];
  return { name: 'embedded', arch, image, cpus: 1, ram, vdevs: [], baseDir: resolve() };
}

function launchOf(spec: VmSpec, flags: StartFlags): CreateParams {
  const { icount, engine, plugin, restart, resetLimit, restartPolicy, dump } = flags;
  const adjusted = override(spec, flags);
  if (adjusted.dryrun === true)
    throw new CliError(`${spec.name} is a dry run: start it by itself, with --alone`, CliExitCode.Usage);
  return {
    spec: adjusted,
    ...(icount === undefined ? {} : { icount }),
    ...(engine === undefined ? {} : { engine }),
    ...(restart === true ? { onReset: 'restart' } : {}),
    ...(resetLimit === undefined ? {} : { resetLimit }),
    ...restartOf(restartPolicy ?? adjusted.restart),
    ...(dump === undefined ? {} : { dumpOnFailure: dumpDestination(dump) }),
    plugins: plugin ?? [],
    pluginBase: resolve(),
  };
}

/** The shared memory vdevs of the host VM. */
function sharedMemory(configs: LoadedConfigs): readonly VdevSpec[] {
  return hostVdevs(configs).filter(({ type }) => type === 'shmem');
}

/** @throws ConfigError */
function shareOf({ options, source }: VdevSpec): ShareParams {
  const value = (wanted: string): string => options.find(({ name }) => name === wanted)?.value ?? '';
  const size = parseSize(value('size'));
  if (size.ok && value('name') !== '') return { name: value('name'), size: size.value };
  const message = 'shared memory of the host needs a name and a size';
  throw new ConfigError([findingAt(sourceOf(source, 'config'), 'error', 'config.missing-option', message)]);
}

function restartOf(restart: CreateParams['restart']): Pick<CreateParams, 'restart'> {
  return restart === undefined ? {} : { restart };
}

/** The absolute path for `--dump`; a command is not changed. */
export function dumpDestination(dump: string): string {
  return dump.startsWith('|') ? dump : resolve(dump);
}
