/** How the machine of a program is set up. */
export interface TierSetup {
  /** Exception level that the program runs at. */
  readonly el: 0 | 1;
  readonly mmu: boolean;
  /** Ticks between two timer interrupts; 0: none. */
  readonly timer: number;
  /** Seed of what memory and registers hold at first. */
  readonly seed: number;
  /** Most instructions in one step of the VM. */
  readonly step: number;
  /** Pages of decoded code that fit: few of them are evicted while regions hold their code. */
  readonly codePages: number;
}

/** A program that must do the same in every tier: its setup and its assembly, line by line. */
export interface TierProgram {
  readonly setup: TierSetup;
  readonly lines: readonly string[];
}

const MARK = '// setup: ';

/** The text of a file under `testdata/tier-fuzz`. */
export function formatProgram({ setup, lines }: TierProgram): string {
  return [`${MARK}${JSON.stringify(setup)}`, ...lines, ''].join('\n');
}

/**
 * Reads what {@link formatProgram} wrote.
 *
 * @throws Error when the first line does not give the setup.
 */
export function parseProgram(text: string): TierProgram {
  const [first = '', ...lines] = text.trimEnd().split('\n');
  if (!first.startsWith(MARK)) throw new Error(`the first line does not begin with "${MARK}"`);
  return { setup: JSON.parse(first.slice(MARK.length)) as TierSetup, lines };
}
