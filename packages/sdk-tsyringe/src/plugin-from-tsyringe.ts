import type { DependencyContainer, InjectionToken } from 'tsyringe';
import { PLUGIN_API_VERSION, type Provider, type QvmPlugin, type Resolver, type Token } from '@qvm/core';

/**
 * One service of a tsyringe container that qvm shall have.
 *
 * @experimental
 */
export interface ServiceBridge<T = unknown> {
  /** What qvm knows it as, such as `LOGGER` or `VDEV_FACTORY`. */
  readonly token: Token<T>;
  /** What tsyringe knows it as: a class, symbol or string. */
  readonly from: InjectionToken<T>;
  /** `host` (the default): one for all VMs. `vm`: resolved in a child container of its own for each VM. */
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
 * Makes services of an application's tsyringe container a plugin of qvm. Nothing is resolved before qvm needs it.
 *
 * @param container - the application's container.
 * @param map - which services, and as what.
 * @param name - the plugin's name, in errors.
 * @experimental
 */
export function pluginFromTsyringe(
  container: DependencyContainer,
  map: readonly ServiceBridge[],
  name = 'tsyringe',
): QvmPlugin {
  // All services of one VM share a child container, so that container-scoped ones are shared between them.
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
