import type { V } from '@qvm/jit';
import { PackedFlag } from '../builder/flags.js';
import { State } from '../builder/layout.js';
import { ARITHMETIC_FLAGS, Flag } from '../builder/rflags.js';
import type { X86 } from '../builder/x86.js';

/** Bits of RFLAGS and of packed flags (SDM vol. 1, figure 3-8). */
const RFLAGS: readonly (readonly [flag: number, bit: number])[] = [
  [PackedFlag.CF, 0],
  [PackedFlag.PF, 2],
  [PackedFlag.AF, 4],
  [PackedFlag.ZF, 6],
  [PackedFlag.SF, 7],
  [PackedFlag.OF, 11],
];

/** Moves bits of a number to other places. */
function moveBits(b: X86, v: V, moves: readonly (readonly [from: number, to: number])[]): V {
  return moves
    .map(([from, to]) => {
      const bit = b.and(v, b.imm(2 ** from));
      return to >= from ? b.shl(bit, b.imm(to - from)) : b.shr(bit, b.imm(from - to));
    })
    .reduce((sum, bit) => b.or(sum, bit));
}

/** The status flags as bits of RFLAGS, an i32. @internal */
export function statusFlags(b: X86): V {
  return moveBits(
    b,
    b.packedFlags(),
    RFLAGS.map(([flag, bit]) => [Math.log2(flag), bit]),
  );
}

/** Sets the status flags from bits of RFLAGS, an i32; `keepsOverflow`: all but OF. @internal */
export function setStatusFlags(b: X86, rflags: V, keepsOverflow = false): void {
  const all = RFLAGS.filter(([flag]) => !keepsOverflow || flag !== PackedFlag.OF);
  const packed = moveBits(
    b,
    rflags,
    all.map(([flag, bit]) => [bit, Math.log2(flag)]),
  );
  b.setPackedFlags(keepsOverflow ? b.or(packed, b.and(b.packedFlags(), b.imm(PackedFlag.OF))) : packed);
}

/** RFLAGS without RF and VM, as PUSHF pushes them: an i32. @internal */
export function pushedFlags(b: X86): V {
  const direction = b.and(b.shr(b.stateAt(State.direction, 4), b.imm(21)), b.imm(0x400));
  const others = b.and(b.stateAt(State.eflags, 4), b.imm(~0x3_0000));
  return b.or(b.or(others, direction), statusFlags(b));
}

/** Sets RFLAGS, an i32. @internal */
export function setFlagsRegister(b: X86, rflags: V): void {
  b.setState(State.eflags, b.or(b.and(rflags, b.imm(~(ARITHMETIC_FLAGS | Flag.DF))), b.imm(Flag.Fixed)));
  b.setState(State.direction, b.select(b.and(rflags, b.imm(Flag.DF)), b.i32(-1), b.i32(1)));
  setStatusFlags(b, rflags);
}
