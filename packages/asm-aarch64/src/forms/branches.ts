import { assembleOnly, form } from '../form.js';
import type { FormTable, Operand } from '../form.js';
import { immediate, target, unsigned } from '../operands/immediates.js';
import { optionalRegister, w, widths, x } from '../operands/registers.js';
import { CONDITIONS } from '../operands/text.js';

const exception = (mnemonic: string) => [form(mnemonic, {}, [unsigned('imm16', 16)])];

/** The number of the tested bit; its top bit also gives the width of the register. */
const bitNumber: Operand = immediate({
  expected: 'a bit number that the register has',
  decimal: true,
  of: (f) => ((f.b5 as number) << 5) | (f.b40 as number),
  set(value, draft) {
    const known = draft.b5;
    if (value < 0n || value > 63n || (known !== undefined && value >> 5n !== BigInt(known))) return false;
    draft.b5 = Number(value) >> 5;
    draft.b40 = Number(value) & 31;
    return true;
  },
});

const testBit = (mnemonic: string, op: number) => [
  form(mnemonic, { op, b5: 0 }, [w('Rt'), bitNumber, target('imm14', 14)]),
  form(mnemonic, { op, b5: 1 }, [x('Rt'), bitNumber, target('imm14', 14)]),
  assembleOnly(form(mnemonic, { op, b5: 0 }, [x('Rt'), bitNumber, target('imm14', 14)])),
];

/** Syntax of the branch rows. */
export const branchForms: FormTable = {
  B: [form('b', {}, [target('imm26', 26)])],
  BL: [form('bl', {}, [target('imm26', 26)])],
  'B.cond': [
    ...CONDITIONS.map((name, cond) => form(`b.${name}`, { cond }, [target('imm19', 19)])),
    ...(['hs', 'lo'] as const).map((name, i) => form(`b.${name}`, { cond: 2 + i }, [target('imm19', 19)])),
  ],
  'CBZ, CBNZ': widths((sf, r) => (['cbz', 'cbnz'] as const).map((name, op) => form(name, { sf, op }, [r('Rt'), target('imm19', 19)]))),
  'TBZ, TBNZ': [...testBit('tbz', 0), ...testBit('tbnz', 1)],
  'BR, BLR, RET': [
    form('br', { opc: 0 }, [x('Rn')]),
    form('blr', { opc: 1 }, [x('Rn')]),
    form('ret', { opc: 2 }, [optionalRegister(x('Rn'), 'Rn', 30)]),
  ],
  ERET: [form('eret', {}, [])],
  SVC: exception('svc'),
  HVC: exception('hvc'),
  SMC: exception('smc'),
  BRK: exception('brk'),
  HLT: exception('hlt'),
};
