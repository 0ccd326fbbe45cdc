import type { BuildContext } from './build-context.js';
import { buildFragment, completeVm, reportMissing } from './build-spec.js';
import { buildSystem } from './build-system.js';
import { ConfigError, type Finding, FindingList } from './finding.js';
import { draftFromJson, JsonDraft } from './json-front-end.js';
import type { JsonObject } from './json-node.js';
import { readJson } from './json-reader.js';
import { MAX_FILE_BYTES } from './limits.js';
import { draftFromLines } from './line/line-front-end.js';
import type { VdevOptionsLookup } from './line/line-reader.js';
import { LineIndex } from './location.js';
import type { Environment } from './paths.js';
import { fragmentSchema, systemSchema, vmSchema } from './schema.js';
import { checkShape } from './shape.js';
import type { VmFragment, VmSpec } from './spec.js';
import type { SystemSpec } from './system.js';

/** Context for parsing a configuration. @experimental */
export interface ParseOptions {
  /** Name of the file for findings. */
  readonly file: string;
  /** Folder of the file, against which relative paths are resolved. `''` keeps them. */
  readonly baseDir: string;
  /** Variables for `${NAME}`; Node programs pass `process.env`. Absent: `${NAME}` is not expanded. */
  readonly environment?: Environment;
  /**
   * The options of vdev types by their plain name. With it, the line form distinguishes flags and unknown options;
   * without it, every option that is not a word of the language takes one argument.
   */
  readonly vdevOptions?: VdevOptionsLookup;
}

/** A usable configuration and its warnings. @experimental */
export interface ParsedVmConfig {
  /** The VM, checked. */
  readonly spec: VmSpec;
  /** Findings that are no errors, in the order of the text. */
  readonly warnings: readonly Finding[];
}

/** Contents of a file: one VM, a part of one (such as vdevs only), or a system of several. @experimental */
export type Config =
  | {
      /** A complete VM. */
      readonly kind: 'vm';
      /** The VM, checked. */
      readonly spec: VmSpec;
    }
  | {
      /** A part of a VM, for others to refer to. */
      readonly kind: 'fragment';
      /** The part, checked as far as it goes. */
      readonly fragment: VmFragment;
    }
  | {
      /** A system: a host and its VMs. */
      readonly kind: 'system';
      /** The system, checked; its references are not read yet. */
      readonly system: SystemSpec;
    };

/** A configuration of any kind and its warnings. @experimental */
export type ParsedConfig = Config & {
  /** Findings that are no errors, in the order of the text. */
  readonly warnings: readonly Finding[];
};

/** Syntax of a configuration. @experimental */
export type ConfigForm = 'json' | 'line';

/**
 * The form of a text: JSON if its first character outside of white space and comments is a bracket (or there is none),
 * otherwise the line form.
 * @experimental
 */
export function formOf(text: string): ConfigForm {
  const start = /^\uFEFF?(?:\s+|#[^\r\n]*(?:[\r\n]|$))*/.exec(text)?.[0].length ?? 0;
  const first = text[start];
  return first === undefined || first === '{' || first === '[' ? 'json' : 'line';
}

/** The valid part of a configuration, and all findings. @experimental */
export interface ExaminedConfig {
  /**
   * Absent if the text cannot be interpreted at all. If there is an error among the findings, invalid parts are
   * omitted.
   */
  readonly config: Config | undefined;
  /** Errors, warnings and notes in the order of the text. */
  readonly findings: readonly Finding[];
}

/** The valid part of a configuration with one VM, and all findings. @experimental */
export interface ExaminedVmConfig {
  /**
   * Absent if the text cannot be interpreted or is a system file. If there is an error among the findings, invalid
   * parts are omitted: it is then only for further checks.
   */
  readonly spec: VmSpec | undefined;
  /** All findings, errors and warnings, in the order of the text. */
  readonly findings: readonly Finding[];
}

/**
 * Parses a `.qvmconf` of either form and any kind as far as possible, for checks that should report all problems.
 * Accesses no files and no global state. Never throws.
 *
 * @experimental
 */
export function examineConfig(text: string, options: ParseOptions): ExaminedConfig {
  const findings = new FindingList();
  const config = readConfig(text, options, findings);
  return { config, findings: findings.sorted() };
}

/**
 * Like {@link examineConfig}, for a `.qvmconf` with one VM.
 *
 * @experimental
 */
export function examineVmConfig(text: string, options: ParseOptions): ExaminedVmConfig {
  const findings = new FindingList();
  const spec = readVm(text, options, findings);
  return { spec, findings: findings.sorted() };
}

/**
 * Parses a `.qvmconf` of either form and any kind. Accesses no files and no global state.
 *
 * @throws ConfigError with all findings, if there is an error
 * @experimental
 */
export function parseConfig(text: string, options: ParseOptions): ParsedConfig {
  const { config, findings } = examineConfig(text, options);
  if (config === undefined || findings.some(isError)) throw new ConfigError(findings);
  return { ...config, warnings: findings };
}

/**
 * Parses a `.qvmconf` with one VM.
 *
 * @throws ConfigError with all findings, if there is an error
 * @experimental
 */
export function parseVmConfig(text: string, options: ParseOptions): ParsedVmConfig {
  const { spec, findings } = examineVmConfig(text, options);
  if (spec === undefined || findings.some(isError)) throw new ConfigError(findings);
  return { spec, warnings: findings };
}

/**
 * Like {@link parseVmConfig}, but returns only the findings: errors and warnings in the order of the text. Never
 * throws.
 * @experimental
 */
export function checkVmConfig(text: string, options: ParseOptions): readonly Finding[] {
  return examineVmConfig(text, options).findings;
}

const isError = ({ severity }: Finding): boolean => severity === 'error';

function readVm(text: string, options: ParseOptions, findings: FindingList): VmSpec | undefined {
  const config = readConfig(text, options, findings);
  if (config?.kind === 'vm') return config.spec;
  if (config?.kind === 'fragment') {
    // Missing keys are not reported for a text with syntax errors.
    if (!findings.hasErrors) reportMissing(config.fragment, findings);
    return completeVm(config.fragment, findings);
  }
  if (config?.kind !== 'system') return undefined;
  const at = { file: options.file, line: 1, column: 1 };
  findings.error(
    at,
    'config.system-file',
    'this file describes a system, and one VM is wanted',
    'name a file of one VM',
  );
  return undefined;
}

function readConfig(text: string, options: ParseOptions, findings: FindingList): Config | undefined {
  if (isTooLarge(text)) {
    const start = { file: options.file, line: 1, column: 1 };
    findings.error(start, 'config.too-large', `the file is larger than ${MAX_FILE_BYTES} bytes`);
    return undefined;
  }
  const lines = new LineIndex(options.file, text);
  const { baseDir, environment } = options;
  const context = { baseDir, environment, findings };
  if (formOf(text) === 'line') {
    const draft = draftFromLines(text, lines, findings, options.vdevOptions);
    const fragment = buildFragment(draft, context);
    if (draft.name === undefined) return { kind: 'fragment', fragment };
    reportMissing(fragment, findings);
    return { kind: 'vm', spec: completeVm(fragment, findings) };
  }
  const document = readJson(text, lines, findings);
  // The parser accepts only an object at the top.
  if (document?.root.kind !== 'object') return undefined;
  return readDocument(document.root, document.isWhole, text, lines, context);
}

function readDocument(
  root: JsonObject,
  isWhole: boolean,
  text: string,
  lines: LineIndex,
  context: BuildContext,
): Config {
  const { findings } = context;
  const reader = new JsonDraft(text, lines, findings);
  const has = (key: string): boolean => root.members.has(key);
  if (['host', 'vms', 'switches', 'shmem'].some(has)) {
    checkShape(systemSchema, root, isWhole, lines, findings);
    return { kind: 'system', system: buildSystem(root, reader, context) };
  }
  const isFragment = Object.keys(vmSchema.shape).some(has) && !['name', 'image', 'ram'].some(has);
  checkShape(isFragment ? fragmentSchema : vmSchema, root, isWhole, lines, findings);
  const fragment = buildFragment(draftFromJson(root, reader), context);
  // The schema of a whole VM reports missing keys.
  return isFragment ? { kind: 'fragment', fragment } : { kind: 'vm', spec: completeVm(fragment, findings) };
}

function isTooLarge(text: string): boolean {
  // One UTF-16 unit becomes one to three bytes, so the text is encoded only near the limit.
  if (text.length > MAX_FILE_BYTES) return true;
  return text.length * 3 > MAX_FILE_BYTES && new TextEncoder().encode(text).length > MAX_FILE_BYTES;
}
