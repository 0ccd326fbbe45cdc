import type { Option } from './option.js';

/**
 * Description of an option for listings, as plain data.
 *
 * @beta
 */
export interface OptionDescription {
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  readonly required?: true;
  readonly repeatable?: true;
  /** Default value, as a configuration would write it. */
  readonly default?: string;
  readonly aliases?: readonly string[];
  /** All valid values, if they can be listed. */
  readonly values?: readonly string[];
  readonly min?: number;
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
