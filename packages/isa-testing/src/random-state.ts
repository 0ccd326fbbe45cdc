import { CODE_BASE, DATA_BASE, DATA_BYTES } from './instruction-harness.js';
import { MachineState } from './machine-state.js';
import type { Random } from './random.js';
import { accessOf, bits, branchesToRegister, comparedRegisters } from './word-class.js';
import type { Access } from './word-class.js';

/** Start address of programs in the code page, with room before it for short backward branches. */
export const CODE_START = CODE_BASE + 0x400;

/** Range of offsets in the data pages at which accesses are aimed; the other bytes are 0. */
const AIMED_FROM = 0xc00;
const AIMED_TO = 0x1500;

/** The initial state of a case. */
export interface CaseInput {
  readonly state: MachineState;
  readonly data: Uint8Array;
}

const SPECIAL_64 = [
  0n,
  1n,
  2n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  -1n,
  -2n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x8000_0001n,
];

/**
 * The initial state and memory for `words`, from a seed: critical values (limits, NaNs, denormals) are frequent, and
 * loads and stores nearly always access the data pages. Recordings store only the seed: after a change in this file,
 * record again.
 *
 * @experimental
 */
export function randomInput(random: Random, words: readonly number[]): CaseInput {
  const state = new MachineState();
  for (let n = 0; n < 31; n++) state.setX(n, randomGeneral(random, state, n));
  state.setX(31, BigInt(DATA_BASE + 0x1000 + random.between(-32, 32) * 16));
  const subject = words[words.length - 1] as number;
  const element = randomElement(random, subject);
  for (let n = 0; n < 32; n++) {
    const source = random.chance(0.9) ? element : randomElement(random, 0);
    state.setV(n, source(random) | (source(random) << 64n));
  }
  state.fpcr = randomFpcr(random);
  state.fpsr = random.chance(0.2) ? random.u32() & 0x0800_009f : 0;
  state.nzcv = random.below(16);
  state.pc = BigInt(CODE_START);
  const data = words.some((word) => accessOf(word) !== undefined)
    ? randomData(random, element)
    : new Uint8Array(DATA_BYTES);
  aim(random, { state, data }, subject);
  return { state, data };
}

function randomGeneral(random: Random, state: MachineState, n: number): bigint {
  const kind = random.below(20);
  if (kind < 5) return random.u64();
  if (kind < 9) return BigInt(random.below(80)) * (random.chance(0.2) ? -1n : 1n);
  if (kind < 13) return random.pick(SPECIAL_64) + (random.chance(0.2) ? BigInt(random.below(3)) : 0n);
  if (kind < 15) return random.u64() >> BigInt(random.below(64));
  if (kind < 16) return 1n << BigInt(random.below(64));
  if (kind < 18 && n > 0) return state.x(random.below(n));
  return random.u64() & random.u64() & random.u64();
}

function randomFpcr(random: Random): number {
  if (random.chance(0.5)) return 0;
  const flag = (bit: number, p: number): number => (random.chance(p) ? 1 << bit : 0);
  return (random.below(4) << 22) | flag(24, 0.4) | flag(25, 0.4) | flag(26, 0.2);
}

type Element = (random: Random) => bigint;

/** 64 bits of lanes of some shape; of the word's shape if that is known. */
function randomElement(random: Random, word: number): Element {
  const op = bits(word, 28, 25);
  const scalarFp = (op & 7) === 7 && bits(word, 30, 28) === 1;
  if (scalarFp && random.chance(0.9))
    return [floats(32), floats(64), integers(64), floats(16)][bits(word, 23, 22)] as Element;
  if ((op & 7) === 7 && random.chance(0.3)) return floats(bits(word, 22, 22) ? 64 : 32);
  if ((op & 7) === 7 && random.chance(0.6)) return integers(8 << bits(word, 23, 22));
  return random.pick([
    floats(16),
    floats(32),
    floats(32),
    floats(64),
    floats(64),
    integers(8),
    integers(16),
    integers(32),
    integers(64),
  ]);
}

function lanes(width: number, one: (random: Random) => bigint): Element {
  return (random) => {
    let value = 0n;
    for (let at = 0; at < 64; at += width) value |= BigInt.asUintN(width, one(random)) << BigInt(at);
    return value;
  };
}

function integers(width: number): Element {
  const top = 1n << BigInt(width - 1);
  const special = [
    0n,
    1n,
    2n,
    -1n,
    -2n,
    top,
    top - 1n,
    top + 1n,
    top >> 1n,
    BigInt(width),
    BigInt(width - 1),
    BigInt(-width),
  ];
  return lanes(width, (random) => {
    if (random.chance(0.4)) return random.pick(special);
    return random.chance(0.3) ? BigInt(random.between(-70, 70)) : random.u64();
  });
}

function floats(width: number): Element {
  const fraction = BigInt({ 16: 10, 32: 23, 64: 52 }[width] as number);
  const exponents = BigInt(width) - 1n - fraction;
  const bias = (1n << (exponents - 1n)) - 1n;
  const sign = 1n << BigInt(width - 1);
  const infinity = ((1n << exponents) - 1n) << fraction;
  const quiet = 1n << (fraction - 1n);
  const one = bias << fraction;
  const special = [
    0n,
    1n,
    (1n << fraction) - 1n,
    1n << fraction,
    infinity - 1n,
    infinity,
    infinity | quiet,
    infinity | 1n,
    infinity | quiet | 5n,
    one,
    one + 1n,
    one - 1n,
    one | quiet,
  ];
  return lanes(width, (random) => {
    const signBit = random.chance(0.5) ? sign : 0n;
    if (random.chance(0.35)) return random.pick(special) | signBit;
    if (random.chance(0.2)) return random.u64();
    // A number near 1, or near the limit of an integer type; few fraction bits, so that exact results and ties occur.
    const near = random.pick([0, 0, 0, 7, 15, 31, 63]) + random.between(-3, 3);
    const mask = random.chance(0.5) ? -1n << (fraction - BigInt(random.below(6))) : -1n;
    const exponent = BigInt.asUintN(Number(exponents), bias + BigInt(near));
    return signBit | (exponent << fraction) | (random.u64() & ((1n << fraction) - 1n) & mask);
  });
}

function randomData(random: Random, element: Element): Uint8Array {
  const data = new Uint8Array(DATA_BYTES);
  const words = new DataView(data.buffer);
  for (let at = AIMED_FROM; at < AIMED_TO; at += 64) {
    const value = random.chance(0.5) ? element(random) : random.u64();
    for (let i = 0; i < 64; i += 8) words.setBigUint64(at + i, value + BigInt(i), true);
  }
  return data;
}

/** Sets the registers that form an address so that the word accesses valid memory. */
function aim(random: Random, { state, data }: CaseInput, word: number): void {
  const n = bits(word, 9, 5);
  if (branchesToRegister(word)) {
    if (n < 31)
      state.setX(
        n,
        BigInt(random.chance(0.9) ? CODE_START + 4 * random.between(8, 60) : DATA_BASE + 4 * random.below(64)),
      );
    return;
  }
  const access = accessOf(word);
  if (!access || access.kind === 'literal') return;
  if (random.chance(0.02)) {
    // An address elsewhere: the access faults, but not because of its alignment, which QEMU does not always check.
    if (access.align > 1) state.setX(n, state.x(n) & -16n);
    return;
  }
  let target = DATA_BASE + 0x1000 + random.between(-700, 600);
  if (random.chance(0.4)) target &= -16;
  const align = n === 31 ? 16 : access.align;
  const index = access.kind === 'index' ? aimIndex(random, state, word, access) : 0;
  const base = target - access.offset - index;
  const aligned = access.align > 1 ? ((base + access.offset) & -align) - access.offset : base & -align;
  const start = n === 31 ? aligned & -16 : aligned;
  state.setX(n, BigInt(start));
  const compared = comparedRegisters(word);
  if (!compared || random.chance(0.3)) return;
  for (let i = 0; i < compared.count; i++) {
    const at = start - DATA_BASE + i * compared.bytes;
    const value = data
      .subarray(at, at + compared.bytes)
      .reduceRight((high, byte) => (high << 8n) | BigInt(byte), random.u64());
    if (compared.first + i < 31 && compared.first + i !== n) state.setX(compared.first + i, value);
  }
}

/** Gives the index register a small value under the word's extension; returns its contribution to the address. */
function aimIndex(random: Random, state: MachineState, word: number, { scale }: Access): number {
  const [m, option] = [bits(word, 20, 16), bits(word, 15, 13)];
  if (m === 31) return 0;
  const isSigned = option !== 2;
  const value = random.between(isSigned ? -20 : 0, 20);
  const high = option & 1 ? BigInt(value) >> 32n : BigInt(random.u32());
  state.setX(m, (high << 32n) | BigInt.asUintN(32, BigInt(value)));
  return value << scale;
}
