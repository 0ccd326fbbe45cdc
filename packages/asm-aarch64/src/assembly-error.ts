/**
 * Thrown for an error in an assembly source, with its position.
 *
 * @experimental
 */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';

  /** Line and column count from 1. */
  constructor(
    readonly detail: string,
    readonly line: number,
    readonly column: number,
  ) {
    super(`${line}:${column}: ${detail}`);
  }
}

/**
 * Thrown when the text from `column` (from 0) on does not match a form of an instruction. Caught while other forms are
 * tried.
 */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';

  constructor(
    readonly expected: string,
    readonly column: number,
  ) {
    super(expected);
  }
}
