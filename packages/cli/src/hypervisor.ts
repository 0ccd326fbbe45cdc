import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { QvmPlugin } from '@qvm/core';
import { guestCacheDirectory } from '@qvm/guests';
import { createHypervisor, nodeHost, type Hypervisor, type HypervisorOptions } from '@qvm/sdk';
import { CliExitCode } from './report/exit-codes.js';
import { CliError } from './report/report-error.js';

/** A hypervisor as the command line wants it: `${QVM_GUESTS}` always has a value. */
export async function openHypervisor(
  plugins: readonly string[] = [],
  options: Pick<HypervisorOptions, 'logger'> = {},
): Promise<Hypervisor> {
  const environment = { ...process.env, QVM_GUESTS: guestCacheDirectory() };
  const loaded: QvmPlugin[] = [];
  for (const name of plugins) loaded.push(await importPlugin(name));
  return createHypervisor({ ...options, environment, plugins: loaded });
}

async function importPlugin(name: string): Promise<QvmPlugin> {
  let module: unknown;
  try {
    module = existsSync(name)
      ? ((await import(pathToFileURL(resolve(name)).href)) as unknown)
      : await nodeHost.importPackage(name, process.cwd());
  } catch (cause) {
    throw new CliError(`the plugin ${name} cannot be imported`, CliExitCode.Usage, { cause });
  }
  if (typeof module === 'object' && module !== null && 'plugin' in module) {
    // createHypervisor checks what it is.
    return module.plugin as QvmPlugin;
  }
  throw new CliError(`${name} exports no QvmPlugin named "plugin"`, CliExitCode.Usage);
}
