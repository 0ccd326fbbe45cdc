import { form } from '../form.js';
import type { Form, FormTable } from '../form.js';
import { unsigned } from '../operands/immediates.js';
import { w, widths, x } from '../operands/registers.js';
import { extendedRegister, registerShift } from '../operands/shifts.js';
import { condition } from '../operands/text.js';

const ADDS = [['add', 0, 0], ['adds', 0, 1], ['sub', 1, 0], ['subs', 1, 1]] as const;
const LOGIC = [['and', 'bic'], ['orr', 'orn'], ['eor', 'eon'], ['ands', 'bics']] as const;

/** The aliases of CSINC, CSINV and CSNEG print the inverse of the condition. */
function conditionalSelect(sf: 0 | 1, r: typeof x): Form[] {
  const alias = (name: string, op: number, o2: number): Form => form(name, { sf, op, o2 }, [r('Rd'), r('Rn', 'Rm'), condition('cond', true)]);
  const set = (name: string, op: number, o2: number): Form => form(name, { sf, op, o2, Rn: 31, Rm: 31 }, [r('Rd'), condition('cond', true)]);
  const plain = (name: string, op: number, o2: number): Form => form(name, { sf, op, o2 }, [r('Rd'), r('Rn'), r('Rm'), condition('cond')]);
  return [
    set('cset', 0, 1), set('csetm', 1, 0), alias('cinc', 0, 1), alias('cinv', 1, 0), alias('cneg', 1, 1),
    plain('csel', 0, 0), plain('csinc', 0, 1), plain('csinv', 1, 0), plain('csneg', 1, 1),
  ];
}

const conditionalCompare = (operand: (r: typeof x) => ReturnType<typeof x>) =>
  widths((sf, r) => ['ccmn', 'ccmp'].map((name, op) => form(name, { sf, op }, [r('Rn'), operand(r), unsigned('nzcv', 4), condition('cond')])));

/** Syntax of the rows for data processing with registers. */
export const dataProcessingRegisterForms: FormTable = {
  'AND, BIC, ORR, ORN, EOR, EON, ANDS, BICS (shifted register)': widths((sf, r) => [
    form('mov', { sf, opc: 1, N: 0, Rn: 31, shift: 0, imm6: 0 }, [r('Rd'), r('Rm')]),
    form('mvn', { sf, opc: 1, N: 1, Rn: 31 }, [r('Rd'), r('Rm'), registerShift(sf, 4)]),
    form('tst', { sf, opc: 3, N: 0, Rd: 31 }, [r('Rn'), r('Rm'), registerShift(sf, 4)]),
    ...LOGIC.flatMap((names, opc) => names.map((name, N) => form(name, { sf, opc, N }, [r('Rd'), r('Rn'), r('Rm'), registerShift(sf, 4)]))),
  ]),

  'ADD, ADDS, SUB, SUBS (shifted register)': widths((sf, r) => [
    form('cmn', { sf, op: 0, S: 1, Rd: 31 }, [r('Rn'), r('Rm'), registerShift(sf, 3)]),
    form('cmp', { sf, op: 1, S: 1, Rd: 31 }, [r('Rn'), r('Rm'), registerShift(sf, 3)]),
    form('neg', { sf, op: 1, S: 0, Rn: 31 }, [r('Rd'), r('Rm'), registerShift(sf, 3)]),
    form('negs', { sf, op: 1, S: 1, Rn: 31 }, [r('Rd'), r('Rm'), registerShift(sf, 3)]),
    ...ADDS.map(([name, op, S]) => form(name, { sf, op, S }, [r('Rd'), r('Rn'), r('Rm'), registerShift(sf, 3)])),
  ]),

  'ADD, ADDS, SUB, SUBS (extended register)': widths((sf, r, rsp) => [
    form('cmn', { sf, op: 0, S: 1, Rd: 31 }, [rsp('Rn'), extendedRegister(sf, ['Rn'])]),
    form('cmp', { sf, op: 1, S: 1, Rd: 31 }, [rsp('Rn'), extendedRegister(sf, ['Rn'])]),
    ...ADDS.map(([name, op, S]) => form(name, { sf, op, S }, [S ? r('Rd') : rsp('Rd'), rsp('Rn'), extendedRegister(sf, S ? ['Rn'] : ['Rd', 'Rn'])])),
  ]),

  'ADC, ADCS, SBC, SBCS': widths((sf, r) => [
    form('ngc', { sf, op: 1, S: 0, Rn: 31 }, [r('Rd'), r('Rm')]),
    form('ngcs', { sf, op: 1, S: 1, Rn: 31 }, [r('Rd'), r('Rm')]),
    ...(['adc', 'adcs', 'sbc', 'sbcs'] as const).map((name, i) => form(name, { sf, op: i >> 1, S: i & 1 }, [r('Rd'), r('Rn'), r('Rm')])),
  ]),

  'CCMN, CCMP (immediate)': conditionalCompare(() => unsigned('imm5', 5)),
  'CCMN, CCMP (register)': conditionalCompare((r) => r('Rm')),
  'CSEL, CSINC, CSINV, CSNEG': widths(conditionalSelect),

  'MADD, MSUB': widths((sf, r) => [
    form('mul', { sf, o0: 0, Ra: 31 }, [r('Rd'), r('Rn'), r('Rm')]),
    form('mneg', { sf, o0: 1, Ra: 31 }, [r('Rd'), r('Rn'), r('Rm')]),
    ...['madd', 'msub'].map((name, o0) => form(name, { sf, o0 }, [r('Rd'), r('Rn'), r('Rm'), r('Ra')])),
  ]),

  'SMADDL, SMSUBL, UMADDL, UMSUBL': ['s', 'u'].flatMap((sign, U) => [
    ...['mull', 'mnegl'].map((name, o0) => form(`${sign}${name}`, { U, o0, Ra: 31 }, [x('Rd'), w('Rn'), w('Rm')])),
    ...['maddl', 'msubl'].map((name, o0) => form(`${sign}${name}`, { U, o0 }, [x('Rd'), w('Rn'), w('Rm'), x('Ra')])),
  ]),

  'SMULH, UMULH': ['smulh', 'umulh'].map((name, U) => form(name, { U }, [x('Rd'), x('Rn'), x('Rm')])),
  'UDIV, SDIV': widths((sf, r) => ['udiv', 'sdiv'].map((name, o1) => form(name, { sf, o1 }, [r('Rd'), r('Rn'), r('Rm')]))),
  'LSLV, LSRV, ASRV, RORV': widths((sf, r) => ['lsl', 'lsr', 'asr', 'ror'].map((name, op2) => form(name, { sf, op2 }, [r('Rd'), r('Rn'), r('Rm')]))),
  'CRC32B, CRC32H, CRC32W, CRC32X': ['crc32', 'crc32c'].flatMap((name, C) =>
    ['b', 'h', 'w', 'x'].map((size, sz) => form(`${name}${size}`, { sf: sz === 3 ? 1 : 0, C, sz }, [w('Rd'), w('Rn'), sz === 3 ? x('Rm') : w('Rm')]))),
  RBIT: widths((sf, r) => [form('rbit', { sf }, [r('Rd'), r('Rn')])]),
  'REV16, REV32, REV': widths((sf, r) => (sf ? ['rev16', 'rev32', 'rev'] : ['rev16', 'rev']).map((name, i) => form(name, { sf, opc: i + 1 }, [r('Rd'), r('Rn')]))),
  'CLZ, CLS': widths((sf, r) => ['clz', 'cls'].map((name, op) => form(name, { sf, op }, [r('Rd'), r('Rn')]))),
};
