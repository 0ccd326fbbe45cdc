import type { Environment, Finding, VmSpec } from '@qvm/config';
import { ConfigError, findingAt, MAX_FILE_BYTES, parseVmConfig } from '@qvm/config';
import { FileSourceError } from '../host/file-source.js';
import type { HypervisorHost } from '../host/hypervisor-host.js';
import { specOf, type DescribedVm, type VmDescription } from './vm-description.js';

/**
 * What to make a VM from: a description, a checked specification, a configuration file, or the text of one.
 *
 * @experimental
 */
export type VmSource =
  | VmDescription
  | { readonly spec: VmSpec }
  /** Path of a `.qvmconf` file. */
  | { readonly configFile: string }
  /** Text of a configuration. `file` is its name in errors; relative paths begin at `baseDir`. */
  | { readonly configText: string; readonly file?: string; readonly baseDir?: string };

/** A source, read. */
export interface ReadSource extends DescribedVm {
  readonly warnings: readonly Finding[];
}

/**
 * @throws ConfigError with all that is wrong with the text, or that the file cannot be read.
 */
export async function readSource(source: VmSource, host: HypervisorHost, env: Environment): Promise<ReadSource> {
  if ('spec' in source) return { spec: source.spec, files: {}, warnings: [] };
  if ('configFile' in source) return readConfigFile(source.configFile, host, env);
  if ('configText' in source) {
    const { configText, file = '<text>', baseDir = '' } = source;
    return { ...parseVmConfig(configText, { file, baseDir, environment: env }), files: {} };
  }
  return { ...specOf(source), warnings: [] };
}

async function readConfigFile(file: string, host: HypervisorHost, environment: Environment): Promise<ReadSource> {
  const text = decodeUtf8(await readText(file, host), file);
  return { ...parseVmConfig(text, { file, baseDir: host.directoryOf(file), environment }), files: {} };
}

async function readText(file: string, host: HypervisorHost): Promise<Uint8Array> {
  try {
    return await host.files.read(file, MAX_FILE_BYTES);
  } catch (error) {
    if (!(error instanceof FileSourceError)) throw error;
    throw new ConfigError([findingAt({ file, line: 1, column: 1 }, 'error', error.code, error.message)]);
  }
}

function decodeUtf8(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const at = { file, line: 1, column: 1 };
    throw new ConfigError([findingAt(at, 'error', 'config.syntax', 'the file is not UTF-8 text')]);
  }
}
