import type { Argument, Command, Option } from 'commander';
import { OptionalValueOption } from '../optional-values.js';

/** What can be typed at a place of the command line. */
export interface Place {
  /** The command, of those that were typed. */
  readonly command: Command;
  /** Its names, such as `guest fetch`. */
  readonly path: string;
  /** What comes next is the value of this option. */
  readonly option: Option | undefined;
  /** What comes next may be this argument. */
  readonly argument: Argument | undefined;
  /** Whether nothing but options and subcommands came yet: a subcommand may come next. */
  readonly atStart: boolean;
  /** Options that were typed already. */
  readonly given: readonly Option[];
  /** After `--`, nothing is an option. */
  readonly noOptions: boolean;
}

/** The place after some words of a command line. Words that the command does not know are read over. */
export function placeAfter(program: Command, words: readonly string[]): Place {
  let command = program;
  let path = '';
  let values = 0;
  let option: Option | undefined;
  let noOptions = false;
  const given: Option[] = [];
  for (const word of words) {
    if (option !== undefined) {
      const isValue = option.required || isOptionalValue(option, word);
      option = undefined;
      if (isValue) continue;
    }
    if (noOptions || !word.startsWith('-') || word === '-') {
      const child = values === 0 && !noOptions ? command.commands.find((known) => known.name() === word) : undefined;
      if (child === undefined) values++;
      else {
        command = child;
        path = path === '' ? word : `${path} ${word}`;
        given.length = 0;
      }
    } else if (word === '--') noOptions = true;
    else {
      const [name = ''] = word.split('=', 1);
      const found = command.options.find(({ long, short }) => name === long || name === short);
      if (found === undefined) continue;
      given.push(found);
      const takesValue = (found.required || found.optional) && !word.includes('=');
      if (takesValue) option = found;
    }
  }
  const { registeredArguments: all } = command;
  const last = all.at(-1);
  const argument = all[values] ?? (last?.variadic === true ? last : undefined);
  return { command, path, option, argument, atStart: values === 0 && !noOptions, given, noOptions };
}

function isOptionalValue(option: Option, word: string): boolean {
  return !word.startsWith('-') && (!(option instanceof OptionalValueOption) || option.fits(word));
}
