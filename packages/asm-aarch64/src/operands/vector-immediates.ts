import type { Draft, Operand } from '../form.js';
import { immediate } from './immediates.js';

/** Whether `immh` encodes lanes of `8 << size` bits. */
const hasSize = (immh: number, size: number): boolean => immh >> size === 1;

/**
 * A right shift of lanes of `8 << size` bits, 1 to the width; also a number of fraction bits, which has the same
 * encoding.
 */
export const shiftRightBy = (size: number): Operand =>
  immediate({
    expected: `1 to ${8 << size}`,
    decimal: true,
    of: ({ immh = 0, immb = 0 }) => (hasSize(immh, size) ? (16 << size) - ((immh << 3) | immb) : undefined),
    set: (value, draft) =>
      setShift(draft, (16 << size) - Number(value), size, value >= 1n && value <= BigInt(8 << size)),
  });

/** A left shift of lanes of `8 << size` bits, 0 to the width − 1. */
export const shiftLeftBy = (size: number): Operand =>
  immediate({
    expected: `0 to ${(8 << size) - 1}`,
    decimal: true,
    of: ({ immh = 0, immb = 0 }) => (hasSize(immh, size) ? ((immh << 3) | immb) - (8 << size) : undefined),
    set: (value, draft) => setShift(draft, (8 << size) + Number(value), size, value >= 0n && value < BigInt(8 << size)),
  });

function setShift(draft: Draft, encoded: number, size: number, fits: boolean): boolean {
  if (!fits || !hasSize(encoded >> 3, size)) return false;
  draft.immh = encoded >> 3;
  draft.immb = encoded & 7;
  return true;
}

/** VFPExpandImm of the Arm ARM's shared pseudocode, as a number. */
export function floatOf(imm8: number): number {
  const exponent = (((imm8 >> 4) & 7) ^ 4) - 3;
  return (imm8 & 0x80 ? -1 : 1) * ((16 + (imm8 & 15)) / 16) * 2 ** exponent;
}

/** A floating-point immediate of eight bits. */
export function floatImmediate(
  of: (f: Readonly<Record<string, number>>) => number,
  set: (imm8: number, draft: Draft) => void,
): Operand {
  return {
    format(f) {
      const value = floatOf(of(f));
      return `#${Number.isInteger(value) ? value.toFixed(1) : value}`;
    },
    parse(cursor, draft) {
      const at = cursor.next;
      const value = cursor.float();
      const imm8 = Array.from({ length: 256 }, (_, i) => i).find((i) => floatOf(i) === value);
      set(imm8 ?? cursor.fail('±n/16 · 2^e with n from 16 to 31 and e from −3 to 4', at), draft);
    },
  };
}

/** `#0.0`. */
export const floatZero: Operand = {
  format: () => '#0.0',
  parse(cursor) {
    const at = cursor.next;
    if (cursor.float() !== 0) cursor.fail('#0.0', at);
  },
};

/** The eight bits abc:defgh of the modified immediates. */
const imm8 = immediate({
  expected: '0 to 255',
  of: (f) => ((f.abc as number) << 5) | (f.defgh as number),
  set(value, draft) {
    draft.abc = Number(value) >> 5;
    draft.defgh = Number(value) & 31;
    return value >= 0n && value < 256n;
  },
});

/** `#imm8`. */
export const modifiedByte: Operand = imm8;

/** `#imm8{, lsl|msl #amount}`; `cmodes` has the value of cmode for each of `amounts`. */
export function modifiedShifted(shift: 'lsl' | 'msl', amounts: readonly number[], cmodes: readonly number[]): Operand {
  return {
    format(f, site) {
      const i = cmodes.indexOf(f.cmode as number);
      if (i < 0) return undefined;
      return `${imm8.format(f, site)}${amounts[i] === 0 ? '' : `, ${shift} #${amounts[i]}`}`;
    },
    parse(cursor, draft) {
      imm8.parse(cursor, draft);
      let amount = 0n;
      const at = cursor.next;
      if (cursor.accept(',')) {
        cursor.named(shift, (name) => (name === shift ? name : undefined));
        amount = cursor.immediate();
      }
      const i = amounts.indexOf(Number(amount));
      if (i < 0) cursor.fail(`${shift} ${amounts.map((n) => `#${n}`).join(', ')}`, at);
      draft.cmode = cmodes[i] as number;
    },
  };
}

/** A 64-bit value whose bytes are each 0 or 255. */
export const byteMask: Operand = immediate({
  expected: 'a 64-bit number whose bytes are 0x00 or 0xff',
  of(f) {
    const bits = ((f.abc as number) << 5) | (f.defgh as number);
    let value = 0n;
    for (let i = 0; i < 8; i++) if ((bits >> i) & 1) value |= 0xffn << BigInt(8 * i);
    return value;
  },
  set(value, draft) {
    let bits = 0;
    for (let i = 0; i < 8; i++) {
      const byte = (value >> BigInt(8 * i)) & 0xffn;
      if (byte !== 0n && byte !== 0xffn) return false;
      if (byte !== 0n) bits |= 1 << i;
    }
    draft.abc = bits >> 5;
    draft.defgh = bits & 31;
    return value >= 0n && value < 1n << 64n;
  },
});
