import { vexOf } from '@qvm/isa-testing';
import type { Random } from '@qvm/isa-testing';
import type { Encoding } from '@qvm/isa-x86_64';
import { commonRows, randomImmediate, randomOffset, rows } from './random-instruction.test.helper.js';

/** Where a program of 16 or 32 bits has its code and data. */
export interface Narrow {
  /** Code size in bits. */
  readonly bits: 16 | 32;
  /** Offset of the data in DS. */
  readonly data: number;
}

/** BX, which points into the data. */
export const POINTER = 3;
/** Registers that instructions write: not SP and BX. */
const FREE = [0, 1, 2, 5, 6, 7] as const;

const hex = (byte: number): string => (byte & 255).toString(16).padStart(2, '0');
/** The bytes of a number of 16 or 32 bits. */
export const number = (value: number, bits: number): string =>
  Array.from({ length: bits / 8 }, (_, i) => hex(value >>> (8 * i))).join(' ');

/** A register that instructions may write. */
export const narrowRegister = (random: Random): number => random.pick(FREE);

const exists = ({ modes, wide, vex, operands }: Encoding): boolean =>
  modes.legacy &&
  (vex || wide !== true) &&
  operands.every(
    ({ registers, vectorIndex }) => !['segment', 'control', 'debug'].includes(registers) && vectorIndex === undefined,
  );

/** The line of a random instruction of 16- or 32-bit code. */
export function narrowInstruction(random: Random, narrow: Narrow): string {
  for (;;) {
    const encoding = random.pick(random.pick(random.chance(0.6) ? commonRows : rows).encodings);
    if (exists(encoding)) return encode(random, encoding, narrow);
  }
}

function encode(random: Random, encoding: Encoding, { bits, data }: Narrow): string {
  const { operands, prefix, map, opcode, opcodes, extension, modRm, vex } = encoding;
  const operandBits = random.chance(0.3) ? 48 - bits : bits;
  const addressBits = random.chance(0.25) ? 48 - bits : bits;
  const reg = extension >= 0 ? extension : registerOf(random, encoding, 'reg');
  const places = operands.map(({ place }) => place);
  const memory = places.includes('memory') || (places.includes('rm') && random.chance(0.4));
  const usesAddress = memory || places.includes('offset');
  const words: string[] = [];
  if (memory && modRm < 0 && encoding.lockable && random.chance(0.2)) words.push('f0');
  if (usesAddress && random.chance(0.15)) words.push(random.pick(['26', '36', '64', '64', '2e']));
  if (usesAddress && addressBits !== bits) words.push('67');
  if (vex) words.push(...vexPrefix(random, encoding).map(hex));
  else {
    if (operandBits !== bits && (prefix === 'any' || prefix === 'NR')) words.push('66');
    if (prefix === '66' || prefix === 'F2' || prefix === 'F3') words.push(prefix.toLowerCase());
    words.push(...(['', '0f', '0f 38', '0f 3a'][map] as string).split(' ').filter((byte) => byte !== ''));
  }
  const low = opcodes === 8 ? narrowRegister(random) : opcodes === 16 ? random.below(16) : 0;
  words.push(hex(opcode | low));
  if (modRm >= 0) words.push(hex(modRm));
  else if (memory) words.push(address(random, reg, addressBits, data));
  else if (encoding.hasModRm) words.push(hex(0xc0 | (reg << 3) | registerOf(random, encoding, 'rm')));
  for (const { place, type } of operands)
    if (place === 'immediate') words.push(...randomImmediate(random, type, operandBits === 32 ? 2 : 1));
    else if (place === 'is4') words.push(hex(random.below(128)));
    else if (place === 'offset') words.push(number(data + randomOffset(random), addressBits));
  return words.join(' ');
}

/** A VEX prefix with the bits that tell it from LDS and LES outside of 64-bit mode. */
function vexPrefix(random: Random, encoding: Encoding): number[] {
  const prefix = vexOf(random, encoding, 0);
  if (encoding.operands.some(({ place, registers }) => place === 'vvvv' && registers === 'general')) {
    const last = prefix.pop() as number;
    prefix.push((last & ~0x78) | ((~narrowRegister(random) & 15) << 3));
  }
  prefix[1] = (prefix[1] as number) | 0xc0;
  return prefix;
}

function registerOf(random: Random, { operands }: Encoding, place: 'reg' | 'rm'): number {
  const operand = operands.find((one) => one.place === place || (place === 'rm' && one.place === 'rm-register'));
  const isAny = operand?.registers === 'xmm' || operand?.registers === 'mmx' || operand?.type === 'b';
  return isAny ? random.below(8) : narrowRegister(random);
}

/** ModRM and what follows of an operand in memory. */
function address(random: Random, reg: number, bits: number, data: number): string {
  const of = (mod: number, rm: number): string => hex((mod << 6) | (reg << 3) | rm);
  const offset = data + randomOffset(random);
  const near = hex(random.between(-64, 64));
  if (bits === 16)
    return random.pick([
      `${of(0, 6)} ${number(offset, 16)}`,
      `${of(0, 6)} ${number(offset, 16)}`,
      `${of(1, 7)} ${near}`, // [bx + disp8]
      `${of(2, 7)} ${number(random.between(-0x1000, 0x1000), 16)}`,
      `${of(1, 6)} ${near}`, // [bp + disp8]
      of(0, random.pick([0, 1, 4, 5])), // [bx + si], [bx + di], [si], [di]
    ]);
  const scaled = (random.below(4) << 6) | (narrowRegister(random) << 3) | POINTER;
  return random.pick([
    `${of(0, 5)} ${number(offset, 32)}`,
    `${of(0, 5)} ${number(offset, 32)}`,
    `${of(1, POINTER)} ${near}`, // [ebx + disp8]
    `${of(2, POINTER)} ${number(random.between(-0x1000, 0x1000), 32)}`,
    `${of(1, 4)} 24 ${hex(random.between(-64, -33))}`, // [esp + disp8]
    `${of(1, 4)} ${hex(scaled)} ${near}`, // [ebx + index × scale + disp8]
  ]);
}
