import { form } from '../form.js';
import type { Form, FormTable } from '../form.js';
import { immediate, unsigned } from '../operands/immediates.js';
import { optionalRegister, x } from '../operands/registers.js';
import { barrierOption, controlRegister, fullByDefault, genericPstate, systemRegister } from '../operands/system.js';
import { SYSTEM_OPERATIONS } from '../operands/system-operations.js';
import { word } from '../operands/text.js';

/** Hints by number (CRm:op2), some with an operand. */
const HINTS: Readonly<Record<number, string>> = {
  0: 'nop', 1: 'yield', 2: 'wfe', 3: 'wfi', 4: 'sev', 5: 'sevl', 7: 'xpaclri', 8: 'pacia1716', 10: 'pacib1716', 12: 'autia1716', 14: 'autib1716',
  16: 'esb', 17: 'psb csync', 18: 'tsb csync', 20: 'csdb', 22: 'clearbhb', 24: 'paciaz', 25: 'paciasp', 26: 'pacibz', 27: 'pacibsp',
  28: 'autiaz', 29: 'autiasp', 30: 'autibz', 31: 'autibsp', 32: 'bti', 34: 'bti c', 36: 'bti j', 38: 'bti jc',
};

const hints = Object.entries(HINTS).map(([number, text]): Form => {
  const [mnemonic = '', operand] = text.split(' ');
  return form(mnemonic, { CRm: Number(number) >> 3, op2: Number(number) & 7 }, operand === undefined ? [] : [word(operand)]);
});

const hintNumber = immediate({
  expected: '0 to 127',
  of: (f) => ((f.CRm as number) << 3) | (f.op2 as number),
  set(value, draft) {
    draft.CRm = Number(value) >> 3;
    draft.op2 = Number(value) & 7;
    return value >= 0n && value < 128n;
  },
});

/** Fields of PSTATE by op1 and op2. */
const PSTATE = [
  ['uao', 0, 3], ['pan', 0, 4], ['spsel', 0, 5], ['ssbs', 3, 1], ['dit', 3, 2], ['tco', 3, 4], ['daifset', 3, 6], ['daifclr', 3, 7],
] as const;

const system = Object.entries(SYSTEM_OPERATIONS).flatMap(([mnemonic, operations]) =>
  operations.map(([operation, op1, CRn, CRm, op2, takesRegister]) =>
    takesRegister
      ? form(mnemonic, { op1, CRn, CRm, op2 }, [word(operation), x('Rt')])
      : form(mnemonic, { op1, CRn, CRm, op2, Rt: 31 }, [word(operation)])));

const read = (register: string) => [form('mrs', {}, [x('Rt'), word(register)])];
const write = (register: string) => [form('msr', {}, [word(register), x('Rt')])];

/** Syntax of the rows of system instructions. */
export const systemForms: FormTable = {
  HINT: [...hints, form('hint', {}, [hintNumber])],
  CLREX: [form('clrex', {}, [fullByDefault])],
  'DSB, DMB, ISB': [
    form('ssbb', { opc: 0, CRm: 0 }, []),
    form('pssbb', { opc: 0, CRm: 4 }, []),
    form('dsb', { opc: 0 }, [barrierOption]),
    form('dmb', { opc: 1 }, [barrierOption]),
    form('isb', { opc: 2 }, [fullByDefault]),
  ],
  'MSR (immediate)': [
    ...PSTATE.map(([name, op1, op2]) => {
      const mask = name.startsWith('daif');
      return form('msr', { op1, op2 }, [word(name), unsigned('CRm', 4)], (f) => mask || (f.CRm as number) <= 1);
    }),
    form('msr', {}, [genericPstate, word('xzr')]),
  ],
  MRS: [form('mrs', {}, [x('Rt'), systemRegister])],
  'MSR (register)': [form('msr', {}, [systemRegister, x('Rt')])],
  'MRS NZCV': read('nzcv'),
  'MSR NZCV': write('nzcv'),
  'MRS FPCR': read('fpcr'),
  'MSR FPCR': write('fpcr'),
  'MRS FPSR': read('fpsr'),
  'MSR FPSR': write('fpsr'),
  'MRS SP_EL0': read('sp_el0'),
  'MSR SP_EL0': write('sp_el0'),
  'MRS DAIF': read('daif'),
  'MSR DAIF': write('daif'),
  'MRS CTR_EL0': read('ctr_el0'),
  'MRS DCZID_EL0': read('dczid_el0'),
  'MSR DAIFClr': [form('msr', {}, [word('daifclr'), unsigned('CRm', 4)])],
  'MSR DAIFSet': [form('msr', {}, [word('daifset'), unsigned('CRm', 4)])],
  SYS: [
    ...system,
    form('sys', {}, [unsigned('op1', 3, { decimal: true }), controlRegister('CRn'), controlRegister('CRm'), unsigned('op2', 3, { decimal: true }), optionalRegister(x('Rt'), 'Rt', 31)]),
  ],
  SYSL: [form('sysl', {}, [x('Rt'), unsigned('op1', 3, { decimal: true }), controlRegister('CRn'), controlRegister('CRm'), unsigned('op2', 3, { decimal: true })])],
  'DC CVAC, CVAU, CIVAC; IC IVAU': [
    ...([['cvac', 10], ['cvau', 11], ['civac', 14]] as const).map(([operation, CRm]) => form('dc', { CRm }, [word(operation), x('Rt')])),
    form('ic', { CRm: 5 }, [word('ivau'), x('Rt')]),
  ],
  'DC ZVA': [form('dc', {}, [word('zva'), x('Rt')])],
};
