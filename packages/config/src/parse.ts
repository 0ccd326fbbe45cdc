import { buildSpec } from './build-spec.js';
import { ConfigError, type Finding, FindingList } from './finding.js';
import { draftFromJson } from './json-front-end.js';
import type { JsonObject } from './json-node.js';
import { readJson } from './json-reader.js';
import { MAX_FILE_BYTES } from './limits.js';
import { LineIndex } from './location.js';
import type { Environment } from './paths.js';
import { checkShape } from './shape.js';
import type { VmSpec } from './spec.js';

/** What reading a configuration needs besides its text. @experimental */
export interface ParseOptions {
  /** Name of the file, as findings show it. */
  readonly file: string;
  /** Folder of the file: relative paths are relative to it. `''` leaves them as they are. */
  readonly baseDir: string;
  /** Variables for `${NAME}`; Node programs pass `process.env`. */
  readonly environment: Environment;
}

/** A usable configuration and what is worth a word about it. @experimental */
export interface ParsedVmConfig {
  readonly spec: VmSpec;
  readonly warnings: readonly Finding[];
}

/**
 * Reads a `.qvmconf` in its JSON form (one VM). Touches no file and looks at no global state.
 *
 * @throws ConfigError with every problem found, when there is an error
 * @experimental
 */
export function parseVmConfig(text: string, options: ParseOptions): ParsedVmConfig {
  const { spec, findings } = analyse(text, options);
  if (spec === undefined) throw new ConfigError(findings);
  return { spec, warnings: findings };
}

/**
 * As {@link parseVmConfig}, for its findings alone: errors and warnings in the order of the text. Never throws.
 * @experimental
 */
export function checkVmConfig(text: string, options: ParseOptions): readonly Finding[] {
  return analyse(text, options).findings;
}

interface Analysis {
  readonly spec: VmSpec | undefined;
  readonly findings: Finding[];
}

function analyse(text: string, options: ParseOptions): Analysis {
  const findings = new FindingList();
  const spec = readSpec(text, options, findings);
  return { spec: findings.hasErrors ? undefined : spec, findings: findings.sorted() };
}

function readSpec(text: string, options: ParseOptions, findings: FindingList): VmSpec | undefined {
  if (isTooLarge(text)) {
    const start = { file: options.file, line: 1, column: 1 };
    findings.error(start, 'config.too-large', `the file is larger than ${MAX_FILE_BYTES} bytes`);
    return undefined;
  }
  const lines = new LineIndex(options.file, text);
  const root = readJson(text, lines, findings);
  // The reader accepts nothing but an object at the top.
  if (root?.kind !== 'object' || isSystemFile(root, lines, findings)) return undefined;
  checkShape(root, lines, findings);
  const draft = draftFromJson(root, text, lines, findings);
  return buildSpec(draft, { baseDir: options.baseDir, environment: options.environment, findings });
}

function isTooLarge(text: string): boolean {
  // One UTF-16 unit becomes one to three bytes: encode only where that matters.
  if (text.length > MAX_FILE_BYTES) return true;
  return text.length * 3 > MAX_FILE_BYTES && new TextEncoder().encode(text).length > MAX_FILE_BYTES;
}

function isSystemFile(root: JsonObject, lines: LineIndex, findings: FindingList): boolean {
  const key = ['host', 'vms'].find((candidate) => root.members.has(candidate));
  const member = key === undefined ? undefined : root.members.get(key);
  if (member === undefined) return false;
  const message = `"${key}" makes this a system file, which is not supported yet`;
  findings.error(lines.at(member.keyStart), 'config.system-file', message, 'write one file for each VM');
  return true;
}
