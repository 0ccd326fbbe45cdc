import type { Option, OptionDeclarations, OptionsOf } from '@qvm/core/options';
import { nameHint, show } from '@qvm/core/options';
import type { OptionProblem } from '@qvm/core/vdev';
import type { ConfigCode } from './codes.js';
import { ConfigError, type Finding, FindingList } from './finding.js';
import { NO_SOURCE, type SourceLocation } from './location.js';
import { warnAmbiguous } from './ram.js';
import type { OptionSetting } from './spec.js';

/** The owner of the options that are resolved. @experimental */
export interface OptionContext {
  /** Description of the owner for messages, such as `vdev pl011`. */
  readonly owner: string;
  /** Location for a missing option and for settings without a location of their own. */
  readonly at?: SourceLocation;
  /** Folder against which path options are resolved. Absent: paths are not changed. */
  readonly baseDir?: string;
}

/**
 * The parsed values by option name; absent options without a default have no entry.
 *
 * @experimental
 */
export interface ResolvedOptions<D extends OptionDeclarations = OptionDeclarations> {
  /** The value of each declared option, defaults included. */
  readonly values: OptionsOf<D>;
  /** Findings that do not make the options invalid. */
  readonly warnings: readonly Finding[];
}

/**
 * Parses the given options according to the declarations.
 *
 * @throws ConfigError with every problem: unknown, repeated and missing options, and invalid values
 * @experimental
 */
export function resolveOptions<D extends OptionDeclarations>(
  declarations: D,
  settings: readonly OptionSetting[],
  context: OptionContext,
): ResolvedOptions<D> {
  const findings = new FindingList();
  const given = groupSettings(declarations, settings, context, findings);
  const values = Object.create(null) as Record<string, unknown>;
  for (const [name, option] of Object.entries(declarations)) {
    const value = resolveOption({ name, option }, given.get(name) ?? [], context, findings);
    if (value !== undefined) values[name] = value;
  }
  if (findings.hasErrors) throw new ConfigError(findings.sorted());
  // Each value was parsed by its declaration, so the types match.
  return { values: values as OptionsOf<D>, warnings: findings.sorted() };
}

/**
 * Refuses invalid combinations of options, each problem at the location of its option.
 *
 * @throws ConfigError `config.bad-option`
 * @experimental
 */
export function refuseCombination(
  declarations: OptionDeclarations,
  problems: readonly OptionProblem[],
  settings: readonly OptionSetting[],
  context: OptionContext,
): void {
  const findings = new FindingList();
  for (const { option, message, hint } of problems) {
    const setting = option === undefined ? undefined : settingOf(declarations, settings, option);
    const at = setting?.valueAt ?? setting?.at ?? context.at ?? NO_SOURCE;
    const subject = option === undefined ? context.owner : `the option "${option}" of ${context.owner}`;
    findings.error(at, 'config.bad-option', `${subject}: ${message}`, hint);
  }
  if (findings.hasErrors) throw new ConfigError(findings.sorted());
}

/**
 * The option with a given name or alias.
 *
 * @experimental
 */
export function optionNamed(
  declarations: OptionDeclarations,
  name: string,
):
  | {
      /** The declared name, also where the argument is an alias. */
      readonly name: string;
      /** Its declaration. */
      readonly option: Option;
    }
  | undefined {
  const own = Object.hasOwn(declarations, name) ? declarations[name] : undefined;
  if (own !== undefined) return { name, option: own };
  const found = Object.entries(declarations).find(([, { aliases }]) => aliases.includes(name));
  return found === undefined ? undefined : { name: found[0], option: found[1] };
}

/** The setting of an option under any of its names; of several, the one that has effect. */
export function settingOf(
  declarations: OptionDeclarations,
  settings: readonly OptionSetting[],
  option: string,
): OptionSetting | undefined {
  return settings.findLast(({ name }) => optionNamed(declarations, name)?.name === option);
}

/** All names and aliases of options. */
export function optionNames(declarations: OptionDeclarations): readonly string[] {
  return Object.entries(declarations).flatMap(([name, { aliases }]) => [name, ...aliases]);
}

/** An option with its name. */
interface NamedOption {
  readonly name: string;
  readonly option: Option;
}

function groupSettings(
  declarations: OptionDeclarations,
  settings: readonly OptionSetting[],
  context: OptionContext,
  findings: FindingList,
): Map<string, OptionSetting[]> {
  const groups = new Map<string, OptionSetting[]>(Object.keys(declarations).map((name) => [name, []]));
  for (const setting of settings) {
    if (findings.full) break;
    const found = optionNamed(declarations, setting.name);
    const group = found === undefined ? undefined : groups.get(found.name);
    if (group !== undefined) {
      if (setting.replaces === true) group.length = 0;
      group.push(setting);
    } else {
      const message = `${context.owner} has no option ${show(setting.name)}`;
      const hint = nameHint(setting.name, optionNames(declarations), 'options');
      findings.error(placeOf(setting, context), 'config.unknown-option', message, hint);
    }
  }
  return groups;
}

function resolveOption(
  named: NamedOption,
  given: readonly OptionSetting[],
  context: OptionContext,
  findings: FindingList,
): unknown {
  const { repeatable } = named.option;
  if (given.length === 0) return absentValue(named, context, findings);
  if (repeatable) return given.flatMap((setting) => [readSetting(named, setting, context, findings)]);
  const [first, ...others] = given;
  for (const other of others) {
    if (findings.full) break;
    const { line, column } = first?.at ?? NO_SOURCE;
    const message = `the option "${other.name}" of ${context.owner} is here twice`;
    const same = other.name === first?.name ? 'the first' : `${show(first?.name ?? '')}, which means the same,`;
    findings.error(
      placeOf(other, context),
      'config.repeated-option',
      message,
      `${same} is in line ${line}, column ${column}`,
    );
  }
  return first === undefined ? undefined : readSetting(named, first, context, findings);
}

function absentValue({ name, option }: NamedOption, context: OptionContext, findings: FindingList): unknown {
  if (option.default !== undefined) return option.repeatable ? [option.default] : option.default;
  if (option.required) {
    const message = `${context.owner} needs the option "${name}" (${option.description})`;
    findings.error(context.at ?? NO_SOURCE, 'config.missing-option', message, `add ${name}=…`);
  }
  return option.repeatable ? [] : undefined;
}

function readSetting(
  { option }: NamedOption,
  setting: OptionSetting,
  context: OptionContext,
  findings: FindingList,
): unknown {
  const at = setting.valueAt ?? placeOf(setting, context);
  const code: ConfigCode = 'config.bad-option';
  const text = setting.value ?? option.kind.bare;
  const subject = `the option "${setting.name}" of ${context.owner}`;
  if (text === undefined) {
    findings.error(at, code, `${subject} needs a value`, `write ${setting.name}=…`);
    return undefined;
  }
  const result = option.read(text, context.baseDir === undefined ? {} : { baseDir: context.baseDir });
  if (!result.ok) {
    findings.error(at, code, `${subject}: ${result.message}`, result.hint);
    return undefined;
  }
  if (result.ambiguous === true) warnAmbiguous(text, at, findings);
  return result.value;
}

const placeOf = (setting: OptionSetting, context: OptionContext): SourceLocation =>
  setting.at ?? context.at ?? NO_SOURCE;
