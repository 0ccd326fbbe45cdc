import type { DecoderMode, Encoding, X86Row } from '@qvm/isa-x86_64';
import type { Random } from '../random.js';
import { vexOf } from './encode.js';

/** Bytes of a string: one more than an instruction can have. */
export const STRING_BYTES = 16;

const PREFIXES = [0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];
/** First bytes of instructions with VEX, EVEX and XOP prefixes. */
const VEX_LIKE = [0xc4, 0xc5, 0x62, 0x8f];
const MAPS: readonly (readonly number[])[] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];
const MANDATORY: Readonly<Record<Encoding['prefix'], readonly number[]>> = {
  any: [],
  NP: [],
  NR: [],
  '66': [0x66],
  F2: [0xf2],
  F3: [0xf3],
};

/** The encodings of rows that a mode has. @experimental */
export function encodingsIn(rows: readonly X86Row[], { bits }: DecoderMode): readonly Encoding[] {
  const name = bits === 64 ? 'long' : 'legacy';
  return rows.flatMap(({ encodings }) => encodings.filter(({ modes }) => modes[name]));
}

/** An instruction of an encoding with random operands, followed by random bytes. @experimental */
export function randomString(random: Random, encoding: Encoding, long: boolean): Uint8Array {
  if (encoding.vex) return randomVexString(random, encoding, long);
  const rex = long && random.chance(0.5) ? 0x40 | random.below(16) : 0;
  return filled(random, [
    ...MANDATORY[encoding.prefix],
    ...(rex === 0 ? [] : [encoding.wide === undefined ? rex : (rex & ~8) | (encoding.wide ? 8 : 0)]),
    ...(MAPS[encoding.map] as readonly number[]),
    encoding.opcode + random.below(encoding.opcodes),
    ...modRmOf(random, encoding),
  ]);
}

function randomVexString(random: Random, encoding: Encoding, long: boolean): Uint8Array {
  const { wide } = encoding;
  const bits = long ? random.below(16) : random.below(2) * 8;
  const rex = wide === undefined ? bits : (bits & ~8) | (wide ? 8 : 0);
  const prefix = vexOf(random, encoding, rex, long ? 16 : 8);
  return filled(random, [...prefix, encoding.opcode, ...modRmOf(random, encoding)]);
}

function modRmOf(random: Random, { hasModRm, modRm, extension, operands }: Encoding): number[] {
  if (!hasModRm) return [];
  if (modRm >= 0) return [modRm];
  const places = operands.map(({ place }) => place);
  const byte = random.below(256);
  const reg = extension >= 0 ? extension << 3 : byte & 0x38;
  const mod = places.includes('memory') ? (byte & 0xc0) % 0xc0 : places.includes('rm-register') ? 0xc0 : byte & 0xc0;
  return [mod | reg | (byte & 7)];
}

/** A change of a string that may make it invalid. */
type Mutation = (random: Random, bytes: number[]) => void;

const insertPrefixes: Mutation = (random, bytes) => {
  const count = random.chance(0.05) ? random.between(8, 14) : random.between(1, 4);
  bytes.unshift(...Array.from({ length: count }, () => random.pick(PREFIXES)));
};

const MUTATIONS: readonly Mutation[] = [
  insertPrefixes,
  insertPrefixes,
  // A prefix or REX somewhere among the first bytes.
  (random, bytes) =>
    void bytes.splice(random.below(4), 0, random.chance(0.5) ? 0x40 | random.below(16) : random.pick(PREFIXES)),
  (_, bytes) => void bytes.unshift(0xf0),
  (random, bytes) => void bytes.unshift(0x40 | random.below(16)),
  (random, bytes) => {
    const at = random.below(6);
    bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
  },
  (random, bytes) => void (bytes[random.below(6)] = random.below(256)),
  (random, bytes) => void bytes.splice(random.below(5), 1),
  (random, bytes) => void bytes.splice(random.below(3), 0, random.pick(VEX_LIKE)),
];

/** A string of one of all kinds: of an encoding, mutated, or entirely random. */
export function fuzzString(random: Random, encodings: readonly Encoding[], { bits }: DecoderMode): Uint8Array {
  if (random.chance(0.1)) return filled(random, []);
  const bytes = [...randomString(random, random.pick(encodings), bits === 64)];
  const mutations = random.chance(0.3) ? 0 : random.between(1, 3);
  for (let i = 0; i < mutations; i++) random.pick(MUTATIONS)(random, bytes);
  return filled(random, bytes);
}

/** Prefixes before each opcode and ModRM byte of {@link opcodeString}. */
const SWEPT: readonly (readonly number[])[] = [
  [],
  [0x66],
  [0xf3],
  [0xf2],
  [0x48],
  [0x66, 0x48],
  [0xf3, 0x48],
  [0xf2, 0x48],
  [0x66, 0xf3],
  [0x66, 0xf2],
  [0xf0],
  [0x41],
];

/** Number of strings that {@link opcodeString} makes. */
export const OPCODE_STRINGS = SWEPT.length * MAPS.length * 0x1_0000;

/** String number `n` of all combinations of some prefixes, opcode map, opcode and ModRM byte. */
export function opcodeString(random: Random, n: number): Uint8Array {
  const prefixes = SWEPT[Math.floor(n / (MAPS.length * 0x1_0000))] as readonly number[];
  const map = MAPS[(n >> 16) % MAPS.length] as readonly number[];
  return filled(random, [...prefixes, ...map, (n >> 8) & 255, n & 255]);
}

/** The bytes, and random ones up to {@link STRING_BYTES}. */
function filled(random: Random, bytes: readonly number[]): Uint8Array {
  return Uint8Array.from({ length: STRING_BYTES }, (_, i) => bytes[i] ?? random.below(256));
}
