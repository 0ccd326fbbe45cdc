import type { Reg, V } from './value.js';

/**
 * Raw fields of an encoding, by name.
 *
 * @experimental
 */
export type RawFields = Readonly<Record<string, number>>;

/**
 * One named bit field. A semantic function may use `static` fields in `if`; registers and dynamic fields are values.
 *
 * @experimental
 */
export interface Field {
  /** Name in the pattern, such as `imm12`. */
  readonly name: string;
  /** Number of bits, 1 to 32. */
  readonly width: number;
  /** Position of the lowest bit. */
  readonly shift: number;
  /** How its value is used: chosen at translation (`static`), number of a register, or an operand's value. */
  readonly role: 'static' | 'register' | 'value';
}

/**
 * An encoding: fixed bits and fields.
 *
 * @experimental
 */
export interface Pattern {
  /** The pattern as it was written. */
  readonly text: string;
  /** Number of bits of an encoding. */
  readonly bits: number;
  /** Bits that are fixed at 0 or 1. */
  readonly mask: number;
  /** Values of the fixed bits; 0 elsewhere. */
  readonly value: number;
  /** The fields, from the highest bit to the lowest. */
  readonly fields: readonly Field[];
}

/**
 * Parses a pattern such as `sf:1! op:1! 100010 sh:1 imm12:12 Rn:5 Rd:5`, most significant bit first. Runs of 0, 1 and
 * x (ignored) are fixed bits, and `name:width` is a field. `!` makes a field static; a field that is not static and
 * whose name starts with `R` is a register.
 *
 * @param bits - required number of bits, at most 32; any number up to 32 when absent.
 * @throws Error when the widths do not add up, which is an error in the table.
 * @experimental
 */
export function parsePattern(text: string, bits = widthOf(text)): Pattern {
  if (bits > MOST_BITS) throw new Error(`pattern "${text}" has ${bits} bits, more than ${MOST_BITS}`);
  let position = bits;
  let mask = 0;
  let value = 0;
  const fields: Field[] = [];
  for (const token of text.trim().split(/\s+/)) {
    const field = /^(\w+):(\d+)(!?)$/.exec(token);
    if (field) {
      const [, name, width, bang] = field as unknown as [string, string, string, string];
      position -= Number(width);
      fields.push({
        name,
        width: Number(width),
        shift: position,
        role: bang ? 'static' : name.startsWith('R') ? 'register' : 'value',
      });
      continue;
    }
    if (!/^[01x]+$/.test(token)) throw new Error(`bad token "${token}" in pattern "${text}"`);
    for (const bit of token) {
      position--;
      if (bit === 'x') continue;
      mask |= 1 << position;
      if (bit === '1') value |= 1 << position;
    }
  }
  if (position !== 0) throw new Error(`pattern "${text}" has ${bits - position} bits instead of ${bits}`);
  return { text, bits, mask: mask >>> 0, value: value >>> 0, fields };
}

/** Largest width of a pattern in bits. */
const MOST_BITS = 32;

/** Width of a pattern in bits. */
function widthOf(text: string): number {
  return text
    .trim()
    .split(/\s+/)
    .reduce((sum, token) => sum + Number(/:(\d+)/.exec(token)?.[1] ?? token.length), 0);
}

/**
 * Extracts the fields of `word`.
 *
 * @experimental
 */
export function extractFields(pattern: Pattern, word: number): Record<string, number> {
  const raw: Record<string, number> = {};
  for (const { name, shift, width } of pattern.fields) raw[name] = (word >>> shift) & fieldMask(width);
  return raw;
}

/**
 * Encodes fields as an instruction word, the inverse of {@link extractFields}.
 *
 * @throws RangeError when a field is missing or does not fit.
 * @experimental
 */
export function encodeFields(pattern: Pattern, raw: RawFields): number {
  let word = pattern.value;
  for (const { name, shift, width } of pattern.fields) {
    const value = raw[name];
    if (value === undefined || value < 0 || value > fieldMask(width))
      throw new RangeError(`field ${name} = ${value} in "${pattern.text}"`);
    word |= value << shift;
  }
  return word >>> 0;
}

function fieldMask(width: number): number {
  return width === 32 ? -1 >>> 0 : (1 << width) - 1;
}

/** Names of the fields of a pattern text, as types. */
type Tokens<P extends string> = P extends `${infer A} ${infer B}` ? A | Tokens<B> : P;
type FieldToken<T> = T extends `${infer N}:${infer _W}` ? N : never;
type StaticToken<T> = T extends `${infer N}:${infer _W}!` ? N : never;

/**
 * All field names of a pattern text.
 *
 * @experimental
 */
export type FieldNames<P extends string> = FieldToken<Tokens<P>>;

/**
 * The static field names of a pattern text.
 *
 * @experimental
 */
export type StaticNames<P extends string> = StaticToken<Tokens<P>>;

/**
 * The arguments of a semantic function for the fields of a pattern text.
 *
 * @experimental
 */
export type FieldArguments<P extends string> = {
  readonly [N in FieldNames<P>]: N extends StaticNames<P> ? number : N extends `R${string}` ? Reg : V;
};
