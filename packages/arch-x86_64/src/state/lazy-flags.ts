import type { CpuState } from '@qvm/engine';
import { FlagKind, PackedFlag as Packed, State } from '@qvm/isa-x86_64';

/**
 * Computes the packed arithmetic flags of a state from the last operation that set them, as generated code does.
 *
 * @experimental
 */
export function packedFlags(state: CpuState): number {
  const kind = state.u32(State.flagKind);
  if (kind === Number(FlagKind.Packed)) return state.u32(State.flagX);
  const bits = 8n << BigInt(kind & 3);
  const cut = (value: bigint): bigint => BigInt.asUintN(Number(bits), value);
  const x = cut(state.u64(State.flagX));
  const y = state.u64(State.flagY);
  switch ((kind & ~3) as FlagKind) {
    case FlagKind.Sub:
      return sumFlags(x, cut(y), cut(x - cut(y)), bits, x < cut(y), x ^ cut(y));
    case FlagKind.Add:
      return sumFlags(x, cut(y), cut(x + cut(y)), bits, (x + cut(y)) >> bits !== 0n, ~(x ^ cut(y)));
    case FlagKind.Result:
    case FlagKind.Logic:
      return resultFlags(x, bits) | Number(y & BigInt(Packed.CF | Packed.OF | Packed.AF));
    case FlagKind.Packed:
  }
  throw new Error(`there are no lazy flags of kind ${kind}`);
}

/** Flags of a sum or difference. `signs` has the sign bit set if the operands can overflow. */
function sumFlags(x: bigint, y: bigint, result: bigint, bits: bigint, carry: boolean, signs: bigint): number {
  const overflow = ((x ^ result) & signs) >> (bits - 1n);
  return (
    resultFlags(result, bits) |
    (carry ? Packed.CF : 0) |
    (overflow & 1n ? Packed.OF : 0) |
    ((x ^ y ^ result) & 16n ? Packed.AF : 0)
  );
}

function resultFlags(result: bigint, bits: bigint): number {
  let ones = Number(result & 0xffn);
  for (let shift = 4; shift > 0; shift >>= 1) ones ^= ones >> shift;
  return (ones & 1 ? 0 : Packed.PF) | (result === 0n ? Packed.ZF : 0) | ((result >> (bits - 1n)) & 1n ? Packed.SF : 0);
}
