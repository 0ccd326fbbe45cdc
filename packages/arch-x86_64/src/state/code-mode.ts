import { CodeMode, SegmentRegister } from '@qvm/isa-x86_64';
import { Attribute } from './attributes.js';
import type { X86State } from './x86-state.js';

const WHOLE = 0xffff_ffff;
const DATA = Attribute.Present | Attribute.CodeOrData | Attribute.Writable;
const FLAT_MASK = DATA | Attribute.Code | Attribute.ExpandDown;
const FLAT_DATA = [SegmentRegister.ES, SegmentRegister.DS, SegmentRegister.SS] as const;

/** The mode of the code that runs. @experimental */
export function codeMode(state: X86State): CodeMode {
  const size = state.codeSize;
  if (size === 64) return CodeMode.Code64;
  if (size === 16) return CodeMode.Code16;
  return isFlat(state) ? CodeMode.Flat32 : CodeMode.Code32;
}

/** Whether the segments are those of {@link CodeMode.Flat32}. */
function isFlat(state: X86State): boolean {
  const isWhole = (n: SegmentRegister): boolean => state.limit(n) === WHOLE && state.base(n) === 0;
  if (!isWhole(SegmentRegister.CS) || !(state.attributes(SegmentRegister.SS) & Attribute.DB)) return false;
  return FLAT_DATA.every((n) => isWhole(n) && (state.attributes(n) & FLAT_MASK) === DATA);
}
