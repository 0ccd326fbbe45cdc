import { instanceCachingFactory, instancePerContainerCachingFactory, type DependencyContainer } from 'tsyringe';
import type { Provider, QvmPlugin } from '@qvm/core';
import { containerResolver } from './container-resolver.js';

/**
 * Registers the services of a plugin in a tsyringe container, under the symbols of their tokens (`token.key`).
 * Services of scope `host` are made once; those of scope `vm` once for each container that resolves them, so give each
 * VM a child container.
 *
 * @experimental
 */
export function registerPlugin(container: DependencyContainer, plugin: QvmPlugin): void {
  for (const provider of plugin.provides) {
    container.register(provider.token.key, { useFactory: factoryOf(provider, container) });
  }
}

function factoryOf(
  { scope, factory }: Provider,
  container: DependencyContainer,
): (asking: DependencyContainer) => unknown {
  // A host service uses the host's container, whichever VM resolves it first; otherwise it would keep that VM's
  // container alive.
  if (scope === 'host') return instanceCachingFactory(() => factory(containerResolver(container)));
  return instancePerContainerCachingFactory((asking) =>
    factory(asking === container ? containerResolver(container) : containerResolver(asking, container)),
  );
}
