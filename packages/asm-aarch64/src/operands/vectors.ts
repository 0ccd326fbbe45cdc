import type { RawFields } from '@qvm/jit';
import { assign } from '../form.js';
import type { Draft, Operand } from '../form.js';
import type { Cursor } from '../cursor.js';

/** A scalar's width. */
export type Letter = 'b' | 'h' | 's' | 'd' | 'q';
/** A vector arrangement. */
export type Arrangement = '8b' | '16b' | '4h' | '8h' | '2s' | '4s' | '1d' | '2d' | '1q' | '4b';

/** Letters of 8, 16, 32, 64 and 128 bits. */
export const LETTERS = ['b', 'h', 's', 'd', 'q'] as const;

/** The arrangement of lanes of `1 << size` bytes in 64 bits, or 128 when `Q`. */
export const arrangementOf = (size: number, Q: number): Arrangement =>
  `${(8 << Q) >> size}${LETTERS[size] as Letter}` as Arrangement;

function numberAfter(name: string, prefix: string, suffix: string): number | undefined {
  if (!name.startsWith(prefix) || !name.endsWith(suffix)) return undefined;
  const digits = name.slice(prefix.length, name.length - suffix.length);
  return /^(\d|[12]\d|3[01])$/.test(digits) ? Number(digits) : undefined;
}

function register(expected: string, prefix: string, suffix: string, fields: readonly string[]): Operand {
  const first = fields[0] as string;
  return {
    format: (f) => (fields.every((name) => f[name] === f[first]) ? `${prefix}${f[first]}${suffix}` : undefined),
    parse(cursor, draft) {
      const at = cursor.next;
      const n = cursor.named(expected, (name) => numberAfter(name, prefix, suffix));
      for (const field of fields) assign(cursor, draft, field, n, at);
    },
  };
}

/** A scalar register: `d0`. */
export const scalar = (letter: Letter, ...fields: string[]): Operand =>
  register(`a register ${letter}0 to ${letter}31`, letter, '', fields);

/** A vector register with its arrangement: `v0.4s`. */
export const vector = (arrangement: Arrangement, ...fields: string[]): Operand =>
  register(`a vector .${arrangement}`, 'v', `.${arrangement}`, fields);

/** Encoding of an element's index in the fields. */
export interface IndexCodec {
  readonly of: (f: RawFields) => number | undefined;
  /** Indices are 0 … limit − 1. */
  readonly limit: number;
  readonly set: (index: number, draft: Draft) => void;
}

function parseIndex(cursor: Cursor, draft: Draft, { limit, set }: IndexCodec): void {
  cursor.expect('[');
  const at = cursor.next;
  const index = cursor.expression();
  if (index < 0n || index >= BigInt(limit)) cursor.fail(`an element number of 0 to ${limit - 1}`, at);
  cursor.expect(']');
  set(Number(index), draft);
}

/** A vector element: `v0.s[1]`. */
export function element(lane: Letter | '4b', field: string, index: IndexCodec): Operand {
  const whole = register(`a vector element .${lane}`, 'v', `.${lane}`, [field]);
  return {
    format(f, site) {
      const n = index.of(f);
      const text = whole.format(f, site);
      return n === undefined || text === undefined ? undefined : `${text}[${n}]`;
    },
    parse(cursor, draft) {
      whole.parse(cursor, draft);
      parseIndex(cursor, draft, index);
    },
  };
}

/** A constant element index. */
export const fixedIndex = (n: number): IndexCodec => ({
  of: () => n,
  limit: n + 1,
  set: () => undefined,
});

/** A list of `count` consecutive registers, with an element index if `index` is given: `{v0.8b, v1.8b}[3]`. */
export function registerList(
  arrangement: Arrangement | Letter,
  field: string,
  count: number,
  index?: IndexCodec,
): Operand {
  const expected = `${count} consecutive register${count > 1 ? 's' : ''} .${arrangement}`;
  const named = (n: number): string => `v${n & 31}.${arrangement}`;
  const take = (cursor: Cursor): number => cursor.named(expected, (name) => numberAfter(name, 'v', `.${arrangement}`));
  return {
    format(f) {
      const first = f[field] as number;
      const n = index?.of(f);
      if (index && n === undefined) return undefined;
      const names = Array.from({ length: count }, (_, i) => named(first + i));
      const range = count > 2 && first + count <= 32;
      return `{${range ? `${named(first)}-${named(first + count - 1)}` : names.join(', ')}}${index ? `[${n}]` : ''}`;
    },
    parse(cursor, draft) {
      cursor.expect('{');
      const at = cursor.next;
      const first = take(cursor);
      draft[field] = first;
      if (cursor.accept('-')) {
        if (((take(cursor) - first) & 31) !== count - 1 || count === 1) cursor.fail(expected, at);
      } else {
        for (let i = 1; i < count; i++) {
          cursor.expect(',');
          const next = cursor.next;
          if (take(cursor) !== ((first + i) & 31)) cursor.fail(expected, next);
        }
      }
      cursor.expect('}');
      if (index) parseIndex(cursor, draft, index);
    },
  };
}

/** The element in `imm5`: the lowest set bit is the size, the bits above it are the index. */
export const imm5Index = (size: number): IndexCodec => ({
  of: ({ imm5 = 0 }) => ((imm5 & (2 ** (size + 1) - 1)) === 1 << size ? imm5 >> (size + 1) : undefined),
  limit: 16 >> size,
  set(index, draft) {
    draft.imm5 = (index << (size + 1)) | (1 << size);
  },
});
