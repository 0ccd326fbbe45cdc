import type { Command, Option } from 'commander';
import { collect } from '../collect.js';
import { candidatesOf } from './candidates.js';
import { lineFacts, type LineFacts } from './line-facts.js';
import { placeAfter, type Place } from './place.js';
import { argumentSource, optionSource } from './sources.js';

/** A possible next word. */
export interface Candidate {
  /** The whole word. If it ends with `/`, `=` or `:`, more of it may follow. */
  readonly word: string;
  readonly description?: string;
}

/**
 * The completions of the last word of a command line.
 *
 * @param words - the words after `qvm`; the last one is the typed part of the next word, possibly empty.
 */
export async function complete(program: Command, words: readonly string[]): Promise<readonly Candidate[]> {
  const typed = words.at(-1) ?? '';
  const place = placeAfter(program, words.slice(0, -1));
  const line = lineFacts(words);
  const inline = inlineValue(place, typed);
  if (inline !== undefined) {
    const values = await valuesOf(place, inline.option, inline.typed, line);
    return values.map((value) => ({ word: `${inline.name}=${value}` }));
  }
  if (place.option !== undefined) {
    const values = (await valuesOf(place, place.option, typed, line)).map((word) => ({ word }));
    // The option's value is optional, so other words may follow as well.
    return place.option.optional ? [...values, ...(await others(place, typed, line))] : values;
  }
  return others(place, typed, line);
}

/** Subcommands, arguments and options. */
async function others(place: Place, typed: string, line: LineFacts): Promise<readonly Candidate[]> {
  if (typed.startsWith('-') && !place.noOptions) return optionsOf(place, typed);
  const { command, path, argument, atStart } = place;
  const children = atStart ? visibleCommands(command) : [];
  const commands = children
    .filter((child) => child.name().startsWith(typed))
    .map((child) => ({ word: child.name(), description: child.description() }));
  const source = argument && argumentSource(path, argument);
  const values = source === undefined ? [] : await candidatesOf(source, typed, line);
  const found = [...commands, ...values.map((word) => ({ word }))];
  // If nothing else can follow, options are offered.
  return found.length === 0 && typed === '' && !place.noOptions ? optionsOf(place, typed) : found;
}

/** The commands that help shows. */
function visibleCommands(command: Command): readonly Command[] {
  const helped = new Set(command.createHelp().visibleCommands(command));
  return command.commands.filter((child) => helped.has(child));
}

function optionsOf({ command, given }: Place, typed: string): readonly Candidate[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible
    .filter((option) => !given.includes(option) || option.parseArg === collect)
    .flatMap(({ long, short, description }) => {
      const word = long ?? short;
      return word?.startsWith(typed) === true ? [{ word, description }] : [];
    });
}

async function valuesOf({ path }: Place, option: Option, typed: string, line: LineFacts): Promise<readonly string[]> {
  const source = optionSource(path, option);
  return source === undefined ? [] : candidatesOf(source, typed, line);
}

/** The option and value of `--option=VALUE`, in one word. */
function inlineValue(
  { command, noOptions }: Place,
  word: string,
): { readonly option: Option; readonly name: string; readonly typed: string } | undefined {
  const equals = word.indexOf('=');
  if (noOptions || !word.startsWith('--') || equals < 0) return undefined;
  const name = word.slice(0, equals);
  const option = command.options.find(({ long }) => long === name);
  return option === undefined ? undefined : { option, name, typed: word.slice(equals + 1) };
}
