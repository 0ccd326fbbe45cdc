import { VmMemory } from '@qvm/core/architecture';
import { FlagKind, PackedFlag, State } from '@qvm/isa-x86_64';
import { PLAN } from '../system/translation-bench.test.helper.js';
import { packedFlags } from './lazy-flags.js';
import { X86State } from './x86-state.js';

const SIZES = [0, 1, 2, 3] as const;
const VALUES = [0n, 1n, 0xfn, 0x10n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x1_0000n].flatMap((value) => [
  value,
  value << 16n,
  value << 32n,
  (value << 47n) & (2n ** 64n - 1n),
  2n ** 64n - 1n - value,
]);

const state = X86State.allocate(new VmMemory(0x2_0000), PLAN);

function flagsOf(kind: number, x: bigint, y: bigint): number {
  state.setU32(State.flagKind, kind);
  state.setU64(State.flagX, x);
  state.setU64(State.flagY, y);
  return packedFlags(state);
}

/** The flags of the mathematical result of an operation on numbers of some bits (SDM vol. 1, 3.4.3.1). */
function expected(subtract: boolean, bits: number, x: bigint, y: bigint): number {
  const unsigned = subtract ? x - y : x + y;
  const [sx, sy] = [BigInt.asIntN(bits, x), BigInt.asIntN(bits, y)];
  const signed = subtract ? sx - sy : sx + sy;
  const nibbles = subtract ? (x & 15n) - (y & 15n) : (x & 15n) + (y & 15n);
  return resultOf(BigInt.asUintN(bits, unsigned), bits, {
    CF: unsigned !== BigInt.asUintN(bits, unsigned),
    OF: signed !== BigInt.asIntN(bits, signed),
    AF: nibbles < 0n || nibbles > 15n,
  });
}

function resultOf(result: bigint, bits: number, others: Readonly<Record<'CF' | 'OF' | 'AF', boolean>>): number {
  const ones = [...(result & 0xffn).toString(2)].filter((digit) => digit === '1').length;
  const flags = { ...others, PF: ones % 2 === 0, ZF: result === 0n, SF: result >> BigInt(bits - 1) === 1n };
  return Object.entries(flags).reduce((sum, [name, set]) => sum | (set ? PackedFlag[name as 'CF'] : 0), 0);
}

describe('lazy flags', () => {
  it.each(SIZES)('of sums and differences are those of numbers of 8 << %d bits', (size) => {
    const bits = 8 << size;
    for (const a of VALUES) {
      for (const b of VALUES) {
        // Upper bits of the second operand do not count.
        const [x, y] = [BigInt.asUintN(bits, a), BigInt.asUintN(bits, b)];
        for (const subtract of [false, true]) {
          const found = flagsOf((subtract ? FlagKind.Sub : FlagKind.Add) | size, a, b);
          if (found !== expected(subtract, bits, x, y)) throw new Error(`${x} ${subtract ? '-' : '+'} ${y}: ${found}`);
        }
      }
    }
    expect(flagsOf(FlagKind.Sub | size, 0n, 1n) & PackedFlag.CF).toBe(PackedFlag.CF);
  });

  it.each(SIZES)('of results of 8 << %d bits have CF, OF and AF from the second operand', (size) => {
    const bits = 8 << size;
    for (const value of VALUES) {
      for (const others of [0, PackedFlag.CF, PackedFlag.OF, PackedFlag.AF, 0xff]) {
        const flag = (of: number): boolean => (others & of) !== 0;
        const set = { CF: flag(PackedFlag.CF), OF: flag(PackedFlag.OF), AF: flag(PackedFlag.AF) };
        expect(flagsOf(FlagKind.Result | size, value, BigInt(others))).toBe(
          resultOf(BigInt.asUintN(bits, value), bits, set),
        );
      }
    }
  });
});
