import { assembleOnly, form } from '../form.js';
import type { Form, FormTable, Operand } from '../form.js';
import { signedImmediate, target, unsigned } from '../operands/immediates.js';
import { base, indexed, preIndexed, signedOffset, withOffset } from '../operands/memory.js';
import { w, x } from '../operands/registers.js';
import { prefetch } from '../operands/system.js';

interface Transfer {
  /** The suffix of the mnemonic after `ldr` or `str`: `b`, `sw`. */
  readonly suffix: string;
  readonly store: boolean;
  readonly size: number;
  readonly opc: number;
  readonly register: Operand;
}

/** Loads and stores by size and opc. */
const TRANSFERS: readonly Transfer[] = ['b', 'h', '', ''].flatMap((suffix, size) => {
  const register = size === 3 ? x('Rt') : w('Rt');
  const plain = [true, false].map((store, opc) => ({ suffix, store, size, opc, register }));
  const sizeName = ['b', 'h', 'w'][size];
  const extended = [{ opc: 2, register: x('Rt') }, { opc: 3, register: w('Rt') }].slice(0, size < 2 ? 2 : size < 3 ? 1 : 0);
  return [...plain, ...extended.map((e) => ({ ...e, suffix: `s${sizeName}`, store: false, size }))];
});

/** Forms of all transfers, named `ldr…`, `ldur…` or `ldtr…`. */
function transfers(kind: '' | 'u' | 't', fixed: Readonly<Record<string, number>>, address: (size: number) => readonly Operand[]): Form[] {
  return TRANSFERS.map(({ suffix, store, size, opc, register }) => {
    const letter = kind === '' ? 'r' : `${kind}r`;
    return form(`${store ? 'st' : 'ld'}${letter}${suffix}`, { size, opc, ...fixed }, [register, ...address(size)]);
  });
}

const unscaled = withOffset(signedOffset('imm9', 9), { imm9: 0 });
const PREFETCH = { size: 3, opc: 2 };

const pairs = [
  { load: 'ldp', store: 'stp', opc: 0, register: w, scale: 4 },
  { load: 'ldpsw', store: undefined, opc: 1, register: x, scale: 4 },
  { load: 'ldp', store: 'stp', opc: 2, register: x, scale: 8 },
] as const;

function pairForms(): Form[] {
  return pairs.flatMap(({ load, store, opc, register, scale }) =>
    [store, load].flatMap((name, L) => {
      if (name === undefined) return [];
      const registers = [register('Rt'), register('Rt2')];
      const offset = withOffset(signedOffset('imm7', 7, scale), { imm7: 0 });
      return [
        ...(opc === 1 ? [] : [form(name.replace('p', 'np'), { opc, L, mode: 0 }, [...registers, offset])]),
        form(name, { opc, L, mode: 2 }, [...registers, offset]),
        form(name, { opc, L, mode: 3 }, [...registers, preIndexed(signedOffset('imm7', 7, scale))]),
        form(name, { opc, L, mode: 1 }, [...registers, base(), signedImmediate('imm7', 7, scale)]),
      ];
    }));
}

/** Syntax of the rows of loads and stores of general registers. */
export const loadStoreForms: FormTable = {
  'LDR, STR (immediate, unsigned offset)': [
    ...transfers('', {}, (size) => [withOffset(unsigned('imm12', 12, { scale: 1 << size, decimal: true }), { imm12: 0 })]),
    form('prfm', PREFETCH, [prefetch, withOffset(unsigned('imm12', 12, { scale: 8, decimal: true }), { imm12: 0 })]),
  ],
  'LDUR, STUR': [
    ...transfers('u', {}, () => [unscaled]),
    form('prfum', PREFETCH, [prefetch, unscaled]),
    // Offsets that LDR cannot encode.
    ...transfers('', {}, () => [unscaled]).map(assembleOnly),
    assembleOnly(form('prfm', PREFETCH, [prefetch, unscaled])),
  ],
  'LDR, STR (immediate, post-index and pre-index)': [
    ...transfers('', { pre: 1 }, () => [preIndexed(signedOffset('imm9', 9))]),
    ...transfers('', { pre: 0 }, () => [base(), signedImmediate('imm9', 9)]),
  ],
  'LDTR, STTR': transfers('t', {}, () => [unscaled]),
  'LDR, STR (register)': [
    ...transfers('', {}, (size) => [indexed(size)]),
    form('prfm', PREFETCH, [prefetch, indexed(3)]),
  ],
  'LDR (literal), LDRSW (literal), PRFM (literal)': [
    form('ldr', { opc: 0 }, [w('Rt'), target('imm19', 19)]),
    form('ldr', { opc: 1 }, [x('Rt'), target('imm19', 19)]),
    form('ldrsw', { opc: 2 }, [x('Rt'), target('imm19', 19)]),
    form('prfm', { opc: 3 }, [prefetch, target('imm19', 19)]),
  ],
  'LDP, STP, LDPSW, LDNP, STNP': pairForms(),
};
