import type { Option } from './option.js';

/**
 * Description of an option for listings, as plain data.
 *
 * @beta
 */
export interface OptionDescription {
  /** Name of the option, without its aliases. */
  readonly name: string;
  /** Name of its kind: `number`. */
  readonly kind: string;
  /** A sentence without its full stop. */
  readonly description: string;
  /** Present for options that must be given. */
  readonly required?: true;
  /** Present for options that may be given several times. */
  readonly repeatable?: true;
  /** Default value, as a configuration would write it. */
  readonly default?: string;
  /** Alternative names; absent when there are none. */
  readonly aliases?: readonly string[];
  /** All valid values, if they can be listed. */
  readonly values?: readonly string[];
  /** Smallest number, or length of a text in characters, inclusive. */
  readonly min?: number;
  /** Largest number, or length of a text in characters, inclusive. */
  readonly max?: number;
}

/**
 * Describes an option.
 *
 * @beta
 */
export function describeOption(name: string, option: Option): OptionDescription {
  const { kind, description, required, repeatable, aliases } = option;
  return {
    name,
    kind: kind.name,
    description,
    ...(required ? { required } : {}),
    ...(repeatable ? { repeatable } : {}),
    ...(option.default === undefined ? {} : { default: kind.format(option.default) }),
    ...(aliases.length === 0 ? {} : { aliases }),
    ...(kind.words === undefined ? {} : { values: kind.words }),
    ...(kind.min === undefined ? {} : { min: kind.min }),
    ...(kind.max === undefined ? {} : { max: kind.max }),
  };
}
