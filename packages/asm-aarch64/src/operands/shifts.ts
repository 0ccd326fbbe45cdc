import type { Draft, Operand } from '../form.js';
import { immediate } from './immediates.js';
import { generalName, generalNumber } from './registers.js';

const SHIFTS = ['lsl', 'lsr', 'asr', 'ror'] as const;
const EXTENDS = ['uxtb', 'uxth', 'uxtw', 'uxtx', 'sxtb', 'sxth', 'sxtw', 'sxtx'] as const;

const lookup =
  (names: readonly string[]) =>
  (name: string): number | undefined => {
    const i = names.indexOf(name);
    return i < 0 ? undefined : i;
  };

/**
 * A shift of a register operand, fields `shift` and `imm6`; `lsl #0` is omitted. The first `kinds` shifts are allowed.
 */
export function registerShift(sf: 0 | 1, kinds: 3 | 4): Operand {
  const limit = sf ? 64n : 32n;
  return {
    format: (f) => (f.shift === 0 && f.imm6 === 0 ? '' : `${SHIFTS[f.shift as number]} #${f.imm6}`),
    parse(cursor, draft) {
      draft.shift = cursor.named('a shift', lookup(SHIFTS.slice(0, kinds)));
      const at = cursor.next;
      const amount = cursor.immediate();
      if (amount < 0n || amount >= limit) cursor.fail(`an amount of 0 to ${limit - 1n}`, at);
      draft.imm6 = Number(amount);
    },
    absent(draft) {
      draft.shift = 0;
      draft.imm6 = 0;
    },
  };
}

/**
 * The last operand of the extended-register forms: Rm, its extension and a shift. If a register of the instruction
 * (one of `stack`) is the stack pointer, `plain` is the extension that is written as LSL or omitted.
 */
export function extendedRegister(sf: 0 | 1, stack: readonly string[]): Operand {
  const plain = sf ? 3 : 2;
  const width = (option: number): 'x' | 'w' => (sf && (option & 3) === 3 ? 'x' : 'w');
  return {
    format(f) {
      const option = f.option as number;
      const register = generalName(f.Rm as number, width(option), false);
      if (option === plain && stack.some((name) => f[name] === 31))
        return f.imm3 === 0 ? register : `${register}, lsl #${f.imm3}`;
      return `${register}, ${EXTENDS[option]}${f.imm3 === 0 ? '' : ` #${f.imm3}`}`;
    },
    parse(cursor, draft) {
      const at = cursor.next;
      const registerWidth = sf && at.text.toLowerCase().startsWith('x') ? 'x' : 'w';
      draft.Rm = cursor.named('an index register', (name) => generalNumber(name, registerWidth, false));
      draft.option = plain;
      draft.imm3 = 0;
      const usesStack = stack.some((name) => draft[name] === 31);
      if (cursor.accept(',')) parseExtension(cursor, draft, plain, usesStack);
      else if (!usesStack) cursor.fail('an extension');
      if (width(draft.option) !== registerWidth) cursor.fail('an extension that fits the register');
    },
  };
}

function parseExtension(
  cursor: Parameters<Operand['parse']>[0],
  draft: Draft,
  plain: number,
  usesStack: boolean,
): void {
  const written = cursor.next.text.toLowerCase();
  draft.option = cursor.named('an extension', (name) => (name === 'lsl' && usesStack ? plain : lookup(EXTENDS)(name)));
  if (cursor.atEnd && written !== 'lsl') return;
  const at = cursor.next;
  const amount = cursor.immediate();
  if (amount < 0n || amount > 4n) cursor.fail('an amount of 0 to 4', at);
  draft.imm3 = Number(amount);
}

/** `#imm{, lsl #12}` of ADD and SUB (immediate). */
export const addImmediate: Operand = {
  format: (f) => `#0x${(f.imm12 as number).toString(16)}${f.sh ? ', lsl #12' : ''}`,
  parse(cursor, draft) {
    const at = cursor.next;
    const value = cursor.immediate();
    const shifted = cursor.accept(',');
    if (shifted) {
      cursor.named('lsl', lookup(['lsl']));
      const amountAt = cursor.next;
      const amount = cursor.immediate();
      if (amount !== 12n && amount !== 0n) cursor.fail('#0 or #12', amountAt);
      draft.sh = amount === 12n ? 1 : 0;
    } else draft.sh = value > 0xfffn && value % 0x1000n === 0n ? 1 : 0;
    const imm12 = !shifted && draft.sh ? value / 0x1000n : value;
    if (imm12 < 0n || imm12 > 0xfffn) cursor.fail('0 to 4095, or that times 4096', at);
    draft.imm12 = Number(imm12);
  },
};

/** ADD of a negative number is SUB of a positive one. */
export const negatedAddImmediate: Operand = immediate({
  expected: '0 to 4095, or that times 4096',
  of: () => undefined,
  set(value, draft) {
    const shifted = value % 0x1000n === 0n;
    const imm12 = shifted ? -value / 0x1000n : -value;
    if (value >= 0n || imm12 > 0xfffn) return false;
    draft.sh = shifted ? 1 : 0;
    draft.imm12 = Number(imm12);
    return true;
  },
});

/** `#imm{, lsl #16·hw}` of the wide moves. */
export function wideImmediate(sf: 0 | 1): Operand {
  return {
    format: (f) => `#0x${(f.imm16 as number).toString(16)}${f.hw ? `, lsl #${16 * f.hw}` : ''}`,
    parse(cursor, draft) {
      const at = cursor.next;
      const value = cursor.immediate();
      if (value < 0n || value > 0xffffn) cursor.fail('0 to 65535', at);
      draft.imm16 = Number(value);
      draft.hw = 0;
      if (!cursor.accept(',')) return;
      cursor.named('lsl', lookup(['lsl']));
      const amountAt = cursor.next;
      const amount = cursor.immediate();
      if (amount < 0n || amount % 16n !== 0n || amount >= (sf ? 64n : 32n))
        cursor.fail('#0, #16, #32 or #48', amountAt);
      draft.hw = Number(amount) / 16;
    },
  };
}
