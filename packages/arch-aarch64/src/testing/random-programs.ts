import type { A64Row } from '../instructions/row.js';
import type { InstructionHarness } from './instruction-harness.js';
import { inputOf, runProgram } from './oracle-case.js';
import type { OracleProgram } from './oracle-case.js';
import { Random } from './random.js';
import { randomWord, staticChoices } from './random-words.js';
import { accessOf, exclusiveLoadFor, isBranch } from './word-class.js';

/** Cases per row, at least; every combination of static fields gets {@link PER_CHOICE}. */
const PER_ROW = 40;
const PER_CHOICE = 4;
const FLAG_SETTERS = [0x6b00001f, 0xeb00001f, 0x2b00001f, 0xab00001f];
const FIRST_ARCHITECTURE_EXIT = 16;
/** DC ZVA: its block size is the implementation's choice. */
const DC_ZVA = 0xd50b7420;

/** Programs for one row: a random word of each combination of static fields, sometimes after an instruction that sets the flags. */
export function* programsOf(harness: InstructionHarness, row: A64Row, seed: number): Generator<OracleProgram> {
  const random = new Random(seed);
  const { decoder } = harness.predecoder;
  const choices = staticChoices(row);
  const readsFlags = row.pattern.fields.some(({ name }) => name === 'cond');
  const rounds = Math.max(PER_CHOICE, Math.ceil((readsFlags ? 5 * PER_ROW : PER_ROW) / choices.length));
  for (const statics of choices) {
    for (let i = 0; i < rounds; i++) {
      const setsFlags = random.chance(readsFlags ? 0.8 : 0.25);
      const word = randomWord(random, decoder, row, statics, setsFlags ? 1 : 0);
      if (word === undefined || (word & ~31) >>> 0 === DC_ZVA) continue;
      const load = exclusiveLoadFor(word);
      const first = load ?? randomFlagSetter(random);
      const words = (load !== undefined && random.chance(0.8)) || (load === undefined && setsFlags) ? [first, word] : [word];
      const program: OracleProgram = { name: row.name, seed: random.u32(), words };
      if (staysInProgram(harness, program)) yield program;
    }
  }
}

/** FJCVTZS: QEMU 7.2 sets Z for a denormal that FPCR.FZ flushes, against the Arm ARM's FPToFixedJS. */
const FJCVTZS = 0x1e7e0000;
const FPCR_FZ = 1 << 24;

/** Whether nothing of a program needs a machine around the harness, and QEMU follows the manual. */
function staysInProgram(harness: InstructionHarness, program: OracleProgram): boolean {
  const flushes = (inputOf(program).state.fpcr & FPCR_FZ) !== 0;
  if (flushes && program.words.some((word) => (word & ~0x3ff) >>> 0 === FJCVTZS)) return false;
  return runProgram(harness, program).outcome.reason < FIRST_ARCHITECTURE_EXIT;
}

/** SUBS or ADDS of two random registers, often the same one, into the zero register. */
function randomFlagSetter(random: Random): number {
  const n = random.below(31);
  const m = random.chance(0.3) ? n : random.below(31);
  return (random.pick(FLAG_SETTERS) | (m << 16) | (n << 5)) >>> 0;
}

/** Programs of three to six instructions of different rows, without branches and memory accesses. */
export function* mixedPrograms(harness: InstructionHarness, rows: readonly A64Row[], name: string, count: number, seed: number): Generator<OracleProgram> {
  const random = new Random(seed);
  const { decoder } = harness.predecoder;
  const choices = new Map(rows.map((row) => [row, staticChoices(row)]));
  for (let i = 0; i < count; i++) {
    const words: number[] = [];
    const length = random.between(3, 6);
    while (words.length < length) {
      const row = random.pick(rows);
      const word = randomWord(random, decoder, row, random.pick(choices.get(row) as Record<string, number>[]), words.length);
      if (word !== undefined && !isBranch(word) && !accessOf(word)) words.push(word);
    }
    const program: OracleProgram = { name, seed: random.u32(), words };
    if (staysInProgram(harness, program)) yield program;
  }
}
