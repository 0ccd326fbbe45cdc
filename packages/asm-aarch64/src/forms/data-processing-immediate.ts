import { bitMaskImmediate } from '@qvm/isa-aarch64';
import { assembleOnly, form } from '../form.js';
import type { FormTable, Operand } from '../form.js';
import { logicalImmediate, movedValue, moveWidePreferred } from '../operands/bit-masks.js';
import { extracted, inserted, shiftLeft, shiftRight } from '../operands/bit-fields.js';
import { pcRelative, signExtend, unsigned } from '../operands/immediates.js';
import { w, widths, x } from '../operands/registers.js';
import { addImmediate, negatedAddImmediate, wideImmediate } from '../operands/shifts.js';

const address = (scale: number): Operand =>
  pcRelative(21, scale, (f) => signExtend(((f.immhi as number) << 2) | (f.immlo as number), 21), (distance, draft) => {
    draft.immlo = distance & 3;
    draft.immhi = (distance >> 2) & 0x7ffff;
  }, scale > 1);

const ADDS = [['add', 0, 0], ['adds', 0, 1], ['sub', 1, 0], ['subs', 1, 1]] as const;
const NEGATED = { add: 'sub', adds: 'subs', sub: 'add', subs: 'adds' } as const;
const FIELD_NAMES = [['sbfiz', 'sbfx', 0], ['ubfiz', 'ubfx', 2]] as const;
const SIGN_EXTENSIONS = [['sxtb', 7], ['sxth', 15], ['sxtw', 31]] as const;

/** Syntax of the rows for data processing with immediates. */
export const dataProcessingImmediateForms: FormTable = {
  ADR: [form('adr', {}, [x('Rd'), address(1)])],
  ADRP: [form('adrp', {}, [x('Rd'), address(4096)])],

  // MOV: the assembler tries MOVZ, MOVN and ORR in this order.
  MOVZ: widths((sf, r) => [form('mov', { sf }, [r('Rd'), movedValue(sf, false)]), form('movz', { sf }, [r('Rd'), wideImmediate(sf)])]),
  MOVN: widths((sf, r) => [form('mov', { sf }, [r('Rd'), movedValue(sf, true)]), form('movn', { sf }, [r('Rd'), wideImmediate(sf)])]),
  MOVK: widths((sf, r) => [form('movk', { sf }, [r('Rd'), wideImmediate(sf)])]),

  'ADD, ADDS, SUB, SUBS (immediate)': widths((sf, r, rsp) => [
    form('mov', { sf, op: 0, S: 0, sh: 0, imm12: 0 }, [rsp('Rd'), rsp('Rn')], (f) => f.Rd === 31 || f.Rn === 31),
    form('cmn', { sf, op: 0, S: 1, Rd: 31 }, [rsp('Rn'), addImmediate]),
    form('cmp', { sf, op: 1, S: 1, Rd: 31 }, [rsp('Rn'), addImmediate]),
    ...ADDS.map(([name, op, S]) => form(name, { sf, op, S }, [S ? r('Rd') : rsp('Rd'), rsp('Rn'), addImmediate])),
    assembleOnly(form('cmp', { sf, op: 0, S: 1, Rd: 31 }, [rsp('Rn'), negatedAddImmediate])),
    assembleOnly(form('cmn', { sf, op: 1, S: 1, Rd: 31 }, [rsp('Rn'), negatedAddImmediate])),
    ...ADDS.map(([name, op, S]) => assembleOnly(form(NEGATED[name], { sf, op, S }, [S ? r('Rd') : rsp('Rd'), rsp('Rn'), negatedAddImmediate]))),
  ]),

  'AND, ORR, EOR, ANDS (immediate)': widths((sf, r, rsp) => [
    form('mov', { sf, opc: 1, Rn: 31 }, [rsp('Rd'), logicalImmediate(sf)],
      // MOVZ and MOVN cannot write the stack pointer.
      (f) => f.Rd === 31 || !moveWidePreferred(sf, bitMaskImmediate(sf, f.N as number, f.imms as number, f.immr as number) ?? 0n)),
    form('tst', { sf, opc: 3, Rd: 31 }, [r('Rn'), logicalImmediate(sf)]),
    ...['and', 'orr', 'eor', 'ands'].map((name, opc) => form(name, { sf, opc }, [opc === 3 ? r('Rd') : rsp('Rd'), r('Rn'), logicalImmediate(sf)])),
  ]),

  'SBFM, BFM, UBFM': widths((sf, r) => {
    const N = sf;
    return [
      form('asr', { sf, N, opc: 0 }, [r('Rd'), r('Rn'), shiftRight(sf)]),
      form('lsr', { sf, N, opc: 2 }, [r('Rd'), r('Rn'), shiftRight(sf)]),
      form('lsl', { sf, N, opc: 2 }, [r('Rd'), r('Rn'), shiftLeft(sf)]),
      ...SIGN_EXTENSIONS.filter(([, imms]) => sf || imms < 31).map(([name, imms]) => form(name, { sf, N, opc: 0, immr: 0, imms }, [r('Rd'), w('Rn')])),
      ...(sf ? [] : [['uxtb', 7] as const, ['uxth', 15] as const]).map(([name, imms]) => form(name, { sf, N, opc: 2, immr: 0, imms }, [w('Rd'), w('Rn')])),
      ...FIELD_NAMES.flatMap(([insert, extract, opc]) => [
        form(insert, { sf, N, opc }, [r('Rd'), r('Rn'), inserted(sf)]),
        form(extract, { sf, N, opc }, [r('Rd'), r('Rn'), extracted(sf)]),
      ]),
      form('bfc', { sf, N, opc: 1, Rn: 31 }, [r('Rd'), inserted(sf)]),
      form('bfi', { sf, N, opc: 1 }, [r('Rd'), r('Rn'), inserted(sf)]),
      form('bfxil', { sf, N, opc: 1 }, [r('Rd'), r('Rn'), extracted(sf)]),
      ...['sbfm', 'bfm', 'ubfm'].map((name, opc) => assembleOnly(form(name, { sf, N, opc }, [r('Rd'), r('Rn'), unsigned('immr', 6), unsigned('imms', 6)]))),
    ];
  }),

  EXTR: widths((sf, r) => [
    form('ror', { sf, N: sf }, [r('Rd'), r('Rn', 'Rm'), unsigned('imms', sf ? 6 : 5, { decimal: true })]),
    form('extr', { sf, N: sf }, [r('Rd'), r('Rn'), r('Rm'), unsigned('imms', sf ? 6 : 5, { decimal: true })]),
  ]),
};
