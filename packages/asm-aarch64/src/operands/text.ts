import { assign } from '../form.js';
import type { Operand } from '../form.js';

/** One of a list of names, by the field's value; values without a name cannot be written. */
export function choice(field: string, expected: string, names: readonly (string | undefined)[]): Operand {
  return {
    format: (f) => names[f[field] as number],
    parse(cursor, draft) {
      const at = cursor.next;
      const value = cursor.named(expected, (name) => {
        const i = names.indexOf(name);
        return i < 0 ? undefined : i;
      });
      assign(cursor, draft, field, value, at);
    },
  };
}

/** A fixed word. */
export function word(text: string): Operand {
  return {
    format: () => text,
    parse: (cursor) => {
      cursor.named(text, (name) => (name === text ? name : undefined));
    },
  };
}

/** Several operands and punctuation in sequence: `[`, a register, `]`. */
export function group(...parts: readonly (string | Operand)[]): Operand {
  return {
    format: (f, site) => {
      let text = '';
      for (const part of parts) {
        const piece = typeof part === 'string' ? part : part.format(f, site);
        if (piece === undefined) return undefined;
        text += piece;
      }
      return text;
    },
    parse(cursor, draft) {
      for (const part of parts) {
        if (typeof part !== 'string') part.parse(cursor, draft);
        else for (const symbol of part.trim()) cursor.expect(symbol);
      }
    },
  };
}

/** Inside of a group: `, operand`, or nothing if `fields` have the values of `otherwise`. */
export function following(operand: Operand, otherwise: Readonly<Record<string, number>>): Operand {
  return {
    format: (f, site) => {
      if (Object.entries(otherwise).every(([name, value]) => f[name] === value)) return '';
      const text = operand.format(f, site);
      return text === undefined ? undefined : `, ${text}`;
    },
    parse(cursor, draft) {
      if (cursor.accept(',')) operand.parse(cursor, draft);
      else Object.assign(draft, otherwise);
    },
  };
}

/** An operand that is omitted if `fields` have the values of `otherwise`. */
export function optional(operand: Operand, otherwise: Readonly<Record<string, number>>): Operand {
  return {
    format: (f, site) =>
      Object.entries(otherwise).every(([name, value]) => f[name] === value) ? '' : operand.format(f, site),
    parse: operand.parse,
    absent: (draft) => {
      Object.assign(draft, otherwise);
    },
  };
}

/** Names of the conditions by encoding. */
export const CONDITIONS = [
  'eq',
  'ne',
  'cs',
  'cc',
  'mi',
  'pl',
  'vs',
  'vc',
  'hi',
  'ls',
  'ge',
  'lt',
  'gt',
  'le',
  'al',
  'nv',
] as const;

const SYNONYMS: Readonly<Record<string, string>> = { hs: 'cs', lo: 'cc' };

/** A condition, or its inverse (which `al` and `nv` do not have). */
export function condition(field: string, inverted = false): Operand {
  const invert = inverted ? 1 : 0;
  return {
    format: (f) => (inverted && (f[field] as number) >= 14 ? undefined : CONDITIONS[(f[field] as number) ^ invert]),
    parse(cursor, draft) {
      draft[field] = cursor.named('a condition', (name) => {
        const n = (CONDITIONS as readonly string[]).indexOf(SYNONYMS[name] ?? name);
        return n < 0 || (inverted && n >= 14) ? undefined : n ^ invert;
      });
    },
  };
}
