/** A program as lines of text, of which some can be left out. @experimental */
export interface ProgramOfLines {
  /** The lines, in order. */
  readonly lines: readonly string[];
}

/**
 * Removes lines as long as `fails` still returns true, many at once first, then one by one. A program that cannot be
 * assembled counts as one that does not fail.
 *
 * @experimental
 */
export async function minimise<Program extends ProgramOfLines>(
  program: Program,
  fails: (program: Program) => Promise<boolean>,
): Promise<Program> {
  let { lines } = program;
  const failsWith = (rest: readonly string[]): Promise<boolean> =>
    fails({ ...program, lines: rest }).catch(() => false);
  for (let size = lines.length >> 1; size >= 1;) {
    const before = lines.length;
    for (let at = 0; at < lines.length;) {
      const rest = [...lines.slice(0, at), ...lines.slice(at + size)];
      if (await failsWith(rest)) lines = rest;
      else at += size;
    }
    // Lines that only removed lines depended on may be removable now.
    if (size > 1 || lines.length === before) size >>= 1;
  }
  return { ...program, lines };
}
