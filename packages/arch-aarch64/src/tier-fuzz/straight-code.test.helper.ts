import { a64Tables } from '@qvm/isa-aarch64';
import type { A64Row } from '@qvm/isa-aarch64';
import { disassembleWord } from '../disassemble-word.js';
import { engineModule } from '@qvm/engine';
import { a64InstructionSet } from '../a64-instruction-set.js';
import type { Random } from '@qvm/isa-testing';
import { randomWord, registerFields, staticChoices, accessOf, bits } from '@qvm/isa-testing';

/**
 * Registers of the programs. Random instructions write X0 to X15. The others keep a program working; write-back moves
 * the address registers until they are set again.
 */
export const Reg = {
  scratch: 'x16',
  scratch2: 'x17',
  /** Address registers: the code itself, unmapped memory, plain memory, read-only memory, … */
  code: 18,
  unmapped: 19,
  data: 20,
  readOnly: 21,
  /** More address registers: the end of a page, device memory. */
  pageEnd: 22,
  device: 23,
  /** First loop counter; loops count in this plus their depth. */
  counter: 24,
  /** Stack of return addresses. */
  links: 'x27',
  /** Start of the data; never written. */
  origin: 'x28',
} as const;

const FREE_REGISTERS = 16;
/** Weights of the address registers as bases: mostly plain memory, because faulting accesses leave the region. */
const BASES: readonly (readonly [number, number])[] = [
  [Reg.data, 0.82],
  [Reg.pageEnd, 0.12],
  [Reg.readOnly, 0.015],
  [Reg.device, 0.015],
  [Reg.unmapped, 0.01],
  [31, 0.015],
  [Reg.code, 0.005],
];

const tables = Object.entries(a64Tables).filter(([name]) => name !== 'branches' && name !== 'system');
/** Groups that are chosen as often as all of SIMD together. */
const COMMON = ['data-processing-immediate', 'data-processing-register', 'loads-stores', 'exclusives-atomics'];
const commonRows = tables.filter(([name]) => COMMON.includes(name)).map(([, rows]) => rows as readonly A64Row[]);
const otherRows = tables.filter(([name]) => !COMMON.includes(name)).map(([, rows]) => rows as readonly A64Row[]);
const choices = new Map<A64Row, Record<string, number>[]>();

/** A random instruction word without branches, whose registers a program may overwrite. */
export function plainWord(random: Random): number {
  for (;;) {
    const row = random.pick(random.pick(random.chance(0.6) ? commonRows : otherRows));
    if (!choices.has(row)) choices.set(row, staticChoices(row));
    const statics = random.pick(choices.get(row) as Record<string, number>[]);
    const word = randomWord(
      random,
      engineModule(a64InstructionSet).predecoder.decoder,
      row,
      { ...statics, ...registers(random, row) },
      0,
    );
    if (word !== undefined && accessOf(word)?.kind !== 'literal') return word;
  }
}

/** Lines of one random instruction, preceded by lines that keep its address near. */
export function plainLines(random: Random): string[] {
  const word = plainWord(random);
  const access = accessOf(word);
  const index = access?.kind === 'index' ? bits(word, 20, 16) : 31;
  const aim = index < FREE_REGISTERS && random.chance(0.95) ? [`and x${index}, x${index}, #0x3f8`] : [];
  return [...aim, wordLine(word)];
}

/** A word as a line of assembly, with its disassembly as a comment. */
export function wordLine(word: number): string {
  return `.inst 0x${word.toString(16).padStart(8, '0')} // ${disassembleWord(word).replace(/ \(\.inst .*/, '')}`;
}

/** Lines that set an address register again. */
export function rebaseLines(random: Random): string[] {
  return baseLines(...random.pick(ADDRESSES));
}

/** Lines that set an address register to `offset` bytes after the origin. */
export function baseLines(register: number, offset: number): string[] {
  const low = offset & 0xfff;
  const page = `add x${register}, ${Reg.origin}, #${offset >> 12}, lsl #12`;
  return low === 0 ? [page] : [page, `add x${register}, x${register}, #${low}`];
}

/** Distances of the address registers from {@link Reg.origin}; plain memory appears more often than the others. */
export const ADDRESSES: readonly (readonly [number, number])[] = [
  [Reg.data, 0x1800],
  [Reg.data, 0x1400],
  [Reg.data, 0x27f8],
  [Reg.pageEnd, 0x1ffc],
  [Reg.pageEnd, 0x2ff0],
  [Reg.readOnly, 0x4800],
  [Reg.unmapped, 0x5400],
  [Reg.device, 0x6800],
];

function registers(random: Random, row: A64Row): Record<string, number> {
  const fixed: Record<string, number> = {};
  const isAccess = accessOf(row.pattern.value) !== undefined;
  for (const name of registerFields(row)) {
    const field = row.pattern.fields.find((f) => f.name === name) as { readonly shift: number };
    fixed[name] =
      isAccess && field.shift === 5 ? base(random) : random.chance(0.05) ? 31 : random.below(FREE_REGISTERS);
  }
  return fixed;
}

function base(random: Random): number {
  let rest = random.below(1000) / 1000;
  for (const [register, share] of BASES) if ((rest -= share) < 0) return register;
  return Reg.data;
}
