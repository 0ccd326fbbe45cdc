import type { NamedRegister } from '../registers.js';
import type { CodeBits } from '../disassemble.js';
import type { MemoryValue } from './value.js';

/** ModRM, SIB and displacement of an operand in memory. */
export interface EncodedAddress {
  readonly mod: number;
  readonly rm: number;
  /** SIB and displacement. */
  readonly rest: readonly number[];
  /** REX.X and REX.B. */
  readonly rex: number;
  /** log2 of the address size in bytes; undefined: that of the mode. */
  readonly size: number | undefined;
  /** Set if the displacement, the last four bytes, counts from the next instruction. */
  readonly relativeAt?: true;
}

const [RSP, RBP] = [4, 5];
/** Base and index of the 16-bit forms by ModRM.rm, lower number first. */
const WORD_FORMS = ['3,6', '3,7', '5,6', '5,7', '6', '7', '5', '3'];
const littleEndian = (value: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

/** Encodes an operand in memory; undefined if it does not exist in the mode. */
export function encodeAddress(value: MemoryValue, bits: CodeBits): EncodedAddress | undefined {
  const { base, index, displacement } = value;
  if (base?.registers === 'ip')
    return bits === 64 && !index
      ? { mod: 0, rm: 5, rest: [0, 0, 0, 0], rex: 0, size: base.size, relativeAt: true }
      : undefined;
  const hasVectorIndex = index?.registers === 'xmm';
  const registers = [base, hasVectorIndex ? undefined : index].filter((register) => register !== undefined);
  if (registers.length === 0 && !hasVectorIndex) return absolute(displacement, bits);
  const size = registers[0]?.size ?? (bits === 64 ? 3 : 2);
  if (hasVectorIndex && size === 1) return undefined;
  if (registers.some((register) => register.registers !== 'general' || register.size !== size) || size === 0)
    return undefined;
  const wrapped = BigInt.asIntN(8 << size, displacement);
  if (BigInt.asUintN(8 << size, displacement) !== BigInt.asUintN(8 << size, wrapped)) return undefined;
  if (displacement >= 1n << BigInt(8 << size) || displacement < -(1n << BigInt((8 << size) - 1))) return undefined;
  return size === 1 ? wordAddress(registers, value.scale, wrapped) : wideAddress(value, size, wrapped);
}

function absolute(displacement: bigint, bits: CodeBits): EncodedAddress | undefined {
  if (bits === 16) return { mod: 0, rm: 6, rest: littleEndian(displacement, 2), rex: 0, size: undefined };
  if (bits === 32) return { mod: 0, rm: 5, rest: littleEndian(displacement, 4), rex: 0, size: undefined };
  const value = BigInt.asIntN(64, displacement);
  if (value !== BigInt.asIntN(32, value)) return undefined;
  return { mod: 0, rm: 4, rest: [0x25, ...littleEndian(value, 4)], rex: 0, size: undefined };
}

function wordAddress(
  registers: readonly NamedRegister[],
  scale: number,
  displacement: bigint,
): EncodedAddress | undefined {
  const numbers = registers.map(({ number }) => number).sort((x, y) => x - y);
  const rm = WORD_FORMS.indexOf(numbers.join(','));
  if (rm < 0 || scale !== 1) return undefined;
  const mod = displacement === 0n && rm !== 6 ? 0 : displacement === BigInt.asIntN(8, displacement) ? 1 : 2;
  return { mod, rm, rest: littleEndian(displacement, mod), rex: 0, size: 1 };
}

function wideAddress(
  { base, index, scale }: MemoryValue,
  size: number,
  displacement: bigint,
): EncodedAddress | undefined {
  const isStack = index?.registers === 'general' && index.number === RSP;
  if (displacement !== BigInt.asIntN(32, displacement) || isStack) return undefined;
  const low = (base?.number ?? RBP) & 7;
  const small = displacement === BigInt.asIntN(8, displacement);
  const mod = !base || (displacement === 0n && low !== RBP) ? 0 : small ? 1 : 2;
  const bytes = littleEndian(displacement, base ? ([0, 1, 4][mod] as number) : 4);
  const rex = ((base?.number ?? 0) >> 3) | (((index?.number ?? 0) >> 3) << 1);
  if (base && !index && low !== RSP) return { mod, rm: low, rest: bytes, rex, size };
  const sib = (Math.log2(scale) << 6) | (((index?.number ?? RSP) & 7) << 3) | low;
  return { mod, rm: RSP, rest: [sib, ...bytes], rex, size };
}
