import { show } from '../text/show.js';

/** Result of parsing a number: the value, or the problem and the expected form. @beta */
export type NumberResult =
  | {
      /** The text is a number. */
      readonly ok: true;
      /** The number, of a magnitude below 2^53. */
      readonly value: number;
    }
  | {
      /** The text is no number. */
      readonly ok: false;
      /** The problem: a clause without a full stop. */
      readonly message: string;
      /** Describes a correct text. */
      readonly hint: string;
    };

/** Result of parsing an address. `ambiguous`: without `0x`, `0d` or a suffix, and parsed as decimal. @beta */
export type AddressResult =
  | {
      /** The text is an address. */
      readonly ok: true;
      /** The address, from 0 to 2^53 - 1. */
      readonly value: number;
      /** Whether it was written without `0x`, `0d` or a suffix, and read as decimal. */
      readonly ambiguous: boolean;
    }
  | {
      /** The text is no address. */
      readonly ok: false;
      /** The problem: a clause without a full stop. */
      readonly message: string;
      /** Describes a correct text. */
      readonly hint: string;
    };

const SUFFIXES: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 };
const FORM = /^(-?)(?:0[xX]([0-9a-fA-F]+)|0[dD]([0-9]+)|([0-9]+))([kKmMgGtT]?)$/;
const LONGEST = 64;

interface Parts {
  readonly value: number;
  readonly plain: boolean;
  readonly suffix: string;
}

type PartsResult =
  ({ readonly ok: true } & Parts) | { readonly ok: false; readonly message: string; readonly hint: string };

const bad = (
  message: string,
  hint: string,
): { readonly ok: false; readonly message: string; readonly hint: string } => ({
  ok: false,
  message,
  hint,
});

function explain(text: string, what: string, examples: string): PartsResult {
  const withUnit = /^(\S*[0-9a-fA-F])\s*([kKmMgGtT])(?:i?[bB])$/.exec(text);
  if (withUnit !== null) {
    return bad(
      `${show(text)} is not ${what}`,
      `units are powers of 1024 without "B": write "${withUnit[1]}${withUnit[2]}"`,
    );
  }
  if (/^[0-9]+\.[0-9]+[kKmMgGtT]?$/.test(text)) return bad(`${show(text)} is not ${what}`, 'fractions are not allowed');
  if (/^[0-9a-fA-F]+$/.test(text)) {
    return bad(`${show(text)} is not ${what}`, `hexadecimal needs its prefix: write "0x${text}"`);
  }
  return bad(
    text === '' ? `an empty text is not ${what}` : `${show(text)} is not ${what}`,
    `right would be ${examples}`,
  );
}

function readParts(text: string, what: string, examples: string): PartsResult {
  if (text.length > LONGEST) return bad(`${show(text)} is too long for ${what}`, `right would be ${examples}`);
  const match = FORM.exec(text);
  if (match === null) return explain(text, what, examples);
  const [, sign, hexDigits, forced, digits, suffix = ''] = match;
  const magnitude = hexDigits === undefined ? Number(forced ?? digits) : Number(`0x${hexDigits}`);
  const value = magnitude * (SUFFIXES[suffix.toUpperCase()] ?? 1);
  if (!Number.isSafeInteger(value))
    return bad(`${show(text)} is too large`, 'the largest value is 0x1fffffffffffff (2^53 - 1)');
  return { ok: true, value: sign === '-' && value !== 0 ? -value : value, plain: digits !== undefined, suffix };
}

function readUnsigned(text: string, what: string, examples: string): PartsResult {
  const parts = readParts(text, what, examples);
  if (parts.ok && text.startsWith('-')) return bad(`${show(text)} is not ${what}`, 'it must not be negative');
  return parts;
}

/**
 * Parses a whole number: decimal (`33`, `0d33`) or hexadecimal (`0x21`), with an optional minus sign and no suffix.
 * The magnitude is below 2^53. Never throws.
 * @beta
 */
export function parseNumber(text: string): NumberResult {
  const parts = readParts(text, 'a number', '33 or 0x21');
  if (!parts.ok) return parts;
  if (parts.suffix !== '')
    return bad(`${show(text)} is not a number`, `the suffix "${parts.suffix}" is for sizes only`);
  return { ok: true, value: parts.value };
}

/**
 * Parses a size in bytes: decimal or hexadecimal (`0x`, `0d` as {@link parseNumber}), optionally with a suffix
 * K, M, G or T in either case (powers of 1024). Not negative, below 2^53. Never throws.
 * @beta
 */
export function parseSize(text: string): NumberResult {
  const parts = readUnsigned(text, 'a size', '"256M", "1G" or "0x10000000"');
  return parts.ok ? { ok: true, value: parts.value } : parts;
}

/**
 * Parses an address in the forms of {@link parseSize}. Digits without `0x`, `0d` or suffix are decimal and marked
 * `ambiguous`
 * (unless they mean the same in both bases), because addresses are usually written in hexadecimal. Never throws.
 *
 * @beta
 */
export function parseAddress(text: string): AddressResult {
  const parts = readUnsigned(text, 'an address', '"0x80000000" or "2G"');
  if (!parts.ok) return parts;
  return { ok: true, value: parts.value, ambiguous: parts.plain && parts.suffix === '' && parts.value > 9 };
}
