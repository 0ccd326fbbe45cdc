import type { Argument, Command, Option } from 'commander';
import { OptionalValueOption } from '../optional-values.js';

/** The syntactic position at the end of a command line. */
export interface Place {
  /** The command, selected by the typed words. */
  readonly command: Command;
  /** Its names, such as `guest fetch`. */
  readonly path: string;
  /** The option whose value comes next. */
  readonly option: Option | undefined;
  /** The argument that may come next. */
  readonly argument: Argument | undefined;
  /** Whether only options and subcommands have been typed, so that a subcommand may come next. */
  readonly atStart: boolean;
  /** Options that have been typed. */
  readonly given: readonly Option[];
  /** Whether `--` has been typed, after which there are no options. */
  readonly noOptions: boolean;
}

/** The position after some words of a command line. Unknown words are ignored. */
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
