import { SegmentRegister, State, Vector, WITH_ERROR_CODE } from '@qvm/isa-x86_64';
import { Attribute } from './attributes.js';
import type { X86State } from './x86-state.js';

const [TWO_16, TWO_32] = [2 ** 16, 2 ** 32];

/**
 * Computes the fields of the state by which generated code checks accesses to segments (SDM vol. 3, 5.3 and 5.4). Must
 * be called after every change of a segment register or of {@link X86State.realSegments}, except for 64-bit mode.
 *
 * @experimental
 */
export function refreshSegmentChecks(state: X86State): void {
  const real = state.realSegments;
  for (let n = SegmentRegister.ES; n <= SegmentRegister.GS; n++) {
    const attributes = state.attributes(n);
    const limit = state.limit(n);
    const code = (attributes & Attribute.Code) !== 0;
    const expandsDown = !code && (attributes & Attribute.ExpandDown) !== 0;
    const start = expandsDown ? limit + 1 : 0;
    const end = expandsDown ? (attributes & Attribute.DB ? TWO_32 : TWO_16) : limit + 1;
    const size = Math.max(0, end - start);
    const present = (attributes & Attribute.Present) !== 0;
    // In real mode, code can be written.
    const readable = real || (present && (!code || (attributes & Attribute.Readable) !== 0));
    const writable = real || (present && !code && (attributes & Attribute.Writable) !== 0);
    state.setU32(State.segmentStart + n * 8, start);
    state.setU32(State.segmentFault + n * 8, segmentVector(n) | WITH_ERROR_CODE);
    setSize(state, State.segmentReadable + n * 8, readable ? size : 0);
    setSize(state, State.segmentWritable + n * 8, writable ? size : 0);
  }
  state.setU32(State.stackMask, state.attributes(SegmentRegister.SS) & Attribute.DB ? TWO_32 - 1 : TWO_16 - 1);
}

/** The exception for an access that a segment does not allow. @experimental */
export const segmentVector = (n: SegmentRegister): Vector.SS | Vector.GP =>
  n === SegmentRegister.SS ? Vector.SS : Vector.GP;

/**
 * Whether a segment allows an access to `bytes` bytes from an offset on, as generated code checks it. Not for 64-bit
 * mode.
 *
 * @experimental
 */
export function segmentAllows(
  state: X86State,
  n: SegmentRegister,
  offset: number,
  bytes: number,
  access: 'read' | 'write',
): boolean {
  const from = (offset - state.u32(State.segmentStart + n * 8)) >>> 0;
  const at = (access === 'read' ? State.segmentReadable : State.segmentWritable) + n * 8;
  return from + bytes <= state.u32(at + 4) * TWO_32 + state.u32(at);
}

function setSize(state: X86State, offset: number, size: number): void {
  state.setHalves(offset, size >>> 0, size === TWO_32 ? 1 : 0);
}
