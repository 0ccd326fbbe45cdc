import { join, resolve } from 'node:path';
import {
  ConfigError,
  findingAt,
  formatFinding,
  parseSize,
  sourceOf,
  type LoadedConfigs,
  type VdevSpec,
  type VmSpec,
} from '@qvm/config';
import { EMBEDDED_GUEST, type CreateParams, type ShareParams } from '@qvm/host';
import type { StartFlags } from '../commands/start.js';
import { openHypervisor } from '../hypervisor.js';
import { override } from '../overrides.js';

const EMBEDDED_RAM = 0x400_0000;
/** VMs to start together, and what the host has for them. */
export interface SystemLaunch {
  readonly vms: readonly CreateParams[];
  /** Shared regions that the host itself provides. */
  readonly shares: readonly ShareParams[];
  /** Whether a system file is among the files. */
  readonly isSystem: boolean;
}

/**
 * What VMs are made from, wherever: configurations and system files with the changes of the command line. Warnings are
 * printed.
 *
 * @param files - none: the embedded guest.
 * @throws ConfigError
 */
export async function readLaunches(files: readonly string[], flags: StartFlags): Promise<SystemLaunch> {
  if (files.length === 0) return { vms: [launchOf(embeddedSpec(), flags)], shares: [], isSystem: false };
  const hypervisor = await openHypervisor(flags.plugin, { absolutePaths: true });
  try {
    const configs = await hypervisor.readConfigs(files);
    if (configs.findings.some(({ severity }) => severity === 'error')) throw new ConfigError(configs.findings);
    if (flags.json !== true)
      for (const warning of configs.findings) process.stderr.write(`${formatFinding(warning)}\n`);
    return {
      vms: configs.vms.map((spec) => launchOf(spec, flags)),
      shares: [...configs.shmem.map(({ name, size }) => ({ name, size })), ...hostVdevs(configs).map(shareOf)],
      isSystem: configs.hosts.length !== 0,
    };
  } finally {
    await hypervisor.dispose();
  }
}

function embeddedSpec(): VmSpec {
  const ram = [{ size: EMBEDDED_RAM }];
  return { name: 'embedded', arch: 'aarch64', image: EMBEDDED_GUEST, cpus: 1, ram, vdevs: [], baseDir: resolve() };
}

function launchOf(spec: VmSpec, flags: StartFlags): CreateParams {
  const { icount, engine, plugin, restart, restartPolicy, dump } = flags;
  const adjusted = override(spec, flags);
  return {
    spec: adjusted,
    ...(icount === undefined ? {} : { icount }),
    ...(engine === undefined ? {} : { engine }),
    ...(restart === true ? { onReset: 'restart' } : {}),
    ...(restartPolicy === undefined ? {} : { restart: restartPolicy }),
    ...(dump === undefined
      ? {}
      : { dumpOnFailure: join(resolve(dump), `${adjusted.name}-${timestamp(new Date())}.gcore`) }),
    plugins: plugin ?? [],
    pluginBase: resolve(),
  };
}

/** The host VM's shared memory: its configuration is a part of a system file, or a file that holds vdevs only. */
function hostVdevs({ hosts, fragments }: LoadedConfigs): readonly VdevSpec[] {
  const all = [...hosts.flatMap(({ vdevs }) => vdevs), ...fragments.flatMap(({ fragment }) => fragment.vdevs)];
  return all.filter(({ type }) => type === 'shmem');
}

/** @throws ConfigError */
function shareOf({ options, source }: VdevSpec): ShareParams {
  const value = (wanted: string): string => options.find(({ name }) => name === wanted)?.value ?? '';
  const size = parseSize(value('size'));
  if (size.ok && value('name') !== '') return { name: value('name'), size: size.value };
  const message = 'shared memory of the host needs a name and a size';
  throw new ConfigError([findingAt(sourceOf(source, 'config'), 'error', 'config.missing-option', message)]);
}

/** `YYYYMMDD-hhmmss`, as QNX names dumps. */
function timestamp(date: Date): string {
  return date
    .toISOString()
    .replace(/[-:]|\..*$/g, '')
    .replace('T', '-');
}
