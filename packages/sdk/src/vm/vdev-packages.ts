import { ConfigError, findingAt, sourceOf, type VdevSpec, type VmSpec } from '@qvm/config';
import { VDEV_FACTORY, type QvmPlugin } from '@qvm/core';
import { checkPlugin } from '../container/compose.js';
import type { HypervisorHost } from '../host/hypervisor-host.js';
import type { Findings } from './collect.js';

/** Whether a vdev type is the name of a package. */
function isPackage(type: string): boolean {
  return type.includes('/');
}

/**
 * Imports the packages that a specification names as vdev types and that no plugin of the hypervisor provides.
 *
 * @returns plugins by package name; failures are in `findings`.
 */
export async function importVdevPackages(
  spec: VmSpec,
  isKnown: (type: string) => boolean,
  host: HypervisorHost,
  findings: Findings,
): Promise<ReadonlyMap<string, QvmPlugin>> {
  const plugins = new Map<string, QvmPlugin>();
  for (const vdev of spec.vdevs) {
    const { type } = vdev;
    if (!isPackage(type) || isKnown(type) || plugins.has(type)) continue;
    const plugin = await findings.attempt(() => importPlugin(vdev, spec.baseDir, host));
    if (plugin !== undefined) plugins.set(type, plugin);
  }
  return plugins;
}

async function importPlugin(vdev: VdevSpec, baseDir: string, host: HypervisorHost): Promise<QvmPlugin> {
  const { type } = vdev;
  const fail = (message: string, hint?: string): ConfigError =>
    new ConfigError([findingAt(sourceOf(vdev.source, 'type'), 'error', 'config.vdev-package', message, hint)]);
  let module: unknown;
  try {
    module = await host.importPackage(type, baseDir);
  } catch (error) {
    if (isMissing(error, type)) throw fail(`the vdev package ${type} is not installed`, `npm install ${type}`);
    throw fail(`the vdev package ${type} cannot be imported: ${firstLine(error)}`);
  }
  const plugin = pluginOf(module);
  if (plugin === undefined) throw fail(`the package ${type} exports no QvmPlugin named "plugin"`);
  try {
    checkPlugin(plugin);
  } catch (error) {
    throw fail(firstLine(error));
  }
  if (!plugin.provides.some(({ token }) => token.key === VDEV_FACTORY.key)) {
    throw fail(`the package ${type} provides no vdev`);
  }
  return plugin;
}

function pluginOf(module: unknown): QvmPlugin | undefined {
  if (typeof module !== 'object' || module === null || !('plugin' in module)) return undefined;
  const { plugin } = module;
  if (typeof plugin !== 'object' || plugin === null || !('name' in plugin) || !('provides' in plugin)) return undefined;
  // checkPlugin checks the values of the members, and so does their use.
  return plugin as QvmPlugin;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}

/** Whether it is the package itself that was not found, rather than something that it imports. */
function isMissing(error: unknown, type: string): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_MODULE_NOT_FOUND' && firstLine(error).includes(`'${type}'`);
}
