import type { ConfigCode } from './codes.js';
import { ConfigError, type Finding, FindingList } from './finding.js';
import { NO_SOURCE, type SourceLocation } from './location.js';
import { nameHint } from './nearest-name.js';
import { type AddressResult, type NumberResult, parseAddress, parseNumber, parseSize } from './numbers.js';
import { pathProblem, resolvePath } from './paths.js';
import { warnAmbiguous } from './ram.js';
import { show } from './show.js';
import type { OptionSetting } from './spec.js';

/**
 * The kinds of option values: `string` any text; `path` a path, resolved against the configuration's folder;
 * `number` a whole number; `address` and `size` in bytes; `boolean` 1/0, yes/no, on/off, true/false, or the bare name
 * for true; `enum` one of `values`; `mac` six octets in hexadecimal.
 * @experimental
 */
export type OptionKind = 'string' | 'path' | 'number' | 'address' | 'size' | 'boolean' | 'enum' | 'mac';

/** Describes one option of a vdev type. @experimental */
export interface OptionSpec {
  readonly name: string;
  readonly kind: OptionKind;
  readonly required?: boolean;
  /** May be given several times: its value is an array, empty when it is absent and has no default. */
  readonly repeatable?: boolean;
  /** Used when the option is absent; read as if it had been written. */
  readonly default?: string;
  /** The choices of an `enum`. */
  readonly values?: readonly string[];
  /** Bounds, both included, of `number`, `address` and `size`; of a `string`, `max` is the most characters that it may have. */
  readonly min?: number;
  readonly max?: number;
  readonly description: string;
}

/** The value of one option: numbers for `number`, `address` and `size`; MAC addresses as `52:54:00:12:34:56`. @experimental */
export type OptionValue = string | number | boolean;

/** Whose options are resolved. @experimental */
export interface OptionContext {
  /** Names the owner in messages, such as `vdev pl011`. */
  readonly owner: string;
  /** Place for a missing option and for settings without a place of their own. */
  readonly at?: SourceLocation;
  /** Folder for options of kind `path`; absent leaves them as they are. */
  readonly baseDir?: string;
}

/** Options by name; absent options without a default have no entry. @experimental */
export interface ResolvedOptions {
  readonly values: Readonly<Record<string, OptionValue | readonly OptionValue[]>>;
  readonly warnings: readonly Finding[];
}

/**
 * Checks the options that were written against those that there are, and converts their values.
 *
 * @throws ConfigError with every problem found: unknown, repeated, missing options and values they cannot take
 * @throws TypeError when a specification contradicts itself (a default that it would refuse)
 * @experimental
 */
export function resolveOptions(
  specs: readonly OptionSpec[],
  settings: readonly OptionSetting[],
  context: OptionContext,
): ResolvedOptions {
  const findings = new FindingList();
  const given = groupSettings(specs, settings, context, findings);
  const values = Object.create(null) as Record<string, OptionValue | readonly OptionValue[]>;
  for (const spec of specs) {
    const value = resolveOption(spec, given.get(spec.name) ?? [], context, findings);
    if (value !== undefined) values[spec.name] = value;
  }
  if (findings.hasErrors) throw new ConfigError(findings.sorted());
  return { values, warnings: findings.sorted() };
}

function groupSettings(
  specs: readonly OptionSpec[],
  settings: readonly OptionSetting[],
  context: OptionContext,
  findings: FindingList,
): Map<string, OptionSetting[]> {
  const names = specs.map((spec) => spec.name);
  const groups = new Map<string, OptionSetting[]>(names.map((name) => [name, []]));
  for (const setting of settings) {
    if (findings.full) break;
    const group = groups.get(setting.name);
    if (group !== undefined) group.push(setting);
    else {
      const message = `${context.owner} has no option ${show(setting.name)}`;
      findings.error(
        placeOf(setting, context),
        'config.unknown-option',
        message,
        nameHint(setting.name, names, 'options'),
      );
    }
  }
  return groups;
}

function resolveOption(
  spec: OptionSpec,
  given: readonly OptionSetting[],
  context: OptionContext,
  findings: FindingList,
): OptionValue | OptionValue[] | undefined {
  if (given.length === 0) return absentValue(spec, context, findings);
  if (spec.repeatable === true) {
    return given.flatMap((setting) => readSetting(spec, setting, context, findings) ?? []);
  }
  const [first, ...others] = given;
  for (const other of others) {
    if (findings.full) break;
    const { line, column } = first?.at ?? NO_SOURCE;
    const message = `the option "${spec.name}" of ${context.owner} is here twice`;
    findings.error(
      placeOf(other, context),
      'config.repeated-option',
      message,
      `the first is in line ${line}, column ${column}`,
    );
  }
  return first === undefined ? undefined : readSetting(spec, first, context, findings);
}

function absentValue(
  spec: OptionSpec,
  context: OptionContext,
  findings: FindingList,
): OptionValue | OptionValue[] | undefined {
  if (spec.default !== undefined) {
    const result = convert(spec, spec.default, context.baseDir);
    if (!result.ok) throw new TypeError(`the default of option "${spec.name}" of ${context.owner}: ${result.message}`);
    return spec.repeatable === true ? [result.value] : result.value;
  }
  if (spec.required === true) {
    const message = `${context.owner} needs the option "${spec.name}" (${spec.description})`;
    findings.error(context.at ?? NO_SOURCE, 'config.missing-option', message, `add ${spec.name}=…`);
  }
  return spec.repeatable === true ? [] : undefined;
}

function readSetting(
  spec: OptionSpec,
  setting: OptionSetting,
  context: OptionContext,
  findings: FindingList,
): OptionValue | undefined {
  const at = setting.valueAt ?? placeOf(setting, context);
  const code: ConfigCode = 'config.bad-option';
  if (setting.value === undefined && spec.kind !== 'boolean') {
    findings.error(at, code, `the option "${spec.name}" of ${context.owner} needs a value`, `write ${spec.name}=…`);
    return undefined;
  }
  const text = setting.value ?? 'true';
  const result = convert(spec, text, context.baseDir);
  if (!result.ok) {
    findings.error(at, code, `the option "${spec.name}" of ${context.owner}: ${result.message}`, result.hint);
    return undefined;
  }
  if (result.ambiguous === true) warnAmbiguous(text, at, findings);
  return result.value;
}

const placeOf = (setting: OptionSetting, context: OptionContext): SourceLocation =>
  setting.at ?? context.at ?? NO_SOURCE;

type Conversion =
  | { readonly ok: true; readonly value: OptionValue; readonly ambiguous?: boolean }
  | { readonly ok: false; readonly message: string; readonly hint?: string };

function convert(spec: OptionSpec, text: string, baseDir: string | undefined): Conversion {
  switch (spec.kind) {
    case 'string':
      return convertString(text, spec.max);
    case 'path':
      return convertPath(text, baseDir ?? '');
    case 'number':
      return inBounds(spec, parseNumber(text));
    case 'address':
      return inBounds(spec, parseAddress(text));
    case 'size':
      return inBounds(spec, parseSize(text));
    case 'boolean':
      return convertBoolean(text);
    case 'enum':
      return convertEnum(text, spec.values ?? []);
    case 'mac':
      return convertMac(text);
  }
}

function convertString(text: string, max = Infinity): Conversion {
  const { length } = text;
  if (length <= max) return { ok: true, value: text };
  return { ok: false, message: `${show(text)} has ${length} characters`, hint: `${max} are possible` };
}

function convertPath(text: string, baseDir: string): Conversion {
  const problem = pathProblem(text);
  return problem === undefined ? { ok: true, value: resolvePath(text, baseDir) } : { ok: false, message: problem };
}

function inBounds({ min, max, kind }: OptionSpec, result: NumberResult | AddressResult): Conversion {
  if (!result.ok || ((min === undefined || result.value >= min) && (max === undefined || result.value <= max)))
    return result;
  const write = (bound: number): string => (kind === 'number' ? String(bound) : `0x${bound.toString(16)}`);
  const hint = [
    ...(min === undefined ? [] : [`at least ${write(min)}`]),
    ...(max === undefined ? [] : [`at most ${write(max)}`]),
  ];
  return { ok: false, message: `${write(result.value)} is out of range`, hint: `it must be ${hint.join(' and ')}` };
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['yes', true],
  ['on', true],
  ['true', true],
  ['0', false],
  ['no', false],
  ['off', false],
  ['false', false],
]);

/** Whether a text is one of the words of kind `boolean`. */
export function isBooleanWord(text: string): boolean {
  return BOOLEANS.has(text.toLowerCase());
}

function convertBoolean(text: string): Conversion {
  const value = BOOLEANS.get(text.toLowerCase());
  if (value !== undefined) return { ok: true, value };
  return {
    ok: false,
    message: `${show(text)} is neither true nor false`,
    hint: 'write 1/0, yes/no, on/off or true/false',
  };
}

function convertEnum(text: string, values: readonly string[]): Conversion {
  if (values.includes(text)) return { ok: true, value: text };
  return { ok: false, message: `${show(text)} is not one of its values`, hint: nameHint(text, values, 'values') };
}

const MAC = /^[0-9a-f]{2}(?:([:-])[0-9a-f]{2})(?:\1[0-9a-f]{2}){4}$/;

/** IEEE 802, 8.2: the lowest bit of the first byte makes an address that of a group. */
const GROUP = 1;

function convertMac(text: string): Conversion {
  const address = text.toLowerCase().replaceAll('-', ':');
  const right = 'right would be 52:54:00:12:34:56';
  if (!MAC.test(text.toLowerCase())) return { ok: false, message: `${show(text)} is not a MAC address`, hint: right };
  if (address === NO_STATION || (parseInt(address.slice(0, 2), 16) & GROUP) !== 0)
    return { ok: false, message: `${show(text)} is not the address of one station`, hint: right };
  return { ok: true, value: address };
}

const NO_STATION = '00:00:00:00:00:00';
