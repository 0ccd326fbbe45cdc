import { PAGE_BITS, Ty } from '@qvm/jit';
import type { V } from '@qvm/jit';
import { Gpr, State } from '../builder/layout.js';
import type { SegmentPlace, X86 } from '../builder/x86.js';
import type { InstructionInfo } from '../describe/instruction-info.js';

const PAGE_BYTES = 1 << PAGE_BITS;

/** An element that a string instruction accesses; its page was opened. @internal */
export interface StringAccess {
  readonly place: SegmentPlace;
  /** As wide as addresses are, zero-extended. */
  readonly offset: V;
  readonly access: 'read' | 'write';
}

/** The lesser of two i32. @internal */
export const lesser = (b: X86, x: V, y: V, as: 'signed' | 'unsigned' = 'signed'): V =>
  b.select(as === 'signed' ? b.lts(x, y) : b.ltu(x, y), x, y);

/** An unsigned number, or 1 instead of 0. @internal */
export const atLeastOne = (b: X86, rounds: V): V => b.add(rounds, b.eqz(rounds));

/** Whether all bytes of a value of 2, 4 or 8 bytes are equal. @internal */
export function isOneByte(b: X86, v: V, size: number): V {
  if (size > 1) return b.eq(v, b.rotl(v, b.imm(8)));
  return b.eq(b.and(v, b.imm(0xff)), b.shr(v, b.imm(8)));
}

/**
 * The rounds of REP that may be performed at once: an i32, at least 1. They do not leave the pages of the elements, do
 * exceed neither the count nor a segment, nor the instructions that may be retired. One round if DF is set, or if memory is not accessed
 * directly.
 *
 * @internal
 */
export function roundsAtOnce(b: X86, info: InstructionInfo, accesses: readonly StringAccess[]): V {
  const { addressSize, size } = info;
  const one = b.i32(1);
  const count = b.fixed(Gpr.RCX, addressSize);
  // A page has no more elements.
  const most = b.as(b.select(b.ltu(count, b.imm(PAGE_BYTES)), count, b.imm(PAGE_BYTES)), Ty.i32);
  let rounds = lesser(b, most, b.add(b.spareInstructions(), one));
  for (const { place, offset, access } of accesses) {
    const within = b.and(b.as(b.linearIn(place, offset), Ty.i32), b.imm(PAGE_BYTES - 1));
    rounds = lesser(b, rounds, b.shr(b.sub(b.i32(PAGE_BYTES), within), b.imm(size)));
    if (addressSize < 3) rounds = lesser(b, rounds, beforeWrap(b, offset, info));
    const room = b.roomIn(place, offset, access, PAGE_BYTES);
    if (room !== undefined) rounds = lesser(b, rounds, b.shr(room, b.imm(size)));
  }
  rounds = b.select(b.lts(rounds, one), one, rounds);
  for (const { place, offset, access } of accesses)
    rounds = b.whereDirect(b.linearIn(place, offset), access, rounds, one);
  return b.select(b.eq(b.stateAt(State.direction, 4), one), rounds, one);
}

/** Elements until the offset of 16 or 32 bits wraps, or more than a page has. */
function beforeWrap(b: X86, offset: V, { addressSize, size }: InstructionInfo): V {
  const rest = b.cut(b.neg(offset), addressSize);
  // 0 stands for all offsets.
  const bytes = b.select(b.ltu(b.sub(rest, b.i32(1)), b.imm(PAGE_BYTES)), rest, b.i32(PAGE_BYTES));
  return b.shr(bytes, b.imm(size));
}
