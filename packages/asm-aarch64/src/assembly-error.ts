/**
 * What is wrong with an assembly source, and where.
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

/** A form of an instruction does not fit the text from `column` (from 0) on. Caught while others are tried. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';

  constructor(
    readonly expected: string,
    readonly column: number,
  ) {
    super(expected);
  }
}
