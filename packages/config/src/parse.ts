import type { BuildContext } from './build-context.js';
import { buildFragment, completeVm } from './build-spec.js';
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

/**
 * Reads a `.qvmconf` of either form and any kind. Touches no file and looks at no global state.
 *
 * @throws ConfigError with every problem found, when there is an error
 * @experimental
 */
export function parseConfig(text: string, options: ParseOptions): ParsedConfig {
  const findings = new FindingList();
  const config = readConfig(text, options, findings);
  if (config === undefined || findings.hasErrors) throw new ConfigError(findings.sorted());
  return { ...config, warnings: findings.sorted() };
}

/**
 * Reads a `.qvmconf` that holds one VM.
 *
 * @throws ConfigError with every problem found, when there is an error
 * @experimental
 */
export function parseVmConfig(text: string, options: ParseOptions): ParsedVmConfig {
  const findings = new FindingList();
  const spec = readVm(text, options, findings);
  if (spec === undefined || findings.hasErrors) throw new ConfigError(findings.sorted());
  return { spec, warnings: findings.sorted() };
}

/**
 * As {@link parseVmConfig}, for its findings alone: errors and warnings in the order of the text. Never throws.
 * @experimental
 */
export function checkVmConfig(text: string, options: ParseOptions): readonly Finding[] {
  const findings = new FindingList();
  readVm(text, options, findings);
  return findings.sorted();
}

function readVm(text: string, options: ParseOptions, findings: FindingList): VmSpec | undefined {
  const config = readConfig(text, options, findings);
  if (config?.kind === 'vm') return config.spec;
  if (config?.kind === 'fragment') return completeVm(config.fragment, findings);
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
    const isFragment = draft.name === undefined;
    return vmOrFragment(buildFragment(draft, context), isFragment, findings);
  }
  const root = readJson(text, lines, findings);
  // The reader accepts nothing but an object at the top.
  return root?.kind === 'object' ? readDocument(root, text, lines, context) : undefined;
}

function readDocument(root: JsonObject, text: string, lines: LineIndex, context: BuildContext): Config | undefined {
  const { findings } = context;
  const reader = new JsonDraft(text, lines, findings);
  const has = (key: string): boolean => root.members.has(key);
  if (['host', 'vms', 'switches', 'shmem'].some(has)) {
    checkShape(systemSchema, root, lines, findings);
    const system = buildSystem(root, reader, context);
    return system === undefined ? undefined : { kind: 'system', system };
  }
  const isFragment = Object.keys(vmSchema.shape).some(has) && !['name', 'image', 'ram'].some(has);
  checkShape(isFragment ? fragmentSchema : vmSchema, root, lines, findings);
  return vmOrFragment(buildFragment(draftFromJson(root, reader), context), isFragment, findings);
}

function vmOrFragment(
  fragment: VmFragment | undefined,
  isFragment: boolean,
  findings: FindingList,
): Config | undefined {
  if (fragment === undefined) return undefined;
  if (isFragment) return { kind: 'fragment', fragment };
  const spec = completeVm(fragment, findings);
  return spec === undefined ? undefined : { kind: 'vm', spec };
}

function isTooLarge(text: string): boolean {
  // One UTF-16 unit becomes one to three bytes: encode only where that matters.
  if (text.length > MAX_FILE_BYTES) return true;
  return text.length * 3 > MAX_FILE_BYTES && new TextEncoder().encode(text).length > MAX_FILE_BYTES;
}
