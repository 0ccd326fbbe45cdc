import type { OptionPlace } from './option-kind.js';
import type { Option, OptionDeclarations, OptionsOf } from './option.js';

/**
 * One text that is given for an option.
 *
 * @beta
 */
export interface OptionText {
  /** Name of the option, or an alias. */
  readonly name: string;
  /** The text of its value; absent when only the name is given. */
  readonly value?: string;
  /** Whether it replaces earlier texts for its option, under any of its names, as those of a command line do. */
  readonly replaces?: true;
}

/**
 * A problem of the texts that are given for options.
 *
 * @typeParam T - the texts.
 * @beta
 */
export type OptionFault<T extends OptionText = OptionText> =
  | {
      /** No option has the name. */
      readonly kind: 'unknown';
      /** The text. */
      readonly text: T;
    }
  | {
      /** A required option is absent. */
      readonly kind: 'missing';
      /** Name of the option. */
      readonly name: string;
      /** Its declaration. */
      readonly option: Option;
    }
  | {
      /** An option that may be given once is given again. */
      readonly kind: 'repeated';
      /** The later text. */
      readonly text: T;
      /** The text that has effect. */
      readonly first: T;
    }
  | {
      /** Only the name is given, and the option needs a value. */
      readonly kind: 'bare';
      /** The text. */
      readonly text: T;
    }
  | {
      /** The value is not one of the option's. */
      readonly kind: 'invalid';
      /** The text. */
      readonly text: T;
      /** The problem: it completes "the option NAME:". */
      readonly message: string;
      /** Describes a correct text. */
      readonly hint: string | undefined;
    }
  | {
      /** An address is written without `0x`, `0d` or a suffix. It is read as decimal: this alone is no error. */
      readonly kind: 'ambiguous';
      /** The text. */
      readonly text: T;
      /** Its value. */
      readonly value: string;
    };

/**
 * Reads texts as the values of declared options, and fills in defaults.
 *
 * @param report - told of each problem. Where it does not throw, the value in question is missing in the result.
 * @returns the values by option name; absent options without a default have no entry.
 * @beta
 */
export function readOptions<D extends OptionDeclarations, T extends OptionText>(
  declarations: D,
  texts: readonly T[],
  place: OptionPlace,
  report: (fault: OptionFault<T>) => void,
): OptionsOf<D> {
  const groups = groupTexts(declarations, texts, report);
  // Without a prototype: option names such as `constructor` have no value unless they are declared.
  const values = Object.create(null) as Record<string, unknown>;
  for (const [name, option] of Object.entries(declarations)) {
    const value = readOption(name, option, groups.get(name) ?? [], place, report);
    if (value !== undefined) values[name] = value;
  }
  // Each value was read by its declaration, so the types match.
  return values as OptionsOf<D>;
}

/**
 * The option with a name or alias.
 *
 * @beta
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

/**
 * All names and aliases of options.
 *
 * @beta
 */
export function optionNames(declarations: OptionDeclarations): readonly string[] {
  return Object.entries(declarations).flatMap(([name, { aliases }]) => [name, ...aliases]);
}

function groupTexts<T extends OptionText>(
  declarations: OptionDeclarations,
  texts: readonly T[],
  report: (fault: OptionFault<T>) => void,
): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>(Object.keys(declarations).map((name) => [name, []]));
  for (const text of texts) {
    const group = groups.get(optionNamed(declarations, text.name)?.name ?? '');
    if (group === undefined) {
      report({ kind: 'unknown', text });
      continue;
    }
    if (text.replaces === true) group.length = 0;
    group.push(text);
  }
  return groups;
}

function readOption<T extends OptionText>(
  name: string,
  option: Option,
  given: readonly T[],
  place: OptionPlace,
  report: (fault: OptionFault<T>) => void,
): unknown {
  const { repeatable, required, default: absent } = option;
  const [first, ...others] = given;
  if (first === undefined) {
    if (absent !== undefined) return repeatable ? [absent] : absent;
    if (required) report({ kind: 'missing', name, option });
    return repeatable ? [] : undefined;
  }
  if (repeatable) {
    const values = given.map((text) => readText(option, text, place, report));
    return values.filter((value) => value !== undefined);
  }
  for (const text of others) report({ kind: 'repeated', text, first });
  return readText(option, first, place, report);
}

function readText<T extends OptionText>(
  option: Option,
  text: T,
  place: OptionPlace,
  report: (fault: OptionFault<T>) => void,
): unknown {
  const value = text.value ?? option.kind.bare;
  if (value === undefined) {
    report({ kind: 'bare', text });
    return undefined;
  }
  const result = option.read(value, place);
  if (!result.ok) {
    report({ kind: 'invalid', text, message: result.message, hint: result.hint });
    return undefined;
  }
  if (result.ambiguous === true) report({ kind: 'ambiguous', text, value });
  return result.value;
}
