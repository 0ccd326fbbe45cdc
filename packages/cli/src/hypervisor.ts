import { dirname, resolve } from 'node:path';
import { QvmError, type QvmPlugin } from '@qvm/core';
import { guestCacheDirectory } from '@qvm/guests';
import { importPlugin } from '@qvm/host';
import {
  createHypervisor,
  nodeHost,
  optimizingCompiler,
  translationFolder,
  unpackedFolder,
  type Hypervisor,
  type HypervisorOptions,
} from '@qvm/sdk';
import { CliExitCode } from './report/exit-codes.js';
import { CliError } from './report/report-error.js';

/** Options for opening a hypervisor. */
interface HypervisorFlags extends Pick<HypervisorOptions, 'logger'> {
  /**
   * Whether paths must be absolute, for specifications that other processes use, which have other working directories.
   */
  readonly absolutePaths?: boolean;
}

/** A hypervisor for the command line: `${QVM_GUESTS}` always has a value. */
export async function openHypervisor(
  plugins: readonly string[] = [],
  { absolutePaths = false, ...options }: HypervisorFlags = {},
): Promise<Hypervisor> {
  const environment = { ...process.env, QVM_GUESTS: guestCacheDirectory() };
  const loaded: QvmPlugin[] = [optimizingCompiler()];
  for (const name of plugins) loaded.push(await loadPlugin(name));
  const directories = absolutePaths ? { directoryOf: (path: string) => resolve(dirname(path)) } : {};
  const guests = guestCacheDirectory();
  const kept = { unpacked: unpackedFolder(guests), translations: translationFolder(guests) };
  const host = { ...nodeHost, ...directories, ...kept };
  return createHypervisor({ ...options, environment, plugins: loaded }, host);
}

async function loadPlugin(name: string): Promise<QvmPlugin> {
  try {
    return await importPlugin(name, process.cwd());
  } catch (error) {
    if (!(error instanceof QvmError)) throw error;
    throw new CliError(error.message, CliExitCode.Usage, { cause: error.cause });
  }
}
