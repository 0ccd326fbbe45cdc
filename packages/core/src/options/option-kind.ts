/**
 * Result of parsing the value of an option.
 *
 * @stable
 */
export type OptionResult<T> =
  /** `ambiguous`: an address without `0x`, `0d` or a suffix, read as decimal. */
  | { readonly ok: true; readonly value: T; readonly ambiguous?: boolean }
  /** `message` completes "the option NAME:"; `hint` suggests a correct value. */
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/**
 * Context in which the value of an option is parsed.
 *
 * @stable
 */
export interface OptionPlace {
  /** Folder that relative paths are resolved against. Absent: they are kept. */
  readonly baseDir?: string;
}

/**
 * A kind of option values: how a value is parsed from a text and formatted. Plugins can define further kinds.
 *
 * @typeParam T - type of the parsed value.
 * @stable
 */
export interface OptionKind<T> {
  /** One word for listings: `number`. */
  readonly name: string;
  /** All valid texts, if they can be listed. */
  readonly words?: readonly string[];
  /** Inclusive bounds of the number, or of the length of a text in characters. */
  readonly min?: number;
  readonly max?: number;
  /** Values are paths of the host. */
  readonly path?: boolean;
  /** Values are designators of character back ends. */
  readonly character?: boolean;
  /** Value of the option if only its name is given, as for a flag. Absent: the option needs a value. */
  readonly bare?: string;
  /** Parses a text. Never throws. */
  parse(text: string, place: OptionPlace): OptionResult<T>;
  /** Formats a value as a text that `parse` accepts. */
  format(value: T): string;
}
