import type { OptionDeclarations, OptionFault, OptionsOf } from '@qvm/core/options';
import { nameHint, optionNamed, optionNames, readOptions, show } from '@qvm/core/options';
import type { OptionProblem } from '@qvm/core/vdev';
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
  const place = context.baseDir === undefined ? {} : { baseDir: context.baseDir };
  const values = readOptions(declarations, settings, place, (fault) => {
    if (!findings.full) reportFault(fault, declarations, context, findings);
  });
  if (findings.hasErrors) throw new ConfigError(findings.sorted());
  return { values, warnings: findings.sorted() };
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

/** The setting of an option under any of its names; of several, the one that has effect. */
export function settingOf(
  declarations: OptionDeclarations,
  settings: readonly OptionSetting[],
  option: string,
): OptionSetting | undefined {
  return settings.findLast(({ name }) => optionNamed(declarations, name)?.name === option);
}

function reportFault(
  fault: OptionFault<OptionSetting>,
  declarations: OptionDeclarations,
  context: OptionContext,
  findings: FindingList,
): void {
  const { owner } = context;
  if (fault.kind === 'missing') {
    const message = `${owner} needs the option "${fault.name}" (${fault.option.description})`;
    findings.error(context.at ?? NO_SOURCE, 'config.missing-option', message, `add ${fault.name}=…`);
    return;
  }
  const { text } = fault;
  const at = placeOf(text, context);
  const subject = `the option "${text.name}" of ${owner}`;
  switch (fault.kind) {
    case 'unknown': {
      const hint = nameHint(text.name, optionNames(declarations), 'options');
      return findings.error(at, 'config.unknown-option', `${owner} has no option ${show(text.name)}`, hint);
    }
    case 'repeated':
      return findings.error(at, 'config.repeated-option', `${subject} is here twice`, placeOfFirst(text, fault.first));
    case 'bare':
      return findings.error(at, 'config.bad-option', `${subject} needs a value`, `write ${text.name}=…`);
    case 'invalid':
      return findings.error(text.valueAt ?? at, 'config.bad-option', `${subject}: ${fault.message}`, fault.hint);
    case 'ambiguous':
      return warnAmbiguous(fault.value, text.valueAt ?? at, findings);
  }
}

function placeOfFirst({ name }: OptionSetting, first: OptionSetting): string {
  const { line, column } = first.at ?? NO_SOURCE;
  const same = name === first.name ? 'the first' : `${show(first.name)}, which means the same,`;
  return `${same} is in line ${line}, column ${column}`;
}

const placeOf = (setting: OptionSetting, context: OptionContext): SourceLocation =>
  setting.at ?? context.at ?? NO_SOURCE;
