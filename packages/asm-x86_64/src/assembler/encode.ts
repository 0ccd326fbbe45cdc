import { OpcodeMap } from '@qvm/isa-x86_64';
import type { Encoding } from '@qvm/isa-x86_64';
import { encodeAddress } from './encode-address.js';
import { bytesOfImmediate } from './draft.js';
import type { Draft } from './draft.js';

const SEGMENT_PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];
const MANDATORY: Readonly<Record<string, readonly number[]>> = { '66': [0x66], F3: [0xf3], F2: [0xf2] };
const MAPS: readonly (readonly number[])[] = [[], [0x0f], [0x0f, 0x38], [0x0f, 0x3a]];

/** Prefixes by their number in a VEX prefix. */
const VEX_PREFIXES: readonly string[] = ['NP', '66', 'F3', 'F2'];

const littleEndian = (value: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

/** The bytes of an instruction; undefined if its operands cannot be encoded so. @param leading - prefixes that were written. */
export function encode(draft: Draft, pc: bigint, leading: readonly number[]): number[] | undefined {
  const { candidate, bits, memory } = draft;
  const { encoding, wide, operandPrefix } = candidate;
  const rm = memory
    ? encodeAddress(memory, bits)
    : { mod: 3, rm: draft.rm & 7, rest: [], rex: draft.rm >> 3, size: undefined };
  if (!rm) return undefined;
  const own = bits === 64 ? 3 : bits === 32 ? 2 : 1;
  const addressSize = rm.size ?? draft.implicitAddress ?? own;
  if (addressSize !== own && addressSize !== (bits === 32 ? 1 : 2)) return undefined;
  const rex = (wide ? 8 : 0) | (encoding.hasModRm ? ((draft.reg & 8) >> 1) | rm.rex : draft.opcodeRegister >> 3);
  const hasRex = !encoding.vex && (rex !== 0 || draft.needsRex);
  if (hasRex && (bits !== 64 || draft.forbidsRex)) return undefined;
  const bytes = [
    ...leading,
    ...(draft.segment >= 0 ? [SEGMENT_PREFIXES[draft.segment] as number] : []),
    ...((addressSize !== own) !== candidate.addressPrefix ? [0x67] : []),
    ...(operandPrefix ? [0x66] : []),
    ...(encoding.vex ? vexPrefix(draft, rex) : opcodePrefixes(encoding, hasRex ? 0x40 | rex : 0)),
    candidate.opcode + (encoding.opcodes === 8 ? draft.opcodeRegister & 7 : 0),
    ...(encoding.modRm >= 0
      ? [encoding.modRm]
      : encoding.hasModRm
        ? [(rm.mod << 6) | ((draft.reg & 7) << 3) | rm.rm, ...rm.rest]
        : []),
  ];
  return withNumbers(draft, bytes, pc, rm.relativeAt === undefined ? undefined : bytes.length - 4);
}

/** The bytes between the legacy prefixes and the opcode. @param rex - 0 without REX prefix. */
const opcodePrefixes = ({ prefix, map }: Encoding, rex: number): readonly number[] => [
  ...(MANDATORY[prefix] ?? []),
  ...(rex === 0 ? [] : [rex]),
  ...(MAPS[map] as readonly number[]),
];

/** A VEX prefix (SDM vol. 2, 2.3.5): of two bytes where they are enough. @param rex - the bits that REX would have. */
function vexPrefix({ candidate, vvvv }: Draft, rex: number): readonly number[] {
  const { vectorLength } = candidate;
  const { prefix, map } = candidate.encoding;
  const last = ((~vvvv & 15) << 3) | (vectorLength << 2) | Math.max(0, VEX_PREFIXES.indexOf(prefix));
  // R, X and B are inverted.
  const inverted = (~rex & 7) << 5;
  if (map === OpcodeMap.TwoByte && (rex & 11) === 0) return [0xc5, (inverted & 0x80) | last];
  return [0xc4, inverted | map, ((rex & 8) << 4) | last];
}

/** Appends immediates, and fills in distances, which count from the end of the instruction. */
function withNumbers(draft: Draft, bytes: number[], pc: bigint, relativeAt: number | undefined): number[] | undefined {
  const { candidate, bits, memory, target, immediates } = draft;
  const { encoding, operandSize } = candidate;
  const sizes = encoding.operands.map((code) =>
    ['immediate', 'relative', 'pointer'].includes(code.place)
      ? bytesOfImmediate(code, operandSize)
      : code.place === 'offset'
        ? bits / 8
        : code.place === 'is4'
          ? 1
          : 0,
  );
  const end = pc + BigInt(bytes.length + sizes.reduce((sum, size) => sum + size, 0));
  for (const [i, size] of sizes.entries()) {
    if (size === 0) continue;
    const isTarget = target?.index === i;
    const value = isTarget
      ? distance(target.address, end, size, bits, operandSize)
      : (immediates[i] ?? BigInt(draft.is4 << 4));
    if (value === undefined) return undefined;
    bytes.push(...littleEndian(value, size));
  }
  if (relativeAt !== undefined && memory) {
    const value = memory.hasSymbol ? memory.displacement - end : BigInt.asIntN(64, memory.displacement);
    if (value !== BigInt.asIntN(32, value)) return undefined;
    bytes.splice(relativeAt, 4, ...littleEndian(value, 4));
  }
  return bytes.length > 15 ? undefined : bytes;
}

/** The distance of a target in `size` bytes; instruction pointers wrap, and prefix 66 cuts them. */
function distance(target: bigint, end: bigint, size: number, bits: number, operandSize: number): bigint | undefined {
  const pointer = bits === 64 ? 64 : 8 << operandSize;
  if (target !== BigInt.asUintN(pointer, target)) return undefined;
  const wrapped = BigInt.asIntN(pointer, target - end);
  return wrapped === BigInt.asIntN(8 * size, wrapped) ? wrapped : undefined;
}
