import {
  ARCHITECTURE,
  BOARD,
  HOOK_PLUGIN,
  VDEV_FACTORY,
  type Provider,
  type QvmPlugin,
  type Resolver,
} from '@qvm/core';
import { ContainerModule, type Container } from 'inversify';
import { CHARACTER_BACKEND } from '../console/character-backends.js';

const MULTI: ReadonlySet<symbol> = new Set([
  VDEV_FACTORY.key,
  ARCHITECTURE.key,
  BOARD.key,
  HOOK_PLUGIN.key,
  CHARACTER_BACKEND.key,
]);

/**
 * A resolver over one container and its parents. It belongs to the container of the provider, not to the one that
 * resolves first: otherwise a host-scope service would keep the first VM alive.
 */
export function resolverOf(container: Container): Resolver {
  return {
    get: (token) => container.get(token.key),
    getAll: (token) => container.getAll(token.key, { chained: true, optional: true }),
  };
}

/**
 * The providers of a plugin with one of `scopes`, as a module of the container. A provider that is not `multi`
 * replaces an earlier one of the same container.
 */
export function pluginModule(
  plugin: QvmPlugin,
  scopes: readonly Provider['scope'][],
  container: Container,
): ContainerModule {
  const resolver = resolverOf(container);
  return new ContainerModule((options) => {
    for (const { token, scope, multi, factory } of plugin.provides) {
      if (!scopes.includes(scope)) continue;
      const replaces = multi !== true && !MULTI.has(token.key) && container.isCurrentBound(token.key);
      if (replaces) options.unbind(token.key);
      options
        .bind(token.key)
        .toDynamicValue(() => factory(resolver))
        .inSingletonScope();
    }
  });
}
