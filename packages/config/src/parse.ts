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

/** What reading a configuration needs besides its text. @experimental */
export interface ParseOptions {
  /** Name of the file, as findings show it. */
  readonly file: string;
  /** Folder of the file: relative paths are relative to it. `''` leaves them as they are. */
  readonly baseDir: string;
  /** Variables for `${NAME}`; Node programs pass `process.env`. Absent: `${NAME}` stays as it is written. */
  readonly environment?: Environment;
  /**
   * The options of vdev types by their plain name. With it, the line form knows which options are flags and which do not
   * exist; without it, every option that is no word of the language takes one argument.
   */
  readonly vdevOptions?: VdevOptionsLookup;
}

/** A usable configuration and what is worth a word about it. @experimental */
export interface ParsedVmConfig {
  readonly spec: VmSpec;
  readonly warnings: readonly Finding[];
}

/** What a file can hold: one VM, a part of one (such as vdevs alone), or a system of several. @experimental */
export type Config =
  | { readonly kind: 'vm'; readonly spec: VmSpec }
  | { readonly kind: 'fragment'; readonly fragment: VmFragment }
  | { readonly kind: 'system'; readonly system: SystemSpec };

/** A configuration of any kind and what is worth a word about it. @experimental */
export type ParsedConfig = Config & { readonly warnings: readonly Finding[] };

/** How a configuration is written. @experimental */
export type ConfigForm = 'json' | 'line';

/**
 * The form of a text: JSON when its first character that is neither white space nor in a comment is a bracket (or when
 * there is none), else the line form.
 * @experimental
 */
export function formOf(text: string): ConfigForm {
  const start = /^\uFEFF?(?:\s+|#[^\r\n]*(?:[\r\n]|$))*/.exec(text)?.[0].length ?? 0;
  const first = text[start];
  return first === undefined || first === '{' || first === '[' ? 'json' : 'line';
}

/** What could be read of a configuration, and everything that was found. @experimental */
export interface ExaminedConfig {
  /** Absent when the text has no meaning at all. With an error among the findings, what is wrong is left out. */
  readonly config: Config | undefined;
  /** Errors, warnings and informations in the order of the text. */
  readonly findings: readonly Finding[];
}

/** The same of a configuration that holds one VM. @experimental */
export interface ExaminedVmConfig {
  /**
   * Absent when the text has no meaning, or that of a system. With an error among the findings, what is wrong is left out: then it
   * is for further checks, not for making a VM.
   */
  readonly spec: VmSpec | undefined;
  readonly findings: readonly Finding[];
}

/**
 * Reads a `.qvmconf` of either form and any kind as far as it can be read, for checks that are to find all that is wrong. Touches no
 * file and looks at no global state. Never throws.
 *
 * @experimental
 */
export function examineConfig(text: string, options: ParseOptions): ExaminedConfig {
  const findings = new FindingList();
  const config = readConfig(text, options, findings);
  return { config, findings: findings.sorted() };
}

/**
 * As {@link examineConfig}, for a `.qvmconf` that holds one VM.
 *
 * @experimental
 */
export function examineVmConfig(text: string, options: ParseOptions): ExaminedVmConfig {
  const findings = new FindingList();
  const spec = readVm(text, options, findings);
  return { spec, findings: findings.sorted() };
}

/**
 * Reads a `.qvmconf` of either form and any kind. Touches no file and looks at no global state.
 *
 * @throws ConfigError with every problem found, when there is an error
 * @experimental
 */
export function parseConfig(text: string, options: ParseOptions): ParsedConfig {
  const { config, findings } = examineConfig(text, options);
  if (config === undefined || findings.some(isError)) throw new ConfigError(findings);
  return { ...config, warnings: findings };
}

/**
 * Reads a `.qvmconf` that holds one VM.
 *
 * @throws ConfigError with every problem found, when there is an error
 * @experimental
 */
export function parseVmConfig(text: string, options: ParseOptions): ParsedVmConfig {
  const { spec, findings } = examineVmConfig(text, options);
  if (spec === undefined || findings.some(isError)) throw new ConfigError(findings);
  return { spec, warnings: findings };
}

/**
 * As {@link parseVmConfig}, for its findings alone: errors and warnings in the order of the text. Never throws.
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
    // Keys that are absent from a text with syntax errors are not reported.
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
  // The reader accepts nothing but an object at the top.
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
  // The shape of a whole VM says what is missing.
  return isFragment ? { kind: 'fragment', fragment } : { kind: 'vm', spec: completeVm(fragment, findings) };
}

function isTooLarge(text: string): boolean {
  // One UTF-16 unit becomes one to three bytes: encode only where that matters.
  if (text.length > MAX_FILE_BYTES) return true;
  return text.length * 3 > MAX_FILE_BYTES && new TextEncoder().encode(text).length > MAX_FILE_BYTES;
}
