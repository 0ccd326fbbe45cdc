/** Setup of the machine for a program. */
export interface TierSetup {
  /** Privilege level that the program runs at. */
  readonly cpl: 0 | 3;
  /** Steps of the run between two external interrupts; 0: none. */
  readonly interrupts: number;
  /** Seed of the initial contents of memory and registers. */
  readonly seed: number;
  /** Most instructions in one step of the run. */
  readonly step: number;
  /** Capacity of the code cache in pages. With a small one, pages are evicted while regions hold their code. */
  readonly codePages: number;
}

/** A program that must have the same effects in every tier: its setup, and its instructions as {@link assemble} reads them. */
export interface TierProgram {
  readonly setup: TierSetup;
  readonly lines: readonly string[];
}

const MARK = '; setup: ';

/** The text of a program for a file in `testdata/tier-fuzz`. */
export function formatProgram({ setup, lines }: TierProgram): string {
  return [`${MARK}${JSON.stringify(setup)}`, ...lines, ''].join('\n');
}

/**
 * Parses the output of {@link formatProgram}.
 *
 * @throws Error when the first line does not give the setup.
 */
export function parseProgram(text: string): TierProgram {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  if (!first.startsWith(MARK)) throw new Error(`the first line does not begin with "${MARK}"`);
  return { setup: JSON.parse(first.slice(MARK.length)) as TierSetup, lines };
}
