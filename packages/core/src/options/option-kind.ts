/**
 * What reading a text as the value of an option gave.
 *
 * @experimental
 */
export type OptionResult<T> =
  /** `ambiguous`: an address without `0x`, `0d` or a suffix, read as decimal. */
  | { readonly ok: true; readonly value: T; readonly ambiguous?: boolean }
  /** `message` completes "the option NAME:"; `hint` says what would be right. */
  | { readonly ok: false; readonly message: string; readonly hint?: string };

/**
 * Where a text stands that is read as the value of an option.
 *
 * @experimental
 */
export interface OptionPlace {
  /** Folder that relative paths are relative to. Absent: they stay as they are. */
  readonly baseDir?: string;
}

/**
 * A kind of option values: how one is read from a text, and how it is written as one. Plugins make further kinds.
 *
 * @typeParam T - what a text becomes.
 * @experimental
 */
export interface OptionKind<T> {
  /** One word for listings: `number`. */
  readonly name: string;
  /** The texts that there are, where they can be listed. */
  readonly words?: readonly string[];
  /** Bounds, both included: of the number, or of the characters of a text. */
  readonly min?: number;
  readonly max?: number;
  /** Values are paths of the host. */
  readonly path?: boolean;
  /** Values are designators of character back ends. */
  readonly character?: boolean;
  /** The text that the option's name alone stands for, as for a flag. Absent: the option needs a value. */
  readonly bare?: string;
  /** Never throws. */
  parse(text: string, place: OptionPlace): OptionResult<T>;
  /** A text that `parse` reads as this value. */
  format(value: T): string;
}
