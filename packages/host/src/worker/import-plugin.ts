import { statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { QvmError, type QvmPlugin } from '@qvm/core';
import { nodeHost, requireReadable, type VmFile } from '@qvm/sdk';

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

/**
 * Those of some plugins that are files, for what must not be written.
 *
 * @param names - as {@link importPlugin} takes them.
 * @param base - folder that they are looked up from.
 * @throws FileSourceError when one of them is a pipe, a device or a folder.
 * @experimental
 */
export function pluginFiles(names: readonly string[], base: string): readonly VmFile[] {
  return names.flatMap((name) => {
    const path = fileOf(name, base);
    return path === undefined ? [] : [{ path, role: `the plugin ${name}` }];
  });
}

async function importModule(name: string, base: string): Promise<unknown> {
  try {
    const path = fileOf(name, base);
    if (path !== undefined) return (await import(pathToFileURL(path).href)) as unknown;
    return await nodeHost.importPackage(name, base);
  } catch (cause) {
    throw new QvmError('plugin.import', `the plugin ${name} cannot be imported`, { cause });
  }
}

/**
 * The file that a plugin's name leads to, if it is no package's.
 *
 * @throws FileSourceError for pipes, devices and folders: importing them would wait, or not work.
 */
function fileOf(name: string, base: string): string | undefined {
  const path = resolve(base, name);
  const info = statSync(path, { throwIfNoEntry: false });
  if (info === undefined) return undefined;
  // A folder may have the name of a package; a path that says so means the folder.
  if (info.isDirectory() && !isAbsolute(name) && !/^\.{1,2}(\/|$)/.test(name)) return undefined;
  requireReadable(path, info);
  return path;
}
