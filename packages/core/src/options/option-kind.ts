/**
 * Result of parsing the value of an option.
 *
 * @stable
 */
export type OptionResult<T> =
  | {
      /** The text is valid. */
      readonly ok: true;
      /** The value that the text stands for. */
      readonly value: T;
      /** An address without `0x`, `0d` or a suffix, read as decimal. */
      readonly ambiguous?: boolean;
    }
  | {
      /** The text is not valid. */
      readonly ok: false;
      /** The problem: it completes "the option NAME:". */
      readonly message: string;
      /** Describes a correct text. */
      readonly hint?: string;
    };

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
  /** Inclusive lower bound of the number, or of the length of a text in characters. */
  readonly min?: number;
  /** Inclusive upper bound of the number, or of the length of a text in characters. */
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
