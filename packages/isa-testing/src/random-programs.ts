import type { A64Row } from '@qvm/isa-aarch64';
import type { InstructionHarness } from './instruction-harness.js';
import { inputOf, runProgram } from './oracle-case.js';
import type { OracleProgram } from './oracle-case.js';
import { Random } from './random.js';
import { randomWord, registerFields, staticChoices } from './random-words.js';
import { qemuDiffers } from './qemu-differences.js';
import { accessOf, exclusiveLoadFor, isBranch } from './word-class.js';

/** Minimum of cases per row; every combination of static fields gets {@link PER_CHOICE}. */
const PER_ROW = 40;
const PER_CHOICE = 4;
/** Number of attempts to find words for handlers without a case. */
const MAX_EXTRA = 2000;
/** Number of programs of several instructions for each table. */
const MIXED = 300;
const FLAG_SETTERS = [0x6b00001f, 0xeb00001f, 0x2b00001f, 0xab00001f];
const FIRST_ARCHITECTURE_EXIT = 16;

/**
 * Programs for one row: random words for each combination of static fields, sometimes after an instruction that sets
 * the flags, until every handler of the row is covered.
 */
function* programsOf(harness: InstructionHarness, row: A64Row, seed: number): Generator<OracleProgram> {
  const random = new Random(seed);
  const choices = staticChoices(row);
  const readsFlags = row.pattern.fields.some(({ name }) => name === 'cond');
  const rounds = Math.max(PER_CHOICE, Math.ceil((readsFlags ? 5 * PER_ROW : PER_ROW) / choices.length));
  const registers = registerFields(row);
  const handlers = new Set<number>();
  for (let round = 0; round < rounds * choices.length + MAX_EXTRA; round++) {
    const isExtra = round >= rounds * choices.length;
    // Register 31 is special in many ways, so each field in turn holds it (30 at the start of a pair).
    const special = round % 4 === 0 ? registers[(round / 4) % registers.length] : undefined;
    const number = special !== undefined && /^[a-z]/.test(special) ? 30 : 31;
    const statics = isExtra ? random.pick(choices) : (choices[Math.floor(round / rounds)] as Record<string, number>);
    const fixed = special === undefined ? statics : { ...statics, [special]: number };
    const setsFlags = random.chance(readsFlags ? 0.8 : 0.25);
    const word = randomWord(random, harness.decoder, row, fixed, setsFlags ? 1 : 0);
    if (word === undefined) continue;
    const handler = harness.handlerOf(word);
    if (isExtra && handlers.has(handler)) continue;
    const before =
      exclusiveLoadFor(word) === undefined
        ? setsFlags
          ? [randomFlagSetter(random)]
          : []
        : beforeExclusive(random, word);
    const program: OracleProgram = { name: row.name, seed: random.u32(), words: [...before, word] };
    if (!staysInProgram(harness, program)) continue;
    handlers.add(handler);
    yield program;
  }
}

/**
 * The instructions before a store-exclusive: usually its load, sometimes also a store to one of the addresses, or none.
 */
function beforeExclusive(random: Random, word: number): number[] {
  if (random.chance(0.15)) return [];
  const load = exclusiveLoadFor(word) as number;
  if (random.chance(0.7)) return [load];
  // STR Xt, [Xn, #0 or #8]
  const t = random.below(31);
  return [load, (0xf9000000 | (random.below(2) << 10) | (word & 0x3e0) | t) >>> 0];
}

/** Whether a program needs nothing beyond the harness, and QEMU's result is valid for it. */
function staysInProgram(harness: InstructionHarness, program: OracleProgram): boolean {
  const input = inputOf(program);
  if (program.words.some((word) => qemuDiffers(word, input.state))) return false;
  return runProgram(harness, program, input).outcome.reason < FIRST_ARCHITECTURE_EXIT;
}

/** SUBS or ADDS of two random registers, often the same one, into the zero register. */
function randomFlagSetter(random: Random): number {
  const n = random.below(31);
  const m = random.chance(0.3) ? n : random.below(31);
  return (random.pick(FLAG_SETTERS) | (m << 16) | (n << 5)) >>> 0;
}

/** All programs for a table. Each row has a seed of its own, independent of the order of rows. */
export function programsOfTable(
  harness: InstructionHarness,
  table: string,
  rows: readonly A64Row[],
  seed: number,
): OracleProgram[] {
  const programs = rows.flatMap((row) => [...programsOf(harness, row, hash(`${seed} ${row.name}`))]);
  const names = new Set(programs.map(({ name }) => name));
  const plain = rows.filter(
    ({ name, pattern }) => names.has(name) && !isBranch(pattern.value) && !accessOf(pattern.value),
  );
  if (plain.length > 1) programs.push(...mixedPrograms(harness, plain, 'mixed', MIXED, hash(`${seed} ${table}`)));
  return programs;
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ char.charCodeAt(0), 0x01000193);
  return value >>> 0;
}

/** Programs of three to six instructions of different rows, without branches and memory accesses. */
function* mixedPrograms(
  harness: InstructionHarness,
  rows: readonly A64Row[],
  name: string,
  count: number,
  seed: number,
): Generator<OracleProgram> {
  const random = new Random(seed);
  const { decoder } = harness.predecoder;
  const choices = new Map(rows.map((row) => [row, staticChoices(row)]));
  for (let i = 0; i < count; i++) {
    const words: number[] = [];
    const length = random.between(3, 6);
    while (words.length < length) {
      const row = random.pick(rows);
      const word = randomWord(
        random,
        decoder,
        row,
        random.pick(choices.get(row) as Record<string, number>[]),
        words.length,
      );
      if (word !== undefined) words.push(word);
    }
    const program: OracleProgram = { name, seed: random.u32(), words };
    if (staysInProgram(harness, program)) yield program;
  }
}
