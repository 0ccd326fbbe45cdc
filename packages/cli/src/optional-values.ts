import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';

/**
 * An option with an optional value. A word after it is its value only if it fits; otherwise it is an argument of the
 * command. In `--option=VALUE`, the value always belongs to the option.
 */
export class OptionalValueOption extends Option {
  /**
   * @param fits - whether a following word is the value.
   * @param read - parses the value; may throw an `InvalidArgumentError`.
   */
  constructor(
    flags: string,
    description: string,
    readonly fits: (word: string) => boolean,
    read: (text: string) => unknown,
  ) {
    super(flags, description);
    // `bindOptionalValues` uses an empty value for an absent one.
    this.argParser((text) => (text === '' ? true : read(text)));
  }
}

/** Whether a word is numeric. */
export function isNumeric(word: string): boolean {
  return /^[0-9]/.test(word);
}

/** Whether a word is more likely the name of a VM than that of a file. */
export function isNoFile(word: string): boolean {
  return !word.includes('/') && !word.endsWith('.qvmconf') && !existsSync(word);
}

/**
 * The words of a command line, with an absent value marked for options whose next word is not their value. Commander
 * would take any next word as the value.
 */
export function bindOptionalValues(program: Command, words: readonly string[]): readonly string[] {
  const options = optionsOf(program, words);
  const end = words.indexOf('--');
  return words.map((word, index) => {
    const option = end >= 0 && index > end ? undefined : options.find(({ long }) => long === word);
    const next = words[index + 1];
    if (option === undefined || next === undefined || next.startsWith('-') || option.fits(next)) return word;
    return `${word}=`;
  });
}

/** The optional-value options of the command that the words select. */
function optionsOf(program: Command, words: readonly string[]): readonly OptionalValueOption[] {
  let command = program;
  for (const word of words) {
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (child === undefined) break;
    command = child;
  }
  return command.options.filter((option) => option instanceof OptionalValueOption);
}
