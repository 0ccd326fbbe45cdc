import type { ArchitectureSource } from '../architecture/architecture.js';
import type { Board } from '../board/board.js';
import { QvmError } from '../errors/qvm-error.js';
import type { Tappable } from '../hooks/tappable.js';
import type { VmHooks } from '../hooks/vm-hooks.js';
import type { VdevFactory } from '../vdev/vdev.js';
import { createToken, type Token } from './token.js';

/**
 * Version of the contract between core and plugins. Plugins built for another version are refused.
 *
 * @stable
 */
export const PLUGIN_API_VERSION = 1;

/**
 * Resolves services by token; passed to the factory of a provider. Core has no container of its own: the SDK
 * implements this.
 *
 * @stable
 */
export interface Resolver {
  /** The service of a token. Throws when there is none. */
  get<T>(token: Token<T>): T;
  /** All services of a `multi` token; empty when there is none. */
  getAll<T>(token: Token<T>): readonly T[];
}

/**
 * One service that a plugin offers.
 *
 * @stable
 */
export interface Provider<T = unknown> {
  /** Token by which the value is found. */
  readonly token: Token<T>;
  /** `host`: one instance for the process. `vm`: one instance per VM. */
  readonly scope: 'host' | 'vm';
  /** Whether several providers may share the token; consumers get all of them. */
  readonly multi?: boolean;
  /** Makes the value, at the first use in its scope. */
  readonly factory: (resolver: Resolver) => T;
}

/**
 * A VM and its hooks, for plugins.
 *
 * @beta
 */
export interface PluginVm {
  /** Name of the VM. */
  readonly name: string;
  /** The hooks of the VM, to be tapped. */
  readonly hooks: Tappable<VmHooks>;
}

/**
 * A plugin that taps the hooks of VMs.
 *
 * @beta
 */
export interface HookPlugin {
  /** The name of its taps, for errors and traces. */
  readonly name: string;
  /** Called once for each VM, after it has been built and before it starts. */
  apply(vm: PluginVm): void;
}

/**
 * An extension of qvm: plain data that any container can register.
 *
 * @stable
 */
export interface QvmPlugin {
  /** Name for errors and lists: the package's name. */
  readonly name: string;
  /** {@link PLUGIN_API_VERSION} of the version that the plugin was written for. */
  readonly apiVersion: number;
  /** The services that the plugin provides. */
  readonly provides: readonly Provider[];
  /**
   * See {@link HookPlugin.apply}.
   *
   * @beta
   */
  apply?(vm: PluginVm): void;
}

/**
 * The vdev types that a VM can have. Multi.
 *
 * @stable
 */
export const VDEV_FACTORY: Token<VdevFactory> = createToken('@qvm/core/VdevFactory');

/**
 * The guest architectures. Multi.
 *
 * @experimental
 */
export const ARCHITECTURE: Token<ArchitectureSource> = createToken('@qvm/core/Architecture');

/**
 * The boards that VMs can have. Multi.
 *
 * @experimental
 */
export const BOARD: Token<Board> = createToken('@qvm/core/Board');

/**
 * Plugins that only tap hooks. Multi.
 *
 * @beta
 */
export const HOOK_PLUGIN: Token<HookPlugin> = createToken('@qvm/core/HookPlugin');

/**
 * Types a provider by its token, so that a factory of a wrong type does not compile.
 *
 * @stable
 */
export function provide<T>(provider: Provider<T>): Provider {
  return provider;
}

/**
 * Refuses a plugin that was written for another version of this contract.
 *
 * @throws `QvmError` `plugin.api-version`.
 * @beta
 */
export function requireCompatible({ name, apiVersion }: QvmPlugin): void {
  if (apiVersion === PLUGIN_API_VERSION) return;
  throw new QvmError(
    'plugin.api-version',
    `The plugin ${name} is for version ${apiVersion} of the plugin contract; this is version ${PLUGIN_API_VERSION}.`,
  );
}
