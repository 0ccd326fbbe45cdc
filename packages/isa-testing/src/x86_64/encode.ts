import type { Encoding, X86Row } from '@qvm/isa-x86_64';
import type { Random } from '../random.js';
import { DATA_BASE } from './bare-machine.js';

/** Where recordings place their instruction, and the window of data that they compare. */
export const INSTRUCTION = 0x1000_0800;
export const WINDOW = DATA_BASE + 2048;
export const WINDOW_BYTES = 256;

/** An encoded instruction, and the registers that its address needs. */
export interface Encoded {
  readonly bytes: readonly number[];
  readonly registers: ReadonlyMap<number, bigint>;
  /** The vector register that is the index of its address. */
  readonly vectorIndex?: number;
}

const bytesOf = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.floor(value / 2 ** (8 * i)) & 255);

/** The parts of ModRM, SIB and displacement of an operand in memory. */
interface Memory {
  readonly mod: number;
  readonly rm: number;
  readonly rest: readonly number[];
  readonly rexXB: number;
  /** Bytes of RIP-relative displacements are known when the length is. */
  readonly ripTo?: number;
}

/** Encodes a random instruction of an encoding in 64-bit mode. @param size - log2 of the operand size in bytes, 1–3. */
export function encodeRandom(
  random: Random,
  row: X86Row,
  encoding: Encoding,
  size: number,
  inMemory: boolean,
): Encoded {
  const registers = new Map<number, bigint>();
  const { operands } = encoding;
  const reg = encoding.extension >= 0 ? encoding.extension : random.below(16);
  const rm = random.below(16);
  // Images of FNSAVE take 108 bytes of the window.
  const anywhere = WINDOW + (row.name === 'FNSAVE' || row.name === 'FRSTOR' ? 0 : 64) + random.below(100);
  // Some moves of vectors must be aligned.
  const address = encoding.vex && random.chance(0.5) ? anywhere - (anywhere % 32) : anywhere;
  const isVectorIndexed = operands.some(({ vectorIndex }) => vectorIndex !== undefined);
  const indexVector = random.below(16);
  const memory = isVectorIndexed
    ? vectorIndexed(random, address, indexVector, registers)
    : inMemory
      ? randomMemory(random, row, address, registers)
      : undefined;
  const opcodeRegister = random.below(16);
  const hasOpcodeRegister = operands.some(({ place }) => place === 'opcode');
  const isSized = operands.some(({ type }) => ['v', 'z', 'y'].includes(type));
  const ignored = encoding.vex && !isSized && random.chance(0.2);
  const wide = encoding.wide ?? (ignored || (size === 3 && encoding.default64 === undefined));
  let rex = wide ? 8 : 0;
  if (encoding.hasModRm && encoding.extension < 0) rex |= (reg & 8) >> 1;
  if (memory) rex |= memory.rexXB;
  else if (encoding.hasModRm) rex |= rm >> 3;
  if (hasOpcodeRegister) rex |= opcodeRegister >> 3;
  const bytes = encoding.vex ? vexOf(random, encoding, rex) : legacyPrefixes(random, encoding, size, wide, rex);
  bytes.push(...(encoding.vex ? [encoding.opcode] : opcodeOf(encoding, random, opcodeRegister)));
  if (encoding.modRm >= 0) bytes.push(encoding.modRm);
  else if (memory) bytes.push((memory.mod << 6) | ((reg & 7) << 3) | memory.rm, ...memory.rest);
  else if (encoding.hasModRm) bytes.push(0xc0 | ((reg & 7) << 3) | (rm & 7));
  const displacementAt = bytes.length;
  if (memory?.ripTo !== undefined) bytes.push(0, 0, 0, 0);
  for (const { place, type } of operands) {
    if (place === 'offset') bytes.push(...bytesOf(address, 4), 0, 0, 0, 0);
    else if (place === 'immediate') bytes.push(...randomImmediate(random, type, size));
    else if (place === 'is4') bytes.push(random.below(256));
  }
  if (memory?.ripTo !== undefined)
    bytes.splice(displacementAt, 4, ...bytesOf(memory.ripTo - (INSTRUCTION + bytes.length), 4));
  return { bytes, registers, ...(isVectorIndexed ? { vectorIndex: indexVector } : {}) };
}

/** An operand in memory whose index register is a vector. */
function vectorIndexed(random: Random, address: number, index: number, registers: Map<number, bigint>): Memory {
  const base = random.pick([3, 6, 7, 9, 10, 11, 12, 14, 15]);
  const displacement = random.between(-60, 60);
  registers.set(base, BigInt(address - displacement));
  const sib = (random.below(4) << 6) | ((index & 7) << 3) | (base & 7);
  const rexXB = (base >> 3) | ((index >> 3) << 1);
  return { mod: 1, rm: 4, rest: [sib, ...bytesOf(displacement < 0 ? displacement + 2 ** 32 : displacement, 1)], rexXB };
}

/**
 * A VEX prefix, of two bytes where that is possible, with a random register in vvvv if the encoding has one.
 *
 * @param rex - bits W, R, X and B as REX has them; outside of 64-bit mode W alone.
 * @param registers - number of registers that vvvv can name in the mode.
 * @experimental
 */
export function vexOf(
  random: Random,
  { map, prefix, operands, vectorLength }: Encoding,
  rex: number,
  registers = 16,
): number[] {
  const names = operands.some(({ place, first }) => place === 'vvvv' || first?.place === 'vvvv');
  const vvvv = names ? random.below(registers) : 0;
  const length = vectorLength ?? random.below(2);
  const last = ((~vvvv & 15) << 3) | (length << 2) | ['NP', '66', 'F3', 'F2'].indexOf(prefix);
  const inverted = (~rex & 7) << 5;
  if (map === 1 && (rex & 11) === 0 && random.chance(0.5)) return [0xc5, (inverted & 0x80) | last];
  return [0xc4, inverted | map, ((rex & 8) << 4) | last];
}

/** Legacy prefixes and REX. */
function legacyPrefixes(random: Random, encoding: Encoding, size: number, wide: boolean, rex: number): number[] {
  const plainRex = rex === 0 && random.chance(0.2) ? [0x40] : [];
  return [...prefixesOf(encoding, size, wide), ...(rex ? [0x40 | rex] : plainRex)];
}

function prefixesOf({ prefix, default64 }: Encoding, size: number, wide: boolean): number[] {
  const prefixes: number[] = [];
  if (size === 1 && !wide && default64 !== 'f64') prefixes.push(0x66);
  if (prefix === 'F3') prefixes.push(0xf3);
  if (prefix === 'F2') prefixes.push(0xf2);
  if (prefix === '66' && !prefixes.includes(0x66)) prefixes.push(0x66);
  return prefixes;
}

function opcodeOf({ map, opcode, opcodes }: Encoding, random: Random, register: number): number[] {
  const last = opcodes === 8 ? opcode | (register & 7) : opcodes === 16 ? opcode | random.below(16) : opcode;
  return [[last], [0x0f, last], [0x0f, 0x38, last], [0x0f, 0x3a, last]][map] as number[];
}

function randomImmediate(random: Random, type: string, size: number): number[] {
  const count = type === 'b' ? 1 : type === 'w' ? 2 : type === 'z' ? Math.min(4, 1 << size) : 1 << size;
  const special = [0, 0xff, 0x7f, 0x80];
  const fill = random.chance(0.3) ? random.pick(special) : undefined;
  return Array.from({ length: count }, () => fill ?? random.below(256));
}

/** An operand in memory at an address, in one of the forms of addresses. */
function randomMemory(random: Random, row: X86Row, address: number, registers: Map<number, bigint>): Memory {
  const form = random.below(6);
  if (form === 0) return { mod: 0, rm: 5, rest: [], rexXB: 0, ripTo: address };
  if (form === 1) return { mod: 0, rm: 4, rest: [0x25, ...bytesOf(address, 4)], rexXB: 0 };
  // The base must not be a register that the instruction uses otherwise.
  const base = random.pick([3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15]);
  const small = random.between(-60, 60);
  const displacement = form === 2 ? small : form === 3 ? random.between(-100_000, 100_000) : small;
  const mod = form === 3 ? 2 : 1;
  const encoded = bytesOf(displacement < 0 ? displacement + 2 ** 32 : displacement, mod === 1 ? 1 : 4);
  const indexed = form >= 4;
  const index = indexed ? random.pick([6, 7, 8, 9, 10, 14, 15].filter((n) => n !== base)) : 4;
  const scale = indexed ? random.below(4) : 0;
  const value = BigInt(random.below(40));
  registers.set(base, BigInt(address - displacement) - (indexed ? value << BigInt(scale) : 0n));
  if (indexed) registers.set(index, value);
  if (!indexed && (base & 7) !== 4) return { mod, rm: base & 7, rest: encoded, rexXB: base >> 3 };
  const sib = (scale << 6) | ((index & 7) << 3) | (base & 7);
  void row;
  return { mod, rm: 4, rest: [sib, ...encoded], rexXB: (base >> 3) | ((index >> 3) << 1) };
}
