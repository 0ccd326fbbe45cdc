import { x86Tables } from '@qvm/isa-x86_64';
import type { Encoding, X86Row } from '@qvm/isa-x86_64';
import { vexOf } from '@qvm/isa-testing';
import type { Random } from '@qvm/isa-testing';

/** Addresses of data: pages of plain memory, one that is read-only, one that is not mapped, and plain ones again. */
export const DATA = 0x20_0000;
export const PAGE = 0x1000;
export const [PLAIN_PAGES, READ_ONLY_PAGE, HOLE, DATA_PAGES] = [4, 4, 5, 8];
/** Base of FS. */
export const FS_BASE = DATA + 0x800;

/** Registers with a purpose; instructions write only the others. */
export const Reg = {
  /** Points somewhere into the data. */
  pointer: 3,
  stack: 4,
  /** Address at which the program continues after an exception. */
  resume: 11,
  counter: 12,
  /** A small number. */
  index: 14,
  /** {@link DATA}. */
  data: 15,
} as const;
const FREE = [0, 1, 2, 5, 6, 7, 8, 9, 10] as const;

/** Rows that need more than registers and data, or of which whole programs consist. */
const EXCLUDED = new Set([
  'PUSH',
  'POP',
  'PUSH (segment register)',
  'PUSHA, PUSHAD',
  'POPA, POPAD',
  'ENTER',
  'LEAVE',
  'PUSHF, PUSHFQ',
  'POPF, POPFQ',
  'CLI',
  'STI',
  'CLD',
  'STD',
  'MOV (from segment register)',
]);
/** Rows of which programs consist. */
export const rows: readonly X86Row[] = Object.entries(x86Tables)
  .filter(([table]) => !['control', 'fast-calls', 'system', 'strings'].includes(table))
  .flatMap(([, table]) => table)
  .filter(({ name }) => !EXCLUDED.has(name));
/** The integer instructions, which are most of a program. */
const common = ['arithmetic', 'bits', 'moves', 'shifts'] as const;
export const commonRows = common.flatMap((table) => x86Tables[table]).filter(({ name }) => !EXCLUDED.has(name));

const hex = (byte: number): string => (byte & 255).toString(16).padStart(2, '0');
const word32 = (value: number): string[] => [0, 8, 16, 24].map((shift) => hex(value >>> shift));

/** The line of a random instruction. */
export function randomInstruction(random: Random): string {
  for (;;) {
    const row = random.pick(random.chance(0.6) ? commonRows : rows);
    const encoding = random.pick(row.encodings);
    if (!encoding.modes.long) continue;
    if (encoding.operands.some(({ registers }) => ['segment', 'control', 'debug'].includes(registers))) continue;
    if (encoding.operands.some(({ place }) => place === 'offset')) continue;
    return encode(random, encoding);
  }
}

/** A register that instructions may write. */
export const freeRegister = (random: Random): number => random.pick(FREE);

function encode(random: Random, encoding: Encoding): string {
  const { operands, prefix, map, opcode, opcodes, extension, modRm } = encoding;
  const size = random.pick([1, 2, 2, 2, 3, 3, 3]);
  const wide = encoding.wide ?? size === 3;
  const reg = extension >= 0 ? extension : registerOf(random, encoding, 'reg');
  const rm = registerOf(random, encoding, 'rm');
  const named = freeRegister(random);
  const places = operands.map(({ place }) => place);
  const memory = places.includes('memory') || (places.includes('rm') && random.chance(0.4));
  const isVectorIndexed = operands.some(({ vectorIndex }) => vectorIndex !== undefined);
  const address = isVectorIndexed
    ? vectorIndexed(random, reg & 7)
    : memory && modRm < 0
      ? randomAddress(random, reg & 7)
      : undefined;
  let rex = wide ? 8 : 0;
  if (encoding.hasModRm && extension < 0) rex |= (reg & 8) >> 1;
  if (address) rex |= address.rex;
  else if (encoding.hasModRm && modRm < 0) rex |= rm >> 3;
  if (opcodes === 8 && !encoding.noRexB) rex |= named >> 3;
  const words: string[] = [];
  if (address && encoding.lockable && random.chance(0.2)) words.push('f0');
  if (address?.prefix !== undefined) words.push(hex(address.prefix));
  if (encoding.vex) words.push(...vexPrefix(random, encoding, rex).map(hex));
  else {
    if (size === 1 && !wide && prefix === 'any') words.push('66');
    if (prefix === '66' || prefix === 'F2' || prefix === 'F3') words.push(prefix.toLowerCase());
    if (rex !== 0 || random.chance(0.1)) words.push(hex(0x40 | rex));
    words.push(...(['', '0f', '0f 38', '0f 3a'][map] as string).split(' ').filter((byte) => byte !== ''));
  }
  const low = opcodes === 8 ? named & 7 : opcodes === 16 ? random.below(16) : 0;
  words.push(hex(opcode | low));
  if (modRm >= 0) words.push(hex(modRm));
  else if (address) words.push(...address.words);
  else if (encoding.hasModRm) words.push(hex(0xc0 | ((reg & 7) << 3) | (rm & 7)));
  for (const { place, type } of operands)
    if (place === 'immediate') words.push(...randomImmediate(random, type, wide ? 3 : size));
    else if (place === 'is4') words.push(hex(random.below(256)));
  return words.join(' ');
}

/** A VEX prefix that names no general register with a purpose. */
function vexPrefix(random: Random, encoding: Encoding, rex: number): number[] {
  const prefix = vexOf(random, encoding, rex);
  if (encoding.operands.some(({ place, registers }) => place === 'vvvv' && registers === 'general')) {
    const last = prefix.pop() as number;
    prefix.push((last & ~0x78) | ((~freeRegister(random) & 15) << 3));
  }
  return prefix;
}

function registerOf(random: Random, { operands }: Encoding, place: 'reg' | 'rm'): number {
  const operand = operands.find((one) => one.place === place || (place === 'rm' && one.place === 'rm-register'));
  return operand?.registers === 'xmm'
    ? random.below(16)
    : operand?.registers === 'mmx'
      ? random.below(8)
      : freeRegister(random);
}

export function randomImmediate(random: Random, type: string, size: number): string[] {
  const count = type === 'b' ? 1 : type === 'w' ? 2 : type === 'z' ? Math.min(4, 1 << size) : 1 << size;
  const fill = random.chance(0.3) ? random.pick([0, 0xff, 0x7f, 0x80, 1]) : undefined;
  return Array.from({ length: count }, () => hex(fill ?? random.below(256)));
}

interface Address {
  readonly words: readonly string[];
  readonly rex: number;
  readonly prefix?: number;
}

/** An offset in the data: mostly in plain pages and often aligned, sometimes across the end of a page. */
export function randomOffset(random: Random): number {
  if (random.chance(0.15)) return random.between(1, DATA_PAGES - 1) * PAGE - random.below(32);
  const offset = random.below(PLAIN_PAGES * PAGE - 64);
  return random.chance(0.6) ? offset & ~15 : offset;
}

/** An operand in memory whose index is a vector register: many of its elements are outside of the data. */
function vectorIndexed(random: Random, reg: number): Address {
  const index = random.below(16);
  const sib = (random.below(4) << 6) | ((index & 7) << 3) | (Reg.data & 7);
  return { words: [hex(0x84 | (reg << 3)), hex(sib), ...word32(randomOffset(random))], rex: 1 | ((index >> 3) << 1) };
}

/** ModRM and what follows of an operand in memory. */
function randomAddress(random: Random, reg: number): Address {
  const offset = randomOffset(random);
  switch (random.below(7)) {
    case 0:
      return { words: [hex((reg << 3) | 5), `@${(DATA + offset).toString(16)}`], rex: 0 };
    case 1: // FS, absolute
      return { words: [hex((reg << 3) | 4), '25', ...word32(offset - 0x800)], rex: 0, prefix: 0x64 };
    case 2: // [r15 + r14 × scale + disp32], sometimes with addresses of 32 bits
    case 3: {
      const sib = (random.below(4) << 6) | ((Reg.index & 7) << 3) | (Reg.data & 7);
      const cut = random.chance(0.2) ? { prefix: 0x67 } : {};
      return { words: [hex(0x84 | (reg << 3)), hex(sib), ...word32(offset)], rex: 3, ...cut };
    }
    case 4: // [rbx + disp8]
      return { words: [hex(0x40 | (reg << 3) | Reg.pointer), hex(random.between(-64, 64))], rex: 0 };
    case 5: // [rsp + disp8]
      return { words: [hex(0x44 | (reg << 3)), '24', hex(random.between(-64, -33))], rex: 0 };
    default: // [r15 + disp32]
      return { words: [hex(0x80 | (reg << 3) | (Reg.data & 7)), ...word32(offset)], rex: 1 };
  }
}
