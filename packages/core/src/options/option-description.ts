import type { Option } from './option.js';

/**
 * An option as listings show it: plain data.
 *
 * @experimental
 */
export interface OptionDescription {
  readonly name: string;
  readonly kind: string;
  readonly description: string;
  readonly required?: true;
  readonly repeatable?: true;
  /** As a configuration writes it. */
  readonly default?: string;
  readonly aliases?: readonly string[];
  /** The texts that there are, where they can be listed. */
  readonly values?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/**
 * Describes an option.
 *
 * @experimental
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
