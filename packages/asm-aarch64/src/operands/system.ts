import type { RawFields } from '@qvm/jit';
import { registerAt, SYSTEM_REGISTERS, systemEncoding } from '@qvm/isa-aarch64';
import type { Draft, Operand } from '../form.js';
import { immediate, immediateText } from './immediates.js';

const BY_NAME = new Map(SYSTEM_REGISTERS.map(({ name, encoding }) => [name.toLowerCase(), encoding]));

/** Registers that are not in the table because they have rows of their own. */
const OTHERS: readonly (readonly [string, number])[] = [
  ['nzcv', systemEncoding(3, 3, 4, 2, 0)],
  ['fpcr', systemEncoding(3, 3, 4, 4, 0)],
  ['fpsr', systemEncoding(3, 3, 4, 4, 1)],
];
for (const [name, encoding] of OTHERS) BY_NAME.set(name, encoding);

const encodingOf = (f: RawFields): number =>
  systemEncoding(2 + (f.o0 as number), f.op1 as number, f.CRn as number, f.CRm as number, f.op2 as number);

function setEncoding(draft: Draft, encoding: number): void {
  draft.o0 = (encoding >> 14) & 1;
  draft.op1 = (encoding >> 11) & 7;
  draft.CRn = (encoding >> 7) & 15;
  draft.CRm = (encoding >> 3) & 15;
  draft.op2 = encoding & 7;
}

/** The encoding in a name such as `s3_0_c1_c0_1`. */
function generic(name: string): number | undefined {
  const parts = /^s([23])_([0-7])_c(\d|1[0-5])_c(\d|1[0-5])_([0-7])$/.exec(name)?.slice(1).map(Number);
  return parts && systemEncoding(...(parts as [number, number, number, number, number]));
}

/** A system register by its name, or by its encoding if the table has no name for it. */
export const systemRegister: Operand = {
  format(f) {
    const name = registerAt(encodingOf(f))?.name;
    // The reserved identification registers are in the table, but have no architectural name.
    return name === undefined || name.startsWith('ID_RES')
      ? `s${2 + (f.o0 as number)}_${f.op1}_c${f.CRn}_c${f.CRm}_${f.op2}`
      : name.toLowerCase();
  },
  parse(cursor, draft) {
    setEncoding(
      draft,
      cursor.named('a system register', (name) => BY_NAME.get(name) ?? generic(name)),
    );
  },
};

/** `s0_op1_c4_cCRm_op2`: an unallocated field of PSTATE. */
export const genericPstate: Operand = {
  format: (f) => `s0_${f.op1}_c4_c${f.CRm}_${f.op2}`,
  parse(cursor, draft) {
    const parts = cursor.named('a PSTATE field', (name) =>
      /^s0_([0-7])_c4_c(\d|1[0-5])_([0-7])$/.exec(name)?.slice(1).map(Number),
    );
    [draft.op1, draft.CRm, draft.op2] = parts as [number, number, number];
  },
};

/** `C7`: a register number of SYS and SYSL. */
export function controlRegister(field: string): Operand {
  return {
    format: (f) => `C${f[field]}`,
    parse(cursor, draft) {
      draft[field] = cursor.named('c0 to c15', (name) => {
        const n = /^c(\d|1[0-5])$/.exec(name)?.[1];
        return n === undefined ? undefined : Number(n);
      });
    },
  };
}

const BARRIERS: readonly (string | undefined)[] = [
  undefined,
  'oshld',
  'oshst',
  'osh',
  undefined,
  'nshld',
  'nshst',
  'nsh',
  undefined,
  'ishld',
  'ishst',
  'ish',
  undefined,
  'ld',
  'st',
  'sy',
];

const crm = immediate({
  expected: 'a barrier option, or 0 to 15',
  of: (f) => f.CRm,
  set(value, draft) {
    draft.CRm = Number(value);
    return value >= 0n && value < 16n;
  },
});

/** The option of DSB and DMB. */
export const barrierOption: Operand = {
  format: (f) => BARRIERS[f.CRm as number] ?? immediateText(f.CRm as number),
  parse(cursor, draft) {
    const option = cursor.next.kind === 'name' ? BARRIERS.indexOf(cursor.next.text.toLowerCase()) : -1;
    if (option < 0) return crm.parse(cursor, draft);
    cursor.take();
    draft.CRm = option;
  },
};

/** The immediate of ISB and CLREX, omitted if it is 15. */
export const fullByDefault: Operand = {
  format: (f) => (f.CRm === 15 ? '' : immediateText(f.CRm as number)),
  parse(cursor, draft) {
    if (cursor.next.text.toLowerCase() === 'sy') {
      cursor.take();
      draft.CRm = 15;
    } else crm.parse(cursor, draft);
  },
  absent(draft) {
    draft.CRm = 15;
  },
};

const PREFETCH_TARGETS = ['pld', 'pli', 'pst'] as const;

function prefetchName(n: number): string | undefined {
  const kind = PREFETCH_TARGETS[n >> 3];
  const level = ((n >> 1) & 3) + 1;
  return kind === undefined || level > 3 ? undefined : `${kind}l${level}${n & 1 ? 'strm' : 'keep'}`;
}

const PREFETCHES = new Map(Array.from({ length: 32 }, (_, n) => [prefetchName(n), n]));

/** The operation of PRFM, in field Rt. */
export const prefetch: Operand = {
  format: (f) => prefetchName(f.Rt as number) ?? immediateText(f.Rt as number),
  parse(cursor, draft) {
    if (cursor.next.kind === 'name') draft.Rt = cursor.named('a prefetch operation', (name) => PREFETCHES.get(name));
    else {
      const at = cursor.next;
      draft.Rt = Number(cursor.immediate());
      if (draft.Rt < 0 || draft.Rt > 31) cursor.fail('0 to 31', at);
    }
  },
};
