/**
 * A location in a configuration text. Lines and columns count from 1; a column is a UTF-16 unit, and a tab counts as
 * one.
 * @experimental
 */
export interface SourceLocation {
  /** Path or other name of the text, as it was given to the reader. */
  readonly file: string;
  /** Line in the file, from 1. */
  readonly line: number;
  /** Column in the line, from 1, in UTF-16 units. */
  readonly column: number;
}

/** A value with its location. @experimental */
export interface Located<T> {
  /** The value that was read. */
  readonly value: T;
  /** Place of its first character. */
  readonly at: SourceLocation;
}

/**
 * The locations of an object and its fields. `fields` has no entries for defaults.
 * @experimental
 */
export interface FieldSources<K extends string = string> {
  /** Place of the object or word that the fields belong to. */
  readonly at: SourceLocation;
  /** Place of each field that the text has; absent for defaults. */
  readonly fields: Readonly<Partial<Record<K, SourceLocation>>>;
}

/** The location in findings about specifications that were built by a program. @experimental */
export const NO_SOURCE: SourceLocation = { file: '<program>', line: 1, column: 1 };

/**
 * The location of `field`, or of its object if the text does not have the field, or {@link NO_SOURCE} without a text.
 * @experimental
 */
export function sourceOf<K extends string>(sources: FieldSources<K> | undefined, field?: K): SourceLocation {
  if (sources === undefined) return NO_SOURCE;
  return (field === undefined ? undefined : sources.fields[field]) ?? sources.at;
}

/** Converts offsets in a text to locations, in O(log lines) each. */
export class LineIndex {
  private readonly starts: number[] = [0];

  constructor(
    private readonly file: string,
    text: string,
  ) {
    for (const match of text.matchAll(/\r\n|\r|\n/g)) this.starts.push(match.index + match[0].length);
  }

  at(offset: number): SourceLocation {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.file, line: low + 1, column: offset - (this.starts[low] ?? 0) + 1 };
  }
}
