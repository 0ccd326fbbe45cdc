import { assign } from '../form.js';
import type { Operand } from '../form.js';

type Width = 'x' | 'w';

const EXTRA: Readonly<Record<string, number>> = { lr: 30, fp: 29, ip0: 16, ip1: 17 };

/** Name of general register `n`; number 31 is SP or ZR. */
export function generalName(n: number, width: Width, sp: boolean): string {
  if (n !== 31) return `${width}${n}`;
  return sp ? (width === 'x' ? 'sp' : 'wsp') : `${width}zr`;
}

/** Number of a general register by its name, or `undefined`. */
export function generalNumber(name: string, width: Width, sp: boolean): number | undefined {
  if (name === generalName(31, width, sp)) return 31;
  if (width === 'x' && EXTRA[name] !== undefined) return EXTRA[name];
  const digits = /^[xw](\d|[12]\d|30)$/.exec(name);
  return digits && name.startsWith(width) ? Number(digits[1]) : undefined;
}

/** A general register; sets all of `fields`, which are equal. */
function general(width: Width, sp: boolean, fields: readonly string[]): Operand {
  const expected = `a ${width === 'x' ? 64 : 32}-bit register${sp ? ' or the stack pointer' : ''}`;
  return {
    format: (f) =>
      fields.every((name) => f[name] === f[fields[0] as string])
        ? generalName(f[fields[0] as string] as number, width, sp)
        : undefined,
    parse(cursor, draft) {
      const at = cursor.next;
      const n = cursor.named(expected, (name) => generalNumber(name, width, sp));
      for (const field of fields) assign(cursor, draft, field, n, at);
    },
  };
}

/** A 64-bit register; number 31 is XZR. */
export const x = (...fields: string[]): Operand => general('x', false, fields);
/** A 32-bit register; number 31 is WZR. */
export const w = (...fields: string[]): Operand => general('w', false, fields);
/** A 64-bit register; number 31 is SP. */
export const xsp = (...fields: string[]): Operand => general('x', true, fields);
/** A 32-bit register; number 31 is WSP. */
export const wsp = (...fields: string[]): Operand => general('w', true, fields);

/** The second register of a consecutive pair: its number must be one more than `field`. */
export function successor(width: Width, field: string): Operand {
  return {
    format: (f) => generalName(((f[field] as number) + 1) & 31, width, false),
    parse(cursor, draft) {
      const at = cursor.next;
      const n = cursor.named(`the register after the one before`, (name) => generalNumber(name, width, false));
      if (n !== (((draft[field] as number) + 1) & 31)) cursor.fail('the register after the one before', at);
    },
  };
}

/** A register that may be omitted if its number is `otherwise`. */
export function optionalRegister(operand: Operand, field: string, otherwise: number): Operand {
  return {
    ...operand,
    format: (f, site) => (f[field] === otherwise ? '' : operand.format(f, site)),
    absent: (draft) => {
      draft[field] = otherwise;
    },
  };
}

/** Forms for both register widths: `sf` is 1, then 0. */
export function widths<T>(make: (sf: 0 | 1, r: typeof x, rsp: typeof xsp) => readonly T[]): T[] {
  return [...make(1, x, xsp), ...make(0, w, wsp)];
}
