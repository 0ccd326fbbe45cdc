import { x86Tables } from '@qvm/isa-x86_64';
import type { Encoding, X86Row } from '@qvm/isa-x86_64';
import type { Random } from '../random.js';
import { WINDOW, WINDOW_BYTES, encodeRandom } from './encode.js';
import { randomFloats, randomImage } from './float-values.js';
import { VECTOR_BYTES } from './result.js';

/** One instruction with the state before it. */
export interface Case {
  readonly row: X86Row;
  readonly bytes: readonly number[];
  readonly registers: readonly bigint[];
  /** Status flags and DF, as bits of RFLAGS. */
  readonly flags: number;
  /** XMM0–XMM15, then the upper halves of YMM0–YMM15. */
  readonly vectors: Uint8Array;
  /** The first 160 bytes of an image of FXSAVE: x87 registers and MXCSR. */
  readonly image: Uint8Array;
  readonly data: Uint8Array;
}

/** Instructions that a program of user mode cannot execute, or whose results say more of its system than of the processor. */
const NOT_RECORDED = new Set([
  'CLI',
  'STI',
  'ENTER',
  'PUSHF, PUSHFQ',
  'MOV (from segment register)',
  'PUSH (segment register)',
  'POPF, POPFQ',
  'LDMXCSR',
  'STMXCSR',
]);
/** Approximations and transcendental functions, in whose last places processors differ. */
const INEXACT = /^(RCP|RSQRT)[PS]S$|^(F2XM1|FYL2X|FYL2XP1|FPTAN|FPATAN|FSIN|FCOS|FSINCOS)$/;
const TABLES = [
  'aes',
  'arithmetic',
  'avx',
  'bits',
  'bmi',
  'division',
  'f16c',
  'fma',
  'mmx',
  'moves',
  'shifts',
  'sse-convert',
  'sse-float',
  'sse-integer',
  'sse-moves',
  'sse4',
  'sse4-elements',
  'sse4-strings',
  'ssse3',
  'stack',
  'strings',
  'x87-arithmetic',
  'x87-control',
  'x87-environment',
  'x87-moves',
] as const;
const [RSP, RBP, RSI, RDI, RCX, RBX, RAX, RDX] = [4, 5, 6, 7, 1, 3, 0, 2];

/** The rows that are recorded. */
export const recordedRows: readonly X86Row[] = TABLES.flatMap((table) => x86Tables[table]).filter(
  ({ name, encodings }) => !NOT_RECORDED.has(name) && !INEXACT.test(name) && encodings.some(({ modes }) => modes.long),
);

/** Rows whose operands are mostly floating-point numbers. */
const FLOAT_ROWS = new Set<X86Row>([
  ...x86Tables.f16c,
  ...x86Tables.fma,
  ...x86Tables['sse-float'],
  ...x86Tables['sse-convert'],
  ...x86Tables['x87-arithmetic'],
  ...x86Tables['x87-moves'],
]);

/** Offset of the first x87 register in an image. */
const FIRST_X87_REGISTER = 32;

/** Whether operands of an encoding, which is none of x87, are in MMX registers. */
const usesMmx = ({ map, operands }: Encoding): boolean =>
  map !== 0 && operands.some(({ registers }) => registers === 'mmx');

/** Random cases of a row: `count` for each encoding, operand size, and register or memory. */
export function* casesOf(random: Random, row: X86Row, count: number): Generator<Case> {
  for (const encoding of row.encodings) {
    if (!encoding.modes.long) continue;
    for (const [size, inMemory] of variantsOf(encoding))
      for (let i = 0; i < count; i++) yield randomCase(random, row, encoding, size, inMemory);
  }
}

function variantsOf(encoding: Encoding): readonly (readonly [size: number, inMemory: boolean])[] {
  const { operands } = encoding;
  const sized = operands.some(({ type }) => ['v', 'z', 'y'].includes(type));
  const sizes = !sized
    ? [2]
    : encoding.default64 === undefined
      ? [1, 2, 3]
      : encoding.default64 === 'd64'
        ? [1, 3]
        : [3];
  const places = operands.map(({ place }) => place);
  const memories = places.includes('memory') ? [true] : places.includes('rm') ? [false, true] : [false];
  return sizes.flatMap((size) => memories.map((inMemory) => [size, inMemory] as const));
}

const SPECIAL = [0n, 1n, 2n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn];
const WIDE = [0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn, 0xffff_ffff_8000_0000n];

function randomValue(random: Random): bigint {
  const kind = random.below(4);
  if (kind === 0) return random.pick([...SPECIAL, ...WIDE]);
  if (kind === 1) return random.u64() >> BigInt(random.below(64));
  return random.u64();
}

function randomCase(random: Random, row: X86Row, encoding: Encoding, size: number, inMemory: boolean): Case {
  const { bytes, registers: fixed, vectorIndex } = encodeRandom(random, row, encoding, size, inMemory);
  const registers = Array.from({ length: 16 }, () => randomValue(random));
  const at = (): bigint => BigInt(WINDOW + 64 + random.below(96));
  const { name, options } = row;
  const prefixes: number[] = [];
  let flags = random.u32() & 0x8d5;
  if (['PUSH', 'POP', 'LEAVE'].includes(name)) registers[RSP] = registers[RBP] = at();
  if (name.startsWith('MASKMOV')) registers[RDI] = at();
  if (name.startsWith('PCMPESTR')) [registers[RAX], registers[RDX]] = [randomLength(random), randomLength(random)];
  if (name === 'XLAT') [registers[RBX], registers[RAX]] = [at(), BigInt(random.below(60))];
  if (options.string && name !== 'XLAT') {
    [registers[RSI], registers[RDI], registers[RCX]] = [at(), at(), BigInt(random.below(8))];
    if (random.chance(0.6)) prefixes.push(random.pick([0xf2, 0xf3]));
    if (random.chance(0.3)) flags |= 0x400;
  }
  if (name === 'DIV' || name === 'IDIV') makeDivisible(random, registers);
  if (name.startsWith('BT')) shortenBitNumbers(registers);
  for (const [n, value] of fixed) registers[n] = value;
  const randomBytes = (count: number): Uint8Array =>
    Uint8Array.from({ length: count }, () => random.pick([0, 1, 0x7f, 0x80, 0xff, random.below(256)]));
  const floats = FLOAT_ROWS.has(row) && random.chance(0.9);
  const vectors = floats ? randomFloats(random, VECTOR_BYTES) : randomBytes(VECTOR_BYTES);
  // Counts of shifts are mostly small.
  if (name.startsWith('PS') && random.chance(0.7))
    for (let i = 0; i < VECTOR_BYTES; i += 8) vectors.fill(0, i + 1, i + 8);
  if (vectorIndex !== undefined) putIndices(random, vectors, vectorIndex, /^VP?GATHERD/.test(name) ? 4 : 8);
  const data = floats ? randomFloats(random, WINDOW_BYTES) : randomBytes(WINDOW_BYTES);
  const image = randomImage(random);
  if (usesMmx(encoding)) for (let n = 0; n < 8; n++) image.set(randomBytes(8), FIRST_X87_REGISTER + 16 * n);
  return { row, bytes: [...prefixes, ...bytes], registers, flags, vectors, image, data };
}

/** Makes most elements of a vector register small. @param size - bytes of an element. */
function putIndices(random: Random, vectors: Uint8Array, register: number, size: 4 | 8): void {
  const view = new DataView(vectors.buffer);
  for (const half of [0, VECTOR_BYTES / 2])
    for (let at = half + register * 16; at < half + register * 16 + 16; at += size) {
      if (random.chance(0.03)) continue;
      const index = random.between(-8, 7);
      if (size === 4) view.setInt32(at, index, true);
      else view.setBigInt64(at, BigInt(index), true);
    }
}

/** The length of a string: sometimes too large, or negative. */
const randomLength = (random: Random): bigint =>
  random.chance(0.8) ? BigInt(random.between(-20, 20)) : randomValue(random);

/** Makes most quotients fit. */
function makeDivisible(random: Random, registers: bigint[]): void {
  if (random.chance(0.7)) registers[2] = random.pick([0n, 0n, 0xffff_ffff_ffff_ffffn]);
}

/** The bit that a number in a register names must be in the window of data. */
function shortenBitNumbers(registers: bigint[]): void {
  registers.forEach((value, n) => (registers[n] = BigInt.asUintN(64, BigInt.asIntN(9, value))));
}
