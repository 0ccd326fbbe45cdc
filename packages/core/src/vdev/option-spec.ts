/**
 * Description of one option of a vdev: drives validation with positions, `qvm vdev help` and the documentation.
 *
 * @experimental
 */
export interface OptionSpec {
  /** The word before `=`. */
  readonly name: string;
  readonly kind: 'string' | 'path' | 'number' | 'address' | 'size' | 'boolean' | 'enum' | 'mac';
  /** One line for `qvm vdev help`. */
  readonly description: string;
  /** Whether it must be given; `false` when absent. */
  readonly required?: boolean;
  /** Written as in a configuration. */
  readonly default?: string;
  /** The words an `enum` accepts. */
  readonly values?: readonly string[];
  /** Bounds, both included, of `number`, `address` and `size`; of a `string`, `max` is the most characters that it may have. */
  readonly min?: number;
  /** Greatest value of a number, address or size. */
  readonly max?: number;
  /** The option may be given several times; its value is then an array. */
  readonly repeatable?: boolean;
}

/**
 * A validated option value: `number` for number, address and size; `boolean`; `string` for the rest.
 *
 * @experimental
 */
export type OptionValue = string | number | boolean | readonly (string | number | boolean)[];

/**
 * Validated options by name; absent ones without a default are missing.
 *
 * @experimental
 */
export type OptionValues = Readonly<Record<string, OptionValue | undefined>>;
