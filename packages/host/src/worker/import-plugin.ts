import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { QvmError, type QvmPlugin } from '@qvm/core';
import { nodeHost } from '@qvm/sdk';

/**
 * Imports a plugin: a file, or a package that is resolved from a folder.
 *
 * @throws QvmError `plugin.import`
 * @experimental
 */
export async function importPlugin(name: string, base: string): Promise<QvmPlugin> {
  const module = await importModule(name, base);
  // Composition validates the plugin.
  if (typeof module === 'object' && module !== null && 'plugin' in module) return module.plugin as QvmPlugin;
  throw new QvmError('plugin.import', `${name} exports no QvmPlugin named "plugin"`);
}

async function importModule(name: string, base: string): Promise<unknown> {
  const path = resolve(base, name);
  try {
    if (existsSync(path)) return (await import(pathToFileURL(path).href)) as unknown;
    return await nodeHost.importPackage(name, base);
  } catch (cause) {
    throw new QvmError('plugin.import', `the plugin ${name} cannot be imported`, { cause });
  }
}
