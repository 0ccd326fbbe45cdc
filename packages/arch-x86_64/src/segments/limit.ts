import type { SegmentRegister } from '@qvm/isa-x86_64';
import { Attribute } from '../state/attributes.js';
import type { X86State } from '../state/x86-state.js';

/** Whether `bytes` from an offset on are in a segment (SDM vol. 3, 5.3). Not for 64-bit mode. @experimental */
export function withinLimit(state: X86State, segment: SegmentRegister, offset: number, bytes: number): boolean {
  const attributes = state.attributes(segment);
  const limit = state.limit(segment);
  const last = offset + bytes - 1;
  if ((attributes & (Attribute.Code | Attribute.ExpandDown)) !== Number(Attribute.ExpandDown)) return last <= limit;
  return offset > limit && last <= (attributes & Attribute.DB ? 0xffff_ffff : 0xffff);
}
