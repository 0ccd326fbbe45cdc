import type { Random } from '@qvm/isa-testing';
import { PAGE_BYTES } from '@qvm/engine';
import { pagesOf } from './translation-bench.test.helper.js';
import type { TranslationBench } from './translation-bench.test.helper.js';

/** Bytes of MAIR_EL1: mostly Normal memory, some Device memory and some that are neither. */
const ATTRIBUTES = [0xff, 0xff, 0xff, 0x44, 0xbb, 0xf0, 0x00, 0x04, 0x0c, 0x40] as const;
const [GRANULE_0, GRANULE_1] = [
  [0, 0, 0, 0, 0, 0, 0, 1, 2],
  [2, 2, 2, 2, 2, 2, 2, 1, 3],
] as const;
const MOST_BITS = 48;
const LEVEL_BITS = 9;
const PAGE_BITS = 12;
const LAST_LEVEL = 3;

/** A half of the address space, with the geometry of its tables. */
interface Half {
  readonly upper: boolean;
  readonly root: number;
  readonly bits: number;
}

/** One random address space with granules of 4 KiB, whatever TCR_EL1 says. */
export class RandomTables {
  readonly #halves: readonly Half[];
  readonly #planted: bigint[] = [];

  constructor(
    private readonly bench: TranslationBench,
    private readonly random: Random,
  ) {
    bench.clear();
    this.#halves = [this.#half(false), this.#half(true)];
    const [lower, upper] = this.#halves as readonly [Half, Half];
    const attributes = Array.from({ length: 8 }, (_, i) => BigInt(random.pick(ATTRIBUTES)) << BigInt(i * 8));
    bench.control({
      SCTLR_EL1: this.#bit(0.97, 0) | this.#bit(0.05, 19),
      MAIR_EL1: attributes.reduce((all, one) => all | one),
      TCR_EL1: this.#tcr(lower, upper),
      TTBR0_EL1: BigInt(lower.root) | (BigInt(random.below(0x1_0000)) << 48n) | this.#bit(0.5, 0),
      TTBR1_EL1: BigInt(upper.root) | (BigInt(random.below(0x1_0000)) << 48n),
    });
  }

  /** Maps a page or block, or makes an invalid descriptor, and returns an address that it translates. */
  plant(): bigint {
    const { random } = this;
    const half = random.pick(this.#halves);
    const near = this.#planted.length > 0 && random.chance(0.6);
    const any = near
      ? random.pick(this.#planted) ^ (random.u64() >> BigInt(random.between(64 - 40, 63)))
      : random.u64();
    const inside = BigInt.asUintN(half.bits, any);
    const va = half.upper ? BigInt.asUintN(64, inside - (1n << BigInt(half.bits))) : inside;
    this.#mapAt(half, va);
    this.#planted.push(va);
    return va;
  }

  /** A random address close to a given one. */
  vary(va: bigint): bigint {
    const { random } = this;
    switch (random.below(10)) {
      case 0:
        return va ^ (1n << BigInt(random.below(64)));
      case 1:
        return BigInt.asUintN(64, va + (BigInt(random.between(-3, 3)) << 12n));
      case 2:
        return va ^ BigInt(random.below(1 << 21));
      case 3:
        return BigInt.asUintN(56, va) | (BigInt(random.below(256)) << 56n);
      case 4:
        return BigInt.asUintN(64, va + BigInt(random.between(-2, 2)) * (1n << 21n));
      default:
        return random.chance(0.05) ? random.u64() : va;
    }
  }

  #half(upper: boolean): Half {
    const { random, bench } = this;
    const bits = random.pick([25, 30, 31, 36, 39, 39, 39, 42, 48, 48, random.between(25, MOST_BITS)]);
    const entries = 2 ** Math.max(3, ((bits - PAGE_BITS - 1) % LEVEL_BITS) + 1);
    const room = random.pick([bench.main, bench.main, bench.main, bench.main, bench.main, bench.other, bench.rom]);
    const tables = room.size / (entries * 8);
    const table = random.chance(0.2) ? tables - 1 : random.below(tables);
    return { upper, bits, root: random.chance(0.02) ? bench.end : room.base + table * entries * 8 };
  }

  #tcr(lower: Half, upper: Half): bigint {
    const { random } = this;
    // A size that the architecture does not have stands for the nearest one that it has.
    const size = ({ bits }: Half): bigint => BigInt(bits === MOST_BITS ? random.between(0, 16) : 64 - bits);
    return (
      size(lower) |
      (size(upper) << 16n) |
      this.#bit(0.04, 7) |
      this.#bit(0.04, 23) |
      this.#bit(0.5, 22) |
      this.#bit(0.5, 36) |
      this.#bit(0.5, 37) |
      this.#bit(0.5, 38) |
      (BigInt(random.pick(GRANULE_0)) << 14n) |
      (BigInt(random.pick(GRANULE_1)) << 30n) |
      (BigInt(random.pick([0, 2, 4, 5, 5, 5, 5])) << 32n)
    );
  }

  #mapAt(half: Half, va: bigint): void {
    const { bench, random } = this;
    let table = half.root;
    let level = LAST_LEVEL + 1 - Math.ceil((half.bits - PAGE_BITS) / LEVEL_BITS);
    for (let first = true; ; level++, first = false) {
      const shift = PAGE_BITS + (LAST_LEVEL - level) * LEVEL_BITS;
      const index = BigInt.asUintN(half.bits, va) >> BigInt(shift);
      const at = table + Number(first ? index : BigInt.asUintN(LEVEL_BITS, index)) * 8;
      if (!bench.holds(at)) return;
      const old = bench.read64(at);
      const goesOn = level < LAST_LEVEL && (old === 0n ? random.chance(level === 2 ? 0.6 : 0.9) : (old & 3n) === 3n);
      if (old === 0n) bench.write64(at, goesOn ? this.#tableDescriptor() : this.#leaf(level));
      if (!goesOn) return;
      table = Number(bench.read64(at) & 0xffff_ffff_f000n);
    }
  }

  #tableDescriptor(): bigint {
    const restrictions = this.random.chance(0.25) ? this.random.u64() & (0x1fn << 59n) : 0n;
    return BigInt(this.#address(0.9)) | 3n | restrictions;
  }

  /** A block or page descriptor; all other bits are random. */
  #leaf(level: number): bigint {
    const { random } = this;
    const anything = random.u64() & 0x07f8_0000_0000_0bfcn;
    const span = BigInt(2 ** (PAGE_BITS + (LAST_LEVEL - level) * LEVEL_BITS));
    const address = BigInt(this.#address(0.8));
    const output = random.chance(0.9) ? address & -span : address;
    const type = this.#bit(0.95, 0) | this.#bit(level === LAST_LEVEL ? 0.95 : 0, 1);
    return output | anything | this.#bit(0.93, 10) | type;
  }

  /** The address of a page, in the main RAM with the given probability. */
  #address(inRam: number): number {
    const { random, bench } = this;
    const { main, other, rom } = bench;
    if (random.chance(inRam)) return main.base + random.below(pagesOf(main)) * PAGE_BYTES;
    return random.pick([
      bench.end - PAGE_BYTES,
      bench.end,
      main.base,
      main.base - PAGE_BYTES,
      other.base + random.below(pagesOf(other)) * PAGE_BYTES,
      rom.base + random.below(pagesOf(rom)) * PAGE_BYTES,
      random.below(2 ** 20) * PAGE_BYTES,
      random.below(2 ** 32) * 16 * PAGE_BYTES,
    ]);
  }

  #bit(probability: number, position: number): bigint {
    return this.random.chance(probability) ? 1n << BigInt(position) : 0n;
  }
}
