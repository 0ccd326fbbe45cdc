import { Flag } from './control-bits.js';

/** The packed form of the arithmetic flags: bit numbers of RFLAGS, in the order of the packed bits. */
const ORDER = [Flag.CF, Flag.PF, Flag.ZF, Flag.SF, Flag.OF, Flag.AF] as const;

const UNPACKED = Array.from({ length: 1 << ORDER.length }, (_, packed) =>
  ORDER.reduce((flags, flag, bit) => ((packed >>> bit) & 1 ? flags | flag : flags), 0),
);

/** The flags of RFLAGS that a packed value (CF, PF, ZF, SF, OF, AF from bit 0 on) stands for. @experimental */
export const unpackFlags = (packed: number): number => UNPACKED[packed & (UNPACKED.length - 1)] as number;

/** The packed form of the arithmetic flags in RFLAGS. @experimental */
export function packFlags(rflags: number): number {
  let packed = 0;
  for (let bit = 0; bit < ORDER.length; bit++) if (rflags & (ORDER[bit] as number)) packed |= 1 << bit;
  return packed;
}
