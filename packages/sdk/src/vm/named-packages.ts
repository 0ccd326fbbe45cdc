import { ConfigError, findingAt, sourceOf, type SourceLocation, type VmSpec } from '@qvm/config';
import { BOARD, VDEV_FACTORY, type QvmPlugin, type Token } from '@qvm/core';
import { checkPlugin } from '../container/compose.js';
import type { HypervisorHost } from '../host/hypervisor-host.js';
import type { Findings } from './collect.js';

/** A part of a specification that may name a package: a vdev's type, or the board. */
interface PackageReference {
  readonly kind: 'vdev' | 'board';
  readonly name: string;
  readonly at: SourceLocation;
  /** Token of the service that the package must provide. */
  readonly token: Token<unknown>;
}

/** Names that plugins of the hypervisor already provide, by kind. */
export interface KnownWords {
  readonly vdev: (type: string) => boolean;
  readonly board: (name: string) => boolean;
}

/**
 * Imports the packages that a specification names as vdev types or as its board, unless a plugin of the hypervisor
 * provides them.
 *
 * @returns plugins by package name; failures are in `findings`.
 */
export async function importNamedPackages(
  spec: VmSpec,
  known: KnownWords,
  host: HypervisorHost,
  findings: Findings,
): Promise<ReadonlyMap<string, QvmPlugin>> {
  const plugins = new Map<string, QvmPlugin>();
  for (const reference of referencesOf(spec)) {
    const { name, kind } = reference;
    // A name without a slash is not a package.
    if (!name.includes('/') || known[kind](name)) continue;
    const plugin = await findings.attempt(async () => {
      const found = plugins.get(name) ?? (await importPlugin(reference, spec.baseDir, host));
      requireProvider(found, reference);
      return found;
    });
    if (plugin !== undefined) plugins.set(name, plugin);
  }
  return plugins;
}

function referencesOf({ board, vdevs, source }: VmSpec): readonly PackageReference[] {
  const ofBoard: readonly PackageReference[] =
    board === undefined ? [] : [{ kind: 'board', name: board, at: sourceOf(source, 'board'), token: BOARD }];
  const ofVdevs = vdevs.map((vdev): PackageReference => ({
    kind: 'vdev',
    name: vdev.type,
    at: sourceOf(vdev.source, 'type'),
    token: VDEV_FACTORY,
  }));
  return [...ofBoard, ...new Map(ofVdevs.map((reference) => [reference.name, reference])).values()];
}

function failure({ kind, at }: PackageReference, message: string, hint?: string): ConfigError {
  return new ConfigError([findingAt(at, 'error', `config.${kind}-package`, message, hint)]);
}

async function importPlugin(reference: PackageReference, baseDir: string, host: HypervisorHost): Promise<QvmPlugin> {
  const { name, kind } = reference;
  let module: unknown;
  try {
    module = await host.importPackage(name, baseDir);
  } catch (error) {
    if (isMissing(error, name)) {
      throw failure(reference, `the ${kind} package ${name} is not installed`, `npm install ${name}`);
    }
    throw failure(reference, `the ${kind} package ${name} cannot be imported: ${firstLine(error)}`);
  }
  const plugin = pluginOf(module);
  if (plugin === undefined) throw failure(reference, `the package ${name} exports no QvmPlugin named "plugin"`);
  try {
    checkPlugin(plugin);
  } catch (error) {
    throw failure(reference, firstLine(error));
  }
  return plugin;
}

function requireProvider(plugin: QvmPlugin, reference: PackageReference): void {
  if (plugin.provides.some(({ token }) => token.key === reference.token.key)) return;
  throw failure(reference, `the package ${reference.name} provides no ${reference.kind}`);
}

function pluginOf(module: unknown): QvmPlugin | undefined {
  if (typeof module !== 'object' || module === null || !('plugin' in module)) return undefined;
  const { plugin } = module;
  if (typeof plugin !== 'object' || plugin === null || !('name' in plugin) || !('provides' in plugin)) return undefined;
  // checkPlugin validates the values of the members, and their use validates the rest.
  return plugin as QvmPlugin;
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}

/** Whether the package itself was not found, rather than one of its imports. */
function isMissing(error: unknown, type: string): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ERR_MODULE_NOT_FOUND' && firstLine(error).includes(`'${type}'`);
}
