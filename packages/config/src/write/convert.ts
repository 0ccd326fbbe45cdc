import { type Finding, findingAt } from '../finding.js';
import type { VdevOptionsLookup } from '../line/line-reader.js';
import { type ConfigForm, formOf, parseConfig, type ParseOptions } from '../parse.js';
import type { VmFragment } from '../spec.js';
import { writeJson } from './write-json.js';
import { writeLines } from './write-line.js';

/** Options for writing a configuration. @experimental */
export interface WriteOptions {
  /** Whether values contain `${NAME}` that must be kept; otherwise a dollar sign in them is literal. */
  readonly keepVariables?: boolean;
  /** As for parsing; with it, the line form writes flags as flags. */
  readonly vdevOptions?: VdevOptionsLookup;
}

/** A text, and the parts of the configuration that it cannot express. @experimental */
export interface WrittenConfig {
  /** The configuration in the wanted form, if that form can express it at all. */
  readonly text: string;
  /** Settings that the form cannot express, which the text therefore lacks. */
  readonly lost: readonly Finding[];
}

/**
 * Writes a VM, or a part of one, in a form of the language. Parsing the text gives the same result, except for `lost`
 * parts and locations.
 *
 * @experimental
 */
export function writeConfig(vm: VmFragment, form: ConfigForm, options: WriteOptions = {}): WrittenConfig {
  const { keepVariables = false, vdevOptions = () => undefined } = options;
  const escape = keepVariables ? (text: string) => text : (text: string) => text.replaceAll('$', '$$$$');
  const lost: Finding[] = [];
  const text = form === 'json' ? writeJson(vm, escape) : writeLines(vm, escape, vdevOptions, lost);
  return { text, lost };
}

/**
 * Rewrites the text of a VM in another form. Paths and `${NAME}` are kept as written; comments are lost. A system file
 * has no line form.
 *
 * @throws ConfigError with the problems of the text
 * @experimental
 */
export function convertConfig(
  text: string,
  form: ConfigForm,
  options: Pick<ParseOptions, 'file' | 'vdevOptions'>,
): WrittenConfig {
  const parsed = parseConfig(text, { ...options, baseDir: '' });
  const at = { file: options.file, line: 1, column: 1 };
  if (parsed.kind === 'system') {
    const message = 'a system file has a JSON form only, and stays as it is';
    const lost = form === 'json' ? [] : [findingAt(at, 'error', 'convert.system', message)];
    return { text, lost };
  }
  if (formOf(text) === form) return { text, lost: [] };
  const vm = parsed.kind === 'vm' ? parsed.spec : parsed.fragment;
  const written = writeConfig(vm, form, { ...options, keepVariables: true });
  const unread = parsed.warnings.filter(({ code }) => DROPPED.has(code));
  return { text: written.text, lost: [...commentLoss(text, at), ...unread, ...written.lost] };
}

/** Warnings about words that are not represented in the specification. */
const DROPPED: ReadonlySet<string> = new Set(['config.not-supported', 'config.ignored', 'config.repeated-word']);

function commentLoss(text: string, at: Parameters<typeof findingAt>[0]): Finding[] {
  const comments = text.match(/^\s*#/gm)?.length ?? 0;
  if (comments === 0) return [];
  const message = `${comments} line${comments === 1 ? '' : 's'} of comments`;
  return [findingAt(at, 'info', 'convert.lost', `${message} are not carried over`)];
}
