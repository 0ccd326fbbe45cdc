import type { ProgramOfLines } from './minimise.js';

/** A program with the setup of its machine. @experimental */
export interface PreparedProgram<Setup> extends ProgramOfLines {
  /** Setup of the machine. */
  readonly setup: Setup;
}

/** Writes and reads files of programs. @experimental */
export interface ProgramFile<Setup> {
  /** The text of a program for a file in `testdata/tier-fuzz`. */
  formatProgram(program: PreparedProgram<Setup>): string;
  /**
   * Parses the output of {@link ProgramFile.formatProgram}.
   *
   * @throws Error when the first line does not give the setup.
   */
  parseProgram(text: string): PreparedProgram<Setup>;
}

/** Files whose first line is `mark`, a comment of the assembly, and the setup. @experimental */
export function programFile<Setup>(mark: string): ProgramFile<Setup> {
  return {
    formatProgram: ({ setup, lines }) => [`${mark}${JSON.stringify(setup)}`, ...lines, ''].join('\n'),
    parseProgram: (text) => {
      const [first = '', ...lines] = text.trimEnd().split('\n');
      if (!first.startsWith(mark)) throw new Error(`the first line does not begin with "${mark}"`);
      return { setup: JSON.parse(first.slice(mark.length)) as Setup, lines };
    },
  };
}
