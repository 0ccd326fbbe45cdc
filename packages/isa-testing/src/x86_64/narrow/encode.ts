import { SegmentRegister } from '@qvm/isa-x86_64';
import type { Encoding } from '@qvm/isa-x86_64';
import type { Random } from '../../random.js';
import { WINDOW } from '../encode.js';
import { sizeOfMode } from './setup.js';
import type { NarrowSize, Setup } from './setup.js';

/** An instruction and the registers that its address needs. */
export interface Encoded {
  readonly bytes: readonly number[];
  readonly registers: ReadonlyMap<number, number>;
}

/** The sizes that an instruction is encoded for. */
export interface Sizes {
  readonly operand: NarrowSize;
  readonly address: NarrowSize;
}

const [EBX, EBP, ESI, EDI] = [3, 5, 6, 7];
const { ES, SS, DS, FS, GS } = SegmentRegister;
const SEGMENT_PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65];
/** Registers of the 16-bit forms by ModRM.rm. */
const WORD_FORMS = [[EBX, ESI], [EBX, EDI], [EBP, ESI], [EBP, EDI], [ESI], [EDI], [EBP], [EBX]];

export const bytesOf = (value: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (value >>> (8 * i)) & 255);

/** A random instruction of an encoding, whose operand in memory is in the window of data. @param regs - for ModRM.reg. */
export function encodeNarrow(
  random: Random,
  encoding: Encoding,
  sizes: Sizes,
  inMemory: boolean,
  setup: Setup,
  regs: readonly number[],
): Encoded {
  const registers = new Map<number, number>();
  const { operands } = encoding;
  const hasOffset = operands.some(({ place }) => place === 'offset');
  const segment = inMemory || hasOffset ? randomSegment(random, sizes, setup) : -1;
  const prefixes = [
    ...(sizes.operand === sizeOfMode(setup.mode) ? [] : [0x66]),
    ...(sizes.address === sizeOfMode(setup.mode) ? [] : [0x67]),
    ...(segment >= 0 ? [SEGMENT_PREFIXES[segment] as number] : []),
    ...(encoding.prefix === 'F3' ? [0xf3] : []),
  ];
  const target = WINDOW + 64 + random.below(100);
  const reg = encoding.extension >= 0 ? encoding.extension : random.pick(regs);
  const bytes = [...shuffled(random, prefixes), ...opcodeOf(encoding, random)];
  const base = (n: SegmentRegister): number => setup.bases[segment >= 0 ? segment : n] as number;
  if (encoding.hasModRm && !inMemory) bytes.push(0xc0 | (reg << 3) | random.below(8));
  else if (inMemory) bytes.push(...(sizes.address === 1 ? wordForm : wideForm)(random, reg, target, base, registers));
  for (const { place, type } of operands) {
    if (place === 'offset') bytes.push(...bytesOf(target - base(DS), 1 << sizes.address));
    else if (place === 'immediate') bytes.push(...randomImmediate(random, type, sizes.operand));
    else if (place === 'relative') bytes.push(...distance(random, type, sizes.operand));
  }
  return { bytes, registers };
}

/** A segment for a prefix, or −1. With flat segments, addresses of 16 bits reach the window only from FS and GS. */
function randomSegment(random: Random, { address }: Sizes, { bases }: Setup): number {
  if (bases[DS] === 0 && address === 1) return FS;
  const possible = address === 1 ? [ES, SS, DS, FS] : [ES, SS, DS, FS, GS];
  return random.chance(0.3) ? random.pick(possible) : -1;
}

const shuffled = (random: Random, list: readonly number[]): number[] =>
  list
    .map((value) => [random.u32(), value] as const)
    .sort((x, y) => x[0] - y[0])
    .map(([, value]) => value);

function opcodeOf({ map, opcode, opcodes }: Encoding, random: Random): number[] {
  const last = opcode + (opcodes > 1 ? random.below(opcodes) : 0);
  return [[last], [0x0f, last], [0x0f, 0x38, last], [0x0f, 0x3a, last]][map] as number[];
}

function randomImmediate(random: Random, type: string, operand: NarrowSize): number[] {
  const count = type === 'b' ? 1 : type === 'w' ? 2 : 1 << operand;
  const fill = random.chance(0.3) ? random.pick([0, 0xff, 0x7f, 0x80]) : undefined;
  return Array.from({ length: count }, () => fill ?? random.below(256));
}

/** The distance of a jump, which does not lead into its own instruction. */
function distance(random: Random, type: string, operand: NarrowSize): number[] {
  const value = random.between(20, 110) * (random.chance(0.5) ? 1 : -1);
  return bytesOf(value, type === 'b' ? 1 : 1 << operand);
}

type Form = (
  random: Random,
  reg: number,
  target: number,
  base: (n: SegmentRegister) => number,
  registers: Map<number, number>,
) => number[];

const wordForm: Form = (random, reg, target, base, registers) => {
  const rm = random.below(8);
  const mod = rm === 6 ? random.below(3) : random.pick([1, 2]);
  if (mod === 0) return [(reg << 3) | rm, ...bytesOf(target - base(DS), 2)];
  const names = WORD_FORMS[rm] as number[];
  const displacement = mod === 1 ? random.between(-128, 127) : random.between(-3000, 3000);
  const sum = (target - base(names[0] === EBP ? SS : DS) - displacement) & 0xffff;
  const part = names.length === 2 ? random.u32() & 0xffff : 0;
  // The upper halves have no effect.
  registers.set(names[0] as number, (((sum - part) & 0xffff) | (random.below(0x1_0000) << 16)) >>> 0);
  if (names.length === 2) registers.set(names[1] as number, (part | (random.below(0x1_0000) << 16)) >>> 0);
  return [(mod << 6) | (reg << 3) | rm, ...bytesOf(displacement, mod)];
};

const wideForm: Form = (random, reg, target, base, registers) => {
  const form = random.below(4);
  if (form === 0) return [(reg << 3) | 5, ...bytesOf(target - base(DS), 4)];
  // The base must not be a register that the instruction uses otherwise.
  const register = random.pick([EBX, EBP, ESI, EDI]);
  const displacement = form === 2 ? random.between(-2_000_000_000, 2_000_000_000) : random.between(-128, 127);
  const mod = form === 2 ? 2 : 1;
  const rest = bytesOf(displacement, mod === 1 ? 1 : 4);
  const index = form === 3 ? random.pick([ESI, EDI, EBX].filter((n) => n !== register)) : -1;
  const scale = index >= 0 ? random.below(4) : 0;
  const value = index >= 0 ? random.u32() : 0;
  const scaled = index >= 0 ? value << scale : 0;
  registers.set(register, (target - base(register === EBP ? SS : DS) - displacement - scaled) >>> 0);
  if (index < 0) return [(mod << 6) | (reg << 3) | register, ...rest];
  registers.set(index, value);
  return [(mod << 6) | (reg << 3) | 4, (scale << 6) | (index << 3) | register, ...rest];
};
