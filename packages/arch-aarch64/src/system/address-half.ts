import type { TranslationTables } from './mapped-ranges.js';

/** Descriptions of half an address space that are kept. */
const KEPT = 8;
const TWO_32 = 2 ** 32;

/** One half of the address space, as TCR_EL1 and TTBRn_EL1 describe it. @experimental */
export interface AddressHalf extends TranslationTables {
  readonly disabled: boolean;
  /** Bits of the high and low word that must equal bit 55. */
  readonly checkedHi: number;
  readonly checkedLo: number;
}

/** The fields of TCR_EL1 for one half. @experimental */
export interface HalfControls {
  /** TnSZ. */
  readonly size: number;
  /** log2 of the bytes of a page. */
  readonly granuleBits: number;
  /** EPDn: 0 or 1. */
  readonly disabled: number;
  /** TBIn: 0 or 1. */
  readonly ignoreTopByte: number;
}

/** A half in which no address is mapped. @experimental */
export const DISABLED_HALF: AddressHalf = {
  table: 0,
  firstLevel: 0,
  firstShift: 39,
  firstIndexMask: 0,
  granuleBits: 12,
  disabled: true,
  checkedHi: 0,
  checkedLo: 0,
};

/** Bytes of the first table of a half. @experimental */
export const tableBytes = ({ firstIndexMask }: AddressHalf): number => (firstIndexMask + 1) * 8;

/**
 * Descriptions of halves by the registers that they follow from. The last few are cached for kernels that switch back and forth.
 *
 * @experimental
 */
export class AddressHalves {
  readonly #kept: { readonly lo: number; readonly hi: number; readonly shape: number; readonly half: AddressHalf }[] =
    [];
  #next = 0;

  /** `lo` and `hi` are TTBRn_EL1. */
  describe(lo: number, hi: number, controls: HalfControls): AddressHalf {
    const { size, granuleBits, disabled, ignoreTopByte } = controls;
    const shape = (size << 7) | (granuleBits << 2) | (disabled << 1) | ignoreTopByte;
    const base = hi & 0xffff;
    for (const kept of this.#kept) if (kept.lo === lo && kept.hi === base && kept.shape === shape) return kept.half;
    const half = makeHalf(lo, base, controls);
    this.#kept[this.#next++ % KEPT] = { lo, hi: base, shape, half };
    return half;
  }
}

function makeHalf(lo: number, hi: number, controls: HalfControls): AddressHalf {
  const { size, granuleBits, disabled, ignoreTopByte } = controls;
  const inputBits = 64 - Math.min(39, Math.max(16, size));
  const levelBits = granuleBits - 3;
  const firstLevel = 4 - Math.ceil((inputBits - granuleBits) / levelBits);
  const firstShift = granuleBits + (3 - firstLevel) * levelBits;
  // The first table may be smaller than a page; its base is aligned to its size (Arm ARM D8.2.5).
  const tableSize = 2 ** Math.max(inputBits - firstShift + 3, 6);
  const address = hi * TWO_32 + ((lo & ~1) >>> 0);
  return {
    table: Math.floor(address / tableSize) * tableSize,
    firstLevel,
    firstShift,
    firstIndexMask: 2 ** (inputBits - firstShift) - 1,
    granuleBits,
    disabled: disabled !== 0,
    checkedHi: (inputBits >= 32 ? -(2 ** (inputBits - 32)) : -1) & (ignoreTopByte ? 0x00ff_ffff : -1),
    checkedLo: inputBits < 32 ? -(2 ** inputBits) : 0,
  };
}
