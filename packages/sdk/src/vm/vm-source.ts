import type { Finding, ParseOptions, VmSpec } from '@qvm/config';
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

/** What the text of a configuration may refer to. */
export type Language = Pick<ParseOptions, 'environment' | 'vdevOptions'>;

/**
 * @throws ConfigError with all that is wrong with the text, or that the file cannot be read.
 */
export async function readSource(source: VmSource, host: HypervisorHost, language: Language): Promise<ReadSource> {
  if ('spec' in source) return { spec: source.spec, files: {}, warnings: [] };
  if ('configFile' in source) return readConfigFile(source.configFile, host, language);
  if ('configText' in source) {
    const { configText, file = '<text>', baseDir = '' } = source;
    return { ...parseVmConfig(configText, { ...language, file, baseDir }), files: {} };
  }
  return { ...specOf(source), warnings: [] };
}

async function readConfigFile(file: string, host: HypervisorHost, language: Language): Promise<ReadSource> {
  const text = await readConfigText(file, host);
  return { ...parseVmConfig(text, { ...language, file, baseDir: host.directoryOf(file) }), files: {} };
}

/**
 * The text of a configuration file.
 *
 * @throws ConfigError when it cannot be read or is no text.
 * @experimental
 */
export async function readConfigText(file: string, host: HypervisorHost): Promise<string> {
  return decodeUtf8(await readBytes(file, host), file);
}

async function readBytes(file: string, host: HypervisorHost): Promise<Uint8Array> {
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
