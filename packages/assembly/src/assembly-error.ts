/**
 * Thrown for an error in an assembly source, with its position.
 *
 * @experimental
 */
export class AssemblyError extends Error {
  /** Always `AssemblyError`, also in a minified program. */
  override readonly name = 'AssemblyError';

  /** Line and column count from 1. */
  constructor(
    /** The problem, without its place. */
    readonly detail: string,
    /** Line in the source, from 1. */
    readonly line: number,
    /** Column in the line, from 1. */
    readonly column: number,
  ) {
    super(`${line}:${column}: ${detail}`);
  }
}

/**
 * Thrown when the text from `column` (from 0) on does not match a form of an instruction. Caught while other forms are
 * tried.
 *
 * @experimental
 */
export class Mismatch extends Error {
  /** Always `Mismatch`. */
  override readonly name = 'Mismatch';

  constructor(
    /** The texts that would be right there. */
    readonly expected: string,
    /** From 0. */
    readonly column: number,
  ) {
    super(expected);
  }
}
