import { PLUGIN_API_VERSION, QvmError, type Logger, type QvmPlugin } from '@qvm/core';
import { Container } from 'inversify';
import { LOGGER } from './tokens.js';
import { pluginModule } from './plugin-module.js';
import { HOST_REGISTRIES, Registries } from './registries.js';

/**
 * @throws QvmError `plugin.api-version` when a plugin was built for another version of the contract, `plugin.shape`
 * when it is not a plugin.
 */
export function checkPlugin(plugin: QvmPlugin): void {
  const { name, apiVersion, provides } = plugin;
  if (typeof name !== 'string' || !Array.isArray(provides)) {
    throw new QvmError('plugin.shape', 'a plugin has a name, an apiVersion and a list of providers');
  }
  if (apiVersion === PLUGIN_API_VERSION) return;
  throw new QvmError(
    'plugin.api-version',
    `the plugin ${name} was built for version ${apiVersion} of the plugin contract; this is version ${PLUGIN_API_VERSION}`,
  );
}

/** The host's container, whose services live as long as the hypervisor. */
export function hostContainer(plugins: readonly QvmPlugin[], logger: Logger): Container {
  // `jitless`: the container generates no code at run time, so that it works under a policy that forbids it.
  const container = new Container({ jitless: true });
  container.bind(LOGGER.key).toConstantValue(logger);
  for (const plugin of plugins) {
    checkPlugin(plugin);
    container.load(pluginModule(plugin, ['host'], container));
  }
  const registries = new Container({ parent: container, jitless: true });
  registries.bind(Registries).toSelf();
  container.bind(HOST_REGISTRIES).toConstantValue(registries.get(Registries));
  return container;
}

/**
 * The container of one VM.
 *
 * @param hostPlugins - plugins of the hypervisor, for their services with VM scope.
 * @param vmPlugins - plugins of this VM only, for all of their services.
 */
export function vmContainer(
  parent: Container,
  hostPlugins: readonly QvmPlugin[],
  vmPlugins: readonly QvmPlugin[],
): Container {
  const container = new Container({ parent, jitless: true });
  for (const plugin of hostPlugins) container.load(pluginModule(plugin, ['vm'], container));
  for (const plugin of vmPlugins) {
    checkPlugin(plugin);
    container.load(pluginModule(plugin, ['host', 'vm'], container));
  }
  container.bind(Registries).toSelf().inSingletonScope();
  return container;
}
