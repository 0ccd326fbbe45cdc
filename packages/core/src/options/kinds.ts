import { QvmError } from '../errors/qvm-error.js';
import { formatMac, isStationMac, parseMac } from '../network/mac-address.js';
import { hexadecimal } from '../text/hexadecimal.js';
import { nameHint } from '../text/nearest-name.js';
import { show } from '../text/show.js';
import { type AddressResult, type NumberResult, parseAddress, parseNumber, parseSize } from './numbers.js';
import type { OptionKind, OptionResult } from './option-kind.js';
import { pathProblem, resolvePath } from './paths.js';

/**
 * Bounds of a number, both inclusive.
 *
 * @stable
 */
export interface NumberBounds {
  /** Smallest value, inclusive. Absent: no lower bound. */
  readonly min?: number;
  /** Largest value, inclusive. Absent: no upper bound. */
  readonly max?: number;
  /** The value must be a multiple of this. */
  readonly multipleOf?: number;
}

/** Any text of at most `max` characters. */
export function stringKind(max: number | undefined): OptionKind<string> {
  return {
    name: 'string',
    ...(max === undefined ? {} : { max }),
    parse: (text) =>
      text.length <= (max ?? Infinity)
        ? { ok: true, value: text }
        : { ok: false, message: `${show(text)} has ${text.length} characters`, hint: `${max} are possible` },
    format: (value) => value,
  };
}

/** Designator of a character back end. */
export const characterKind: OptionKind<string> = { ...stringKind(undefined), character: true };

/** A path of the host, resolved against the folder of the configuration. */
export const pathKind: OptionKind<string> = {
  name: 'path',
  path: true,
  parse: (text, { baseDir = '' }) => {
    const problem = pathProblem(text);
    return problem === undefined ? { ok: true, value: resolvePath(text, baseDir) } : { ok: false, message: problem };
  },
  format: (value) => value,
};

/** A whole number. */
export function numberKind(bounds: NumberBounds): OptionKind<number> {
  return boundedKind('number', bounds, parseNumber, String, String);
}

/** Guest-physical address. */
export function addressKind(bounds: NumberBounds): OptionKind<number> {
  return boundedKind('address', bounds, parseAddress, inHexadecimal, inHexadecimal);
}

/** Number of bytes. */
export function sizeKind(bounds: NumberBounds): OptionKind<number> {
  return boundedKind('size', bounds, parseSize, inHexadecimal, sizeText);
}

const inHexadecimal = (value: number): string => hexadecimal(value);

const UNITS = ['T', 'G', 'M', 'K'] as const;

/** Formats a size with a suffix where it is exact: `64K` rather than 65536. */
function sizeText(value: number): string {
  const index = UNITS.findIndex((_, at) => value !== 0 && value % 1024 ** (UNITS.length - at) === 0);
  return index < 0 ? String(value) : `${value / 1024 ** (UNITS.length - index)}${UNITS[index] ?? ''}`;
}

function boundedKind(
  name: string,
  { min, max, multipleOf }: NumberBounds,
  read: (text: string) => NumberResult | AddressResult,
  write: (value: number) => string,
  format: (value: number) => string,
): OptionKind<number> {
  const limits = [
    ...(min === undefined ? [] : [`at least ${write(min)}`]),
    ...(max === undefined ? [] : [`at most ${write(max)}`]),
  ];
  return {
    name,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    parse: (text) => {
      const result = read(text);
      if (!result.ok) return result;
      const { value } = result;
      if (value < (min ?? -Infinity) || value > (max ?? Infinity)) {
        return { ok: false, message: `${write(value)} is out of range`, hint: `it must be ${limits.join(' and ')}` };
      }
      if (value % (multipleOf ?? 1) === 0) return result;
      return { ok: false, message: `${write(value)} is no multiple of ${write(multipleOf ?? 1)}` };
    },
    format,
  };
}

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ['1', true],
  ['yes', true],
  ['on', true],
  ['true', true],
  ['0', false],
  ['no', false],
  ['off', false],
  ['false', false],
]);

/**
 * Whether a text is one of the words of a boolean option.
 *
 * @beta
 */
export function isBooleanWord(text: string): boolean {
  return BOOLEANS.has(text.toLowerCase());
}

/** True or false; the name alone stands for true. */
export const booleanKind: OptionKind<boolean> = {
  name: 'boolean',
  words: ['on', 'off'],
  bare: 'true',
  parse: (text) => {
    const value = BOOLEANS.get(text.toLowerCase());
    if (value !== undefined) return { ok: true, value };
    const message = `${show(text)} is neither true nor false`;
    return { ok: false, message, hint: 'write 1/0, yes/no, on/off or true/false' };
  },
  format: (value) => (value ? 'on' : 'off'),
};

/** One of several words. */
export function enumKind<W extends string>(words: readonly W[]): OptionKind<W> {
  return {
    name: 'enum',
    words,
    parse: (text) => {
      const value = words.find((word) => word === text);
      if (value !== undefined) return { ok: true, value };
      return { ok: false, message: `${show(text)} is not one of its values`, hint: nameHint(text, words, 'values') };
    },
    format: (value) => value,
  };
}

const RIGHT_MAC = 'right would be 52:54:00:12:34:56';

/** The MAC address of one station, as its six bytes. */
export const macKind: OptionKind<Uint8Array> = {
  name: 'mac',
  parse: (text) => {
    const value = parseMac(text);
    if (value === undefined) return { ok: false, message: `${show(text)} is not a MAC address`, hint: RIGHT_MAC };
    if (isStationMac(value)) return { ok: true, value };
    return { ok: false, message: `${show(text)} is not the address of one station`, hint: RIGHT_MAC };
  },
  format: (value) => formatMac(value),
};

/**
 * Makes a kind from a function that parses a text, or throws a `QvmError` whose message says what is wrong.
 *
 * @param name - one word for listings.
 * @param format - the inverse of `read`: writes a value as a text that `read` accepts.
 * @stable
 */
export function textKind<T>(name: string, read: (text: string) => T, format: (value: T) => string): OptionKind<T> {
  return {
    name,
    parse: (text): OptionResult<T> => {
      try {
        return { ok: true, value: read(text) };
      } catch (error) {
        if (!(error instanceof QvmError)) throw error;
        return { ok: false, message: error.message };
      }
    },
    format,
  };
}
