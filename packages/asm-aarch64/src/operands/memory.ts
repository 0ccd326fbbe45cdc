import { immediateText, setSigned, signExtend } from './immediates.js';
import { following, group } from './text.js';
import { generalName, generalNumber, xsp } from './registers.js';
import type { Operand } from '../form.js';

/** `[base]`. */
export const base = (): Operand => group('[', xsp('Rn'), ']');

/** `[base, offset]`; an offset of zero is omitted. */
export const withOffset = (offset: Operand, zero: Readonly<Record<string, number>>): Operand =>
  group('[', xsp('Rn'), following(offset, zero), ']');

/** `[base, offset]!`. */
export const preIndexed = (offset: Operand): Operand => group('[', xsp('Rn'), ', ', offset, ']!');

/** Sets nothing, but checks that a written offset is zero, as load and store exclusives accept it. */
export const baseWithZero = (): Operand => {
  const plain = base();
  return {
    format: plain.format,
    parse(cursor, draft) {
      cursor.expect('[');
      xsp('Rn').parse(cursor, draft);
      if (cursor.accept(',') && cursor.immediate() !== 0n) cursor.fail('#0');
      cursor.expect(']');
    },
  };
};

/** A signed offset, decimal. */
export function signedOffset(field: string, width: number, scale = 1): Operand {
  return {
    format: (f) => immediateText(signExtend(f[field] as number, width) * scale, true),
    parse(cursor, draft) {
      const at = cursor.next;
      if (!setSigned(draft, field, width, scale, cursor.immediate())) {
        cursor.fail(
          `an offset of ${-(2 ** (width - 1)) * scale} to ${(2 ** (width - 1) - 1) * scale}${scale > 1 ? ` in steps of ${scale}` : ''}`,
          at,
        );
      }
    },
  };
}

const EXTENDS: Readonly<Record<string, number>> = { uxtw: 2, lsl: 3, sxtw: 6, sxtx: 7 };

/** `[base, index, extend #amount]`: fields Rm, option and S; `shift` is the amount if S is set. */
export function indexed(shift: number): Operand {
  return {
    format(f) {
      const option = f.option as number;
      const name = Object.keys(EXTENDS).find((key) => EXTENDS[key] === option);
      if (name === undefined) return undefined;
      const index = generalName(f.Rm as number, option & 1 ? 'x' : 'w', false);
      const amount = f.S ? ` #${shift}` : '';
      const extend = name === 'lsl' && !f.S ? '' : `, ${name}${amount}`;
      return `[${generalName(f.Rn as number, 'x', true)}, ${index}${extend}]`;
    },
    parse(cursor, draft) {
      cursor.expect('[');
      xsp('Rn').parse(cursor, draft);
      cursor.expect(',');
      const wide = cursor.next.text.toLowerCase().startsWith('x') ? 1 : 0;
      draft.Rm = cursor.named('an index register', (name) => generalNumber(name, wide ? 'x' : 'w', false));
      draft.option = 3;
      draft.S = 0;
      if (cursor.accept(',')) {
        const at = cursor.next;
        draft.option = cursor.named('uxtw, lsl, sxtw or sxtx', (name) => EXTENDS[name]);
        if (cursor.next.text !== ']') {
          const amountAt = cursor.next;
          const amount = cursor.immediate();
          if (amount !== 0n && amount !== BigInt(shift)) cursor.fail(`#0 or #${shift}`, amountAt);
          // For bytes, a written #0 is encoded differently from no amount.
          draft.S = shift === 0 || amount !== 0n ? 1 : 0;
        } else if (draft.option === 3) cursor.fail('an amount', at);
      }
      if ((draft.option & 1) !== wide) cursor.fail('an extend that fits the index register');
      cursor.expect(']');
    },
  };
}
