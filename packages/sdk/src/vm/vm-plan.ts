import type { Environment, FileUse, VmSpec } from '@qvm/config';
import { ARCHITECTURE, BOARD, VDEV_FACTORY } from '@qvm/core';
import type { HookPlugin, QvmPlugin } from '@qvm/core';
import type { BootFiles, VdevSpec } from '@qvm/core/host';
import type { Container } from 'inversify';
import { vmContainer } from '../container/compose.js';
import { resolverOf } from '../container/plugin-module.js';
import { Registries } from '../container/registries.js';
import type { HypervisorHost } from '../host/hypervisor-host.js';
import { readBootFiles } from './boot-files.js';
import { Findings } from './collect.js';
import { fileFindings, usedFiles } from './file-uses.js';
import { findPlatform, type Platform } from './find-platform.js';
import { withImageArchitecture } from './image-architecture.js';
import { importNamedPackages } from './named-packages.js';
import { checkOptions, findFactory, optionsLookup } from './vdev-options.js';
import type { VmCreateOptions } from './vm-create-options.js';
import { readSource, type VmSource } from './vm-source.js';

/** The hypervisor's services for the builder. */
export interface BuilderServices {
  readonly host: HypervisorHost;
  readonly environment: Environment;
  readonly root: Container;
  readonly plugins: readonly QvmPlugin[];
}

/** A vdev with validated options. */
export interface PlannedVdev extends VdevSpec {
  /** The name of its type in the configuration. */
  readonly type: string;
  /** Its index among those of the specification. */
  readonly index: number;
}

/** A VM that is about to be made. If there are errors among the findings, the invalid parts are omitted. */
export interface VmPlan {
  readonly spec: VmSpec;
  readonly findings: Findings;
  readonly container: Container;
  readonly registries: Registries;
  /** Absent when the architecture or the board is unknown. */
  readonly platform: Platform | undefined;
  readonly vdevs: readonly PlannedVdev[];
  /** Absent when one cannot be read, or there is no image. */
  readonly files: BootFiles | undefined;
  /** The files of the host that the VM uses. */
  readonly fileUses: readonly FileUse[];
  /** All hook plugins, in order of application. */
  readonly hookPlugins: readonly HookPlugin[];
}

/**
 * Reads and checks everything that a VM is made from. Problems are added to `findings`; `undefined` when there is no
 * specification.
 */
export async function planVm(
  source: VmSource,
  options: VmCreateOptions,
  services: BuilderServices,
  findings: Findings,
): Promise<VmPlan | undefined> {
  const { host, root, plugins } = services;
  const ofHost = resolverOf(root);
  const known = new Map(ofHost.getAll(VDEV_FACTORY).map((factory) => [factory.type, factory]));
  const environment = options.environment ?? services.environment;
  const read = await readSource(source, host, { environment, vdevOptions: optionsLookup(known) }, findings);
  if (read === undefined) return undefined;
  const adjusted = (await findings.attempt(() => options.adjust?.(read.spec))) ?? read.spec;
  const spec = await withImageArchitecture(adjusted, {
    architectures: ofHost.getAll(ARCHITECTURE),
    files: host.files,
    image: read.files.image,
    undecided: read.undecided,
  });
  const words = {
    vdev: (type: string) => known.has(type),
    board: (name: string) => ofHost.getAll(BOARD).some((board) => board.name === name),
  };
  // Files are read while the architecture is loaded; what is found about them comes after everything else.
  const ofFiles = new Findings();
  const reading = readBootFiles({ spec, files: read.files }, host, ofFiles);
  reading.catch(() => undefined);
  const packages = await importNamedPackages(spec, words, host, findings);
  const own = [...packages.values(), ...(options.plugins ?? [])];
  const container = vmContainer(root, plugins, own);
  const registries = container.get(Registries);
  const platform = await findings.attempt(() => findPlatform(spec, registries, packages, container));
  const vdevs = await resolveVdevs(spec, registries, packages, container, findings);
  const uses = usedFiles(spec, new Map(vdevs.map(({ type, factory }) => [type, factory])), options.inputs);
  // Bytes that are given in memory are not files.
  const inMemory = new Set(Object.values(read.files).map(({ name }) => name));
  const fileUses = uses.filter(({ path }) => !inMemory.has(path));
  findings.add(...fileFindings(fileUses, options.outputs, host.paths));
  const files = await reading;
  findings.add(...ofFiles.all);
  const hookPlugins = [...registries.hookPlugins, ...[...plugins, ...own].flatMap(hookPluginOf)];
  return { spec, findings, container, registries, platform, vdevs, files, fileUses, hookPlugins };
}

async function resolveVdevs(
  spec: VmSpec,
  registries: Registries,
  packages: ReadonlyMap<string, QvmPlugin>,
  container: Container,
  findings: Findings,
): Promise<readonly PlannedVdev[]> {
  const resolver = resolverOf(container);
  const vdevs: PlannedVdev[] = [];
  for (const [index, vdev] of spec.vdevs.entries()) {
    // Its package could not be imported, which has been reported.
    if (vdev.type.includes('/') && !packages.has(vdev.type) && !registries.vdevs.has(vdev.type)) continue;
    const resolved = await findings.attempt(() => {
      const factory = findFactory(vdev, registries.vdevs, packages, resolver);
      const { values, warnings } = checkOptions(factory, vdev, vdev.baseDir ?? spec.baseDir);
      findings.add(...warnings);
      return { type: vdev.type, index, factory, options: values };
    });
    if (resolved !== undefined) vdevs.push(resolved);
  }
  return vdevs;
}

/** A plugin's own `apply`, as a hook plugin. */
function hookPluginOf(plugin: QvmPlugin): readonly HookPlugin[] {
  return plugin.apply === undefined ? [] : [{ name: plugin.name, apply: (vm) => plugin.apply?.(vm) }];
}
