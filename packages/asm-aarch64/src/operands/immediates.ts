import type { RawFields } from '@qvm/jit';
import type { Draft, Operand } from '../form.js';

/** Encoding of an immediate in the fields. */
export interface ImmediateCodec {
  /** Description for error messages. */
  readonly expected: string;
  readonly decimal?: boolean;
  /** Value of the fields, or `undefined` if they encode none. */
  readonly of: (f: RawFields) => number | bigint | undefined;
  /** Sets fields; returns false if the value does not fit. */
  readonly set: (value: bigint, draft: Draft) => boolean;
}

/** Formats a number as an immediate, hexadecimal or decimal. */
export function immediateText(value: number | bigint, decimal = false): string {
  return decimal || value < 0 ? `#${value}` : `#0x${value.toString(16)}`;
}

/** An immediate with its own codec. */
export function immediate({ expected, decimal = false, of, set }: ImmediateCodec): Operand {
  return {
    format: (f) => {
      const value = of(f);
      return value === undefined ? undefined : immediateText(value, decimal);
    },
    parse(cursor, draft) {
      const at = cursor.next;
      if (!set(cursor.immediate(), draft)) cursor.fail(expected, at);
    },
  };
}

interface FieldOptions {
  readonly decimal?: boolean;
  readonly scale?: number;
}

/** An unsigned field of `width` bits, times `scale`. */
export function unsigned(field: string, width: number, { decimal = false, scale = 1 }: FieldOptions = {}): Operand {
  const end = 2 ** width * scale;
  return immediate({
    expected: `0 to ${end - scale}${scale > 1 ? ` in steps of ${scale}` : ''}`,
    decimal,
    of: (f) => (f[field] as number) * scale,
    set(value, draft) {
      if (value < 0n || value >= BigInt(end) || value % BigInt(scale) !== 0n) return false;
      draft[field] = Number(value) / scale;
      return true;
    },
  });
}

/** Sign-extends the low `bits` bits. */
export const signExtend = (value: number, bits: number): number => (value << (32 - bits)) >> (32 - bits);

/** Sets a signed field of `width` bits in units of `scale`; returns false if the value does not fit. */
export function setSigned(draft: Draft, field: string, width: number, scale: number, value: bigint): boolean {
  const step = BigInt(scale);
  const half = 1n << BigInt(width - 1);
  if (value % step !== 0n || value / step < -half || value / step >= half) return false;
  draft[field] = Number(BigInt.asUintN(width, value / step));
  return true;
}

/** A signed field of `width` bits, times `scale`; decimal. */
export function signedImmediate(field: string, width: number, scale = 1): Operand {
  return immediate({
    expected: `${-(2 ** (width - 1)) * scale} to ${(2 ** (width - 1) - 1) * scale}${scale > 1 ? ` in steps of ${scale}` : ''}`,
    decimal: true,
    of: (f) => signExtend(f[field] as number, width) * scale,
    set: (value, draft) => setSigned(draft, field, width, scale, value),
  });
}

/** A constant that is written but not encoded (except `#0.0`). */
export function constant(value: number): Operand {
  return immediate({ expected: `#${value}`, decimal: true, of: () => value, set: (v) => v === BigInt(value) });
}

/** An address within a signed distance of `width` bits in units of `scale`. */
export function pcRelative(
  width: number,
  scale: number,
  of: (f: RawFields) => number,
  set: (distance: number, draft: Draft) => void,
  page = false,
): Operand {
  const base = (pc: bigint): bigint => (page ? pc & ~0xfffn : pc);
  const reach = BigInt(2 ** (width - 1) * scale);
  return {
    format: (f, { pc }) => `0x${BigInt.asUintN(64, base(pc) + BigInt(of(f)) * BigInt(scale)).toString(16)}`,
    parse(cursor, draft) {
      const at = cursor.next;
      const to = cursor.immediate();
      const distance = BigInt.asIntN(64, base(page ? to : 0n) + (page ? 0n : to) - base(cursor.site.pc));
      if (distance < -reach || distance >= reach || distance % BigInt(scale) !== 0n) {
        cursor.fail(`an address within ${reach} bytes${scale > 1 ? `, aligned to ${scale}` : ''}`, at);
      }
      set(Number(distance) / scale, draft);
    },
  };
}

/** A target in one signed field in units of words: branches, literal loads. */
export function target(field: string, width: number): Operand {
  const mask = 2 ** width - 1;
  return pcRelative(
    width,
    4,
    (f) => signExtend(f[field] as number, width),
    (distance, draft) => {
      draft[field] = distance & mask;
    },
  );
}
