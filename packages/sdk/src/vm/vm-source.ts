import type { ParseOptions, VmSpec } from '@qvm/config';
import { ConfigError, examineVmConfig, findingAt, MAX_FILE_BYTES } from '@qvm/config';
import { FileSourceError } from '../host/file-source.js';
import type { HypervisorHost } from '../host/hypervisor-host.js';
import type { Findings } from './collect.js';
import { specOf, type DescribedVm, type VmDescription } from './vm-description.js';

/**
 * The source of a VM: a description, a checked specification, a configuration file, or the text of one.
 *
 * @experimental
 */
export type VmSource =
  | VmDescription
  | {
      /** A specification that was checked, by `@qvm/config`. */
      readonly spec: VmSpec;
    }
  /** Path of a `.qvmconf` file. */
  | {
      /** Path of a `.qvmconf` file. */
      readonly configFile: string;
    }
  /** Text of a configuration. `file` is its name in errors; relative paths are resolved against `baseDir`. */
  | {
      /** Text of a configuration. */
      readonly configText: string;
      /** Name of the text in errors. */
      readonly file?: string;
      /** Folder against which relative paths are resolved. */
      readonly baseDir?: string;
    };

/** Context for parsing the text of a configuration. */
export type Language = Pick<ParseOptions, 'environment' | 'vdevOptions'>;

/**
 * Parses a source as far as possible. Problems, including an unreadable file, are added to `findings`; if there is an
 * error among them, the specification is only for further checks. `undefined` when there is none.
 */
export async function readSource(
  source: VmSource,
  host: HypervisorHost,
  language: Language,
  findings: Findings,
): Promise<DescribedVm | undefined> {
  if ('spec' in source) return { spec: source.spec, files: {} };
  if (!('configFile' in source) && !('configText' in source)) return specOf(source);
  const text = await findings.attempt(() => textOf(source, host));
  if (text === undefined) return undefined;
  const { spec, findings: found } = examineVmConfig(text.content, { ...language, ...text });
  findings.add(...found);
  return spec === undefined ? undefined : { spec, files: {} };
}

interface ConfigText {
  readonly content: string;
  readonly file: string;
  readonly baseDir: string;
}

/** @throws ConfigError when the file cannot be read. */
async function textOf(
  source: Extract<VmSource, { readonly configFile: string } | { readonly configText: string }>,
  host: HypervisorHost,
): Promise<ConfigText> {
  if ('configText' in source) {
    const { configText, file = '<text>', baseDir = '' } = source;
    return { content: configText, file, baseDir };
  }
  const { configFile: file } = source;
  return { content: await readConfigText(file, host), file, baseDir: host.directoryOf(file) };
}

/**
 * The text of a configuration file.
 *
 * @throws ConfigError when it cannot be read or is not text.
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
