import type { Board } from '@qvm/core/board';
import 'reflect-metadata';
import { loadConfigs, type Environment, type LoadedConfigs } from '@qvm/config';
import { silentLogger, type Logger, type QvmPlugin } from '@qvm/core';
import { type ArchitectureSource } from '@qvm/core/architecture';
import { type VdevFactory } from '@qvm/core/vdev';
import type { CharacterBackendFactory } from './console/character-backends.js';
import { hostContainer, vmContainer } from './container/compose.js';
import { Registries } from './container/registries.js';
import type { FileSource } from './host/file-source.js';
import type { HypervisorHost } from './host/hypervisor-host.js';
import { builtInPlugins } from './built-in-plugins.js';
import { withImageArchitecture } from './vm/image-architecture.js';
import { buildVm } from './vm/vm-builder.js';
import { checkVm, type VmCheck } from './vm/vm-check.js';
import type { VmController, VmHandle } from './vm/vm-handle.js';
import type { VmCreateOptions } from './vm/vm-create-options.js';
import type { BuilderServices } from './vm/vm-plan.js';
import { optionsLookup } from './vm/vdev-options.js';
import { readConfigText, type VmSource } from './vm/vm-source.js';

/**
 * Options of a hypervisor; all have defaults.
 *
 * @experimental
 */
export interface HypervisorOptions {
  /**
   * Added after the built-in plugins: of two vdev types or architectures with the same name, the later one has
   * precedence.
   */
  readonly plugins?: readonly QvmPlugin[];
  /** Whether the built-in architectures and vdevs are included. Default `true`. */
  readonly builtIns?: boolean;
  /** Default: messages are discarded, unless a plugin provides `LOGGER`. */
  readonly logger?: Logger;
  /** Variables for `${NAME}` in configurations. Default: the environment of the process. */
  readonly environment?: Environment;
  /** Source of configurations, images and other files. Default: the file system. */
  readonly hostFiles?: FileSource;
  /**
   * Whether vdev types that are names of packages may be imported. Default `true`. Use `false` for untrusted
   * configurations.
   */
  readonly importPackages?: boolean;
}

/**
 * Makes virtual machines.
 *
 * @experimental
 */
export interface Hypervisor {
  /** The vdev types that configurations can name. */
  readonly vdevTypes: readonly VdevFactory[];
  /** The architectures that VMs can have. */
  readonly architectures: readonly ArchitectureSource[];
  /** The boards that configurations can name. */
  readonly boards: readonly Board[];
  /** The kinds of character back ends that `hostdev` can name besides `stdio` and `stream:NAME`. */
  readonly characterBackends: readonly CharacterBackendFactory[];
  /** The VMs that have not ended. */
  readonly vms: readonly VmHandle[];
  /**
   * Makes a VM that is ready to start: everything is checked, files are read, devices exist.
   *
   * @throws ConfigError with all errors in the configuration and their locations; StartError when the host cannot make
   * it.
   */
  createVm(source: VmSource, options?: VmCreateOptions): Promise<VmHandle>;
  /**
   * All problems of a configuration, including warnings. Does everything that a start does before the guest's first
   * instruction, but opens no character back end and only inspects disks. Conflicts with other programs (a port, the
   * lock of a disk) are detected only at a start.
   */
  checkVm(source: VmSource, options?: VmCreateOptions): Promise<VmCheck>;
  /**
   * Reads configuration files of any kind and form, with those that they refer to: VMs, parts of VMs, systems.
   * Problems are among the findings; the promise does not reject because of them. The VMs can then be made by
   * `createVm({ spec })`.
   */
  loadConfigs(files: readonly string[]): Promise<LoadedConfigs>;
  /** Ends all VMs, and releases everything. */
  dispose(): Promise<void>;
}

/** Makes a hypervisor on a host. */
export function createHypervisorOn(host: HypervisorHost, options: HypervisorOptions): Hypervisor {
  const plugins = [...(options.builtIns === false ? [] : builtInPlugins), ...host.plugins, ...(options.plugins ?? [])];
  const root = hostContainer(plugins, options.logger ?? silentLogger);
  const importing = options.importPackages === false ? { importPackage: refuseImport } : {};
  const services: BuilderServices = {
    host: { ...host, ...importing, files: options.hostFiles ?? host.files },
    environment: options.environment ?? host.environment,
    root,
    plugins,
  };
  const vms = new Set<VmController>();
  const registries = (): Registries => {
    const container = vmContainer(root, plugins, []);
    const found = container.get(Registries);
    container.unbindAll();
    return found;
  };
  return {
    get vdevTypes() {
      return [...registries().vdevs.values()];
    },
    get architectures() {
      return [...registries().architectures.values()];
    },
    get boards() {
      return [...registries().boards.values()];
    },
    get characterBackends() {
      return [...registries().backends.values()];
    },
    get vms() {
      return [...vms];
    },
    async createVm(source, vmOptions = {}) {
      const vm = await buildVm(source, vmOptions, services, (ended) => vms.delete(ended));
      vms.add(vm);
      return vm;
    },
    checkVm: (source, vmOptions = {}) => checkVm(source, vmOptions, services),
    async loadConfigs(files) {
      const { vdevs, architectures } = registries();
      const loaded = await loadConfigs(files, {
        read: (path) => readConfigText(path, services.host),
        directoryOf: (path) => services.host.directoryOf(path),
        environment: services.environment,
        vdevOptions: optionsLookup(vdevs),
      });
      const lookup = { architectures: [...architectures.values()], files: services.host.files };
      return { ...loaded, vms: await Promise.all(loaded.vms.map((spec) => withImageArchitecture(spec, lookup))) };
    },
    async dispose() {
      await Promise.all([...vms].map((vm) => vm.dispose()));
      root.unbindAll();
    },
  };
}

function refuseImport(name: string): Promise<never> {
  return Promise.reject(new Error(`importing packages is switched off here, so ${name} cannot be used`));
}
