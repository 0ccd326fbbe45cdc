import type { RawFields } from '@qvm/jit';
import type { Draft, Operand } from '../form.js';

interface FieldCodec {
  /** lsb and width (or only a shift) for given fields. */
  readonly of: (f: RawFields) => readonly number[] | undefined;
  readonly set: (values: readonly number[], draft: Draft) => boolean;
  readonly count: 1 | 2;
}

/** One or two decimal immediates that are encoded together in `immr` and `imms`. */
function bitField({ of, set, count }: FieldCodec): Operand {
  return {
    format: (f) =>
      of(f)
        ?.map((n) => `#${n}`)
        .join(', '),
    parse(cursor, draft) {
      const at = cursor.next;
      const values = [Number(cursor.immediate())];
      if (count === 2) {
        cursor.expect(',');
        values.push(Number(cursor.immediate()));
      }
      if (!set(values, draft)) cursor.fail('a bit field inside the register', at);
    },
  };
}

const bitsOf = (sf: 0 | 1): number => (sf ? 64 : 32);

/** Right shifts: `imms` is the top bit. */
export const shiftRight = (sf: 0 | 1): Operand =>
  bitField({
    count: 1,
    of: (f) => (f.imms === bitsOf(sf) - 1 ? [f.immr as number] : undefined),
    set([shift], draft) {
      Object.assign(draft, { immr: shift, imms: bitsOf(sf) - 1 });
      return shift !== undefined && shift >= 0 && shift < bitsOf(sf);
    },
  });

/** LSL, encoded as a rotation: the bits below go to the top. */
export const shiftLeft = (sf: 0 | 1): Operand =>
  bitField({
    count: 1,
    of: (f) =>
      f.imms !== bitsOf(sf) - 1 && (f.imms as number) + 1 === f.immr
        ? [bitsOf(sf) - 1 - (f.imms as number)]
        : undefined,
    set([shift = -1], draft) {
      Object.assign(draft, { immr: (bitsOf(sf) - shift) % bitsOf(sf), imms: bitsOf(sf) - 1 - shift });
      return shift >= 0 && shift < bitsOf(sf);
    },
  });

/** SBFX, UBFX, BFXIL: lsb and width of the source. */
export const extracted = (sf: 0 | 1): Operand =>
  bitField({
    count: 2,
    of: (f) =>
      (f.imms as number) >= (f.immr as number)
        ? [f.immr as number, (f.imms as number) - (f.immr as number) + 1]
        : undefined,
    set([lsb = -1, width = 0], draft) {
      Object.assign(draft, { immr: lsb, imms: lsb + width - 1 });
      return lsb >= 0 && width >= 1 && lsb + width <= bitsOf(sf);
    },
  });

/** SBFIZ, UBFIZ, BFI, BFC: lsb and width in the destination. */
export const inserted = (sf: 0 | 1): Operand =>
  bitField({
    count: 2,
    of: (f) =>
      (f.imms as number) < (f.immr as number) ? [bitsOf(sf) - (f.immr as number), (f.imms as number) + 1] : undefined,
    set([lsb = -1, width = 0], draft) {
      Object.assign(draft, { immr: (bitsOf(sf) - lsb) % bitsOf(sf), imms: width - 1 });
      return lsb >= 0 && width >= 1 && lsb + width <= bitsOf(sf);
    },
  });
