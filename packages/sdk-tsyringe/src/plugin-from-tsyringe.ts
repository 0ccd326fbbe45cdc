import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { PLUGIN_API_VERSION, type Provider, type QvmPlugin, type Resolver, type Token } from '@qvm/core';

/**
 * A service of a tsyringe container that is made available to qvm.
 *
 * @experimental
 */
export interface ServiceBridge<T = unknown> {
  /** Its token in qvm, such as `LOGGER` or `VDEV_FACTORY`. */
  readonly token: Token<T>;
  /** Its token in tsyringe: a class, symbol or string. */
  readonly from: InjectionToken<T>;
  /** `host` (the default): one instance for all VMs. `vm`: resolved in a separate child container for each VM. */
  readonly scope?: Provider['scope'];
  /** Whether the token of qvm takes several services. */
  readonly multi?: boolean;
}

/**
 * Types one bridge by its token, so that a service of another type does not compile.
 *
 * @experimental
 */
export function bridge<T>(entry: ServiceBridge<T>): ServiceBridge {
  return entry as ServiceBridge;
}

/**
 * Makes a plugin of services in an application's tsyringe container. Nothing is resolved before qvm needs it.
 *
 * @param container - the application's container.
 * @param map - the services and their tokens.
 * @param name - the plugin's name, in errors.
 * @experimental
 */
export function pluginFromTsyringe(
  container: DependencyContainer,
  map: readonly ServiceBridge[],
  name = 'tsyringe',
): QvmPlugin {
  // All services of a VM share a child container, and so its container-scoped services.
  const children = new WeakMap<Resolver, DependencyContainer>();
  const childOf = (resolver: Resolver): DependencyContainer => {
    const child = children.get(resolver) ?? container.createChildContainer();
    children.set(resolver, child);
    return child;
  };
  const provides = map.map(({ token, from, scope = 'host', multi = false }): Provider => ({
    token,
    scope,
    multi,
    factory: (resolver) => (scope === 'vm' ? childOf(resolver) : container).resolve(from),
  }));
  return { name, apiVersion: PLUGIN_API_VERSION, provides };
}
