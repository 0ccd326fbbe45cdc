import { form } from '../form.js';
import type { Form, FormTable } from '../form.js';
import { baseWithZero } from '../operands/memory.js';
import { successor, w, x } from '../operands/registers.js';
import type { Operand } from '../form.js';

/** Suffix and register of each size. */
const SIZES = [['b', w], ['h', w], ['', w], ['', x]] as const;
const OPERATIONS = ['add', 'clr', 'eor', 'set', 'smax', 'smin', 'umax', 'umin'] as const;
/** Acquire, release. */
const ORDERS = [[0, 0, ''], [1, 0, 'a'], [0, 1, 'l'], [1, 1, 'al']] as const;

/** One form for each size: the registers, then the address. */
const sized = (make: (suffix: string, size: number, r: typeof x) => readonly Form[]): Form[] => SIZES.flatMap(([suffix, r], size) => make(suffix, size, r));
const at = baseWithZero();

const pair = (names: readonly [string, string], status: readonly Operand[]): Form[] =>
  names.flatMap((name, o0) => [w, x].map((r, sz) => form(name, { sz, o0 }, [...status, r('Rt'), r('Rt2'), at])));

function atomic(name: string, store: string | undefined, fixed: Readonly<Record<string, number>>): Form[] {
  return sized((suffix, size, r) => ORDERS.flatMap(([A, R, order]) => [
    ...(store === undefined || A === 1 ? [] : [form(`${store}${order}${suffix}`, { ...fixed, size, A, R, Rt: 31 }, [r('Rs'), at])]),
    form(`${name}${order}${suffix}`, { ...fixed, size, A, R }, [r('Rs'), r('Rt'), at]),
  ]));
}

/** Syntax of the rows of exclusives and atomics. */
export const exclusiveAndAtomicForms: FormTable = {
  'LDXR, LDAXR': sized((suffix, size, r) => ['ldxr', 'ldaxr'].map((name, o0) => form(`${name}${suffix}`, { size, o0 }, [r('Rt'), at]))),
  'STXR, STLXR': sized((suffix, size, r) => ['stxr', 'stlxr'].map((name, o0) => form(`${name}${suffix}`, { size, o0 }, [w('Rs'), r('Rt'), at]))),
  'LDXP, LDAXP': pair(['ldxp', 'ldaxp'], []),
  'STXP, STLXP': pair(['stxp', 'stlxp'], [w('Rs')]),
  'LDAR, LDLAR, STLR, STLLR': sized((suffix, size, r) => [['stllr', 'stlr'], ['ldlar', 'ldar']].flatMap((names, L) =>
    names.map((name, o0) => form(`${name}${suffix}`, { size, L, o0 }, [r('Rt'), at])))),
  'CAS, CASA, CASAL, CASL': sized((suffix, size, r) => ORDERS.map(([L, o0, order]) => form(`cas${order}${suffix}`, { size, L, o0 }, [r('Rs'), r('Rt'), at]))),
  'CASP, CASPA, CASPAL, CASPL': [['w', w], ['x', x]].flatMap(([width, r], sz) => ORDERS.map(([L, o0, order]) => {
    const register = r as typeof x;
    const second = (field: string): Operand => successor(width as 'x' | 'w', field);
    return form(`casp${order}`, { sz, L, o0 }, [register('Rs'), second('Rs'), register('Rt'), second('Rt'), at]);
  })),
  'LDADD, LDCLR, LDEOR, LDSET, LDSMAX, LDSMIN, LDUMAX, LDUMIN': OPERATIONS.flatMap((name, opc) => atomic(`ld${name}`, `st${name}`, { opc })),
  SWP: atomic('swp', undefined, {}),
  LDAPR: sized((suffix, size, r) => [form(`ldapr${suffix}`, { size }, [r('Rt'), at])]),
};
