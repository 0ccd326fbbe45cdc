import type { CpuState } from '@qvm/engine';
import { FlagKind, PackedFlag as Packed, State } from '@qvm/isa-x86_64';

const WORD = 0xffff_ffff;
/** The flags that the second operand of {@link FlagKind.Result} and {@link FlagKind.Logic} holds. */
const OTHERS = Packed.CF | Packed.OF | Packed.AF;

/**
 * Computes the packed arithmetic flags of a state from the last operation that set them, as generated code does.
 *
 * The highest 32 bits of each operand decide CF, OF and SF: those of narrower operands are shifted there.
 *
 * @experimental
 */
export function packedFlags(state: CpuState): number {
  const kind = state.u32(State.flagKind);
  const x = state.u32(State.flagX);
  if (kind === Number(FlagKind.Packed)) return x;
  const y = state.u32(State.flagY);
  const size = kind & 3;
  const wide = size === 3;
  const shift = wide ? 0 : 32 - (8 << size);
  const xTop = wide ? state.u32(State.flagX + 4) : (x << shift) >>> 0;
  const yTop = wide ? state.u32(State.flagY + 4) : (y << shift) >>> 0;
  switch ((kind & ~3) as FlagKind) {
    case FlagKind.Sub: {
      const low = (x - y) >>> 0;
      const top = xTop - yTop - (wide && x < y ? 1 : 0);
      return resultFlags(low, top, wide) | sumFlags(x ^ y ^ low, top < 0, (xTop ^ yTop) & (xTop ^ top));
    }
    case FlagKind.Add: {
      const low = (x + y) >>> 0;
      const top = xTop + yTop + (wide && x + y > WORD ? 1 : 0);
      return resultFlags(low, top, wide) | sumFlags(x ^ y ^ low, top > WORD, (xTop ^ top) & (yTop ^ top));
    }
    case FlagKind.Result:
    case FlagKind.Logic:
      return resultFlags(x, xTop, wide) | (y & OTHERS);
    case FlagKind.Packed:
  }
  throw new Error(`there are no lazy flags of kind ${kind}`);
}

/** CF, AF and OF: of bit 4 of `carries` and the sign of `overflow`. */
function sumFlags(carries: number, carry: boolean, overflow: number): number {
  return (carry ? Packed.CF : 0) | (carries & 16 ? Packed.AF : 0) | (overflow < 0 ? Packed.OF : 0);
}

/** PF, ZF and SF. The low word counts for ZF only where it is not part of the highest bits. */
function resultFlags(low: number, top: number, wide: boolean): number {
  let ones = low & 0xff;
  for (let shift = 4; shift > 0; shift >>= 1) ones ^= ones >> shift;
  const zero = (top | 0) === 0 && (!wide || low === 0);
  return (ones & 1 ? 0 : Packed.PF) | (zero ? Packed.ZF : 0) | ((top | 0) < 0 ? Packed.SF : 0);
}
