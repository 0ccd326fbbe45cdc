import { existsSync } from 'node:fs';
import { Option, type Command } from 'commander';

/**
 * An option with a value that may be left out. A word that follows it is its value only when it fits; otherwise it is an argument of
 * the command. `--option=VALUE` is always the value.
 */
export class OptionalValueOption extends Option {
  /**
   * @param fits - whether a word that follows is the value.
   * @param read - reads the value; may throw an `InvalidArgumentError`.
   */
  constructor(
    flags: string,
    description: string,
    readonly fits: (word: string) => boolean,
    read: (text: string) => unknown,
  ) {
    super(flags, description);
    // An empty value is how `bindOptionalValues` says that there is none.
    this.argParser((text) => (text === '' ? true : read(text)));
  }
}

/** Whether a word can be a number. */
export function isNumeric(word: string): boolean {
  return /^[0-9]/.test(word);
}

/** Whether a word is more likely the name of a VM than of a file. */
export function isNoFile(word: string): boolean {
  return !word.includes('/') && !word.endsWith('.qvmconf') && !existsSync(word);
}

/**
 * The words of a command line, where options are told apart from what follows them and is not their value. Commander gives any word
 * to an option that takes one.
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

/** Such options of the command that the words name. */
function optionsOf(program: Command, words: readonly string[]): readonly OptionalValueOption[] {
  let command = program;
  for (const word of words) {
    const child = command.commands.find((candidate) => candidate.name() === word);
    if (child === undefined) break;
    command = child;
  }
  return command.options.filter((option) => option instanceof OptionalValueOption);
}
