import { encodeFields } from '@qvm/jit';
import type { InstructionDecoder, Field } from '@qvm/jit';
import type { A64, A64Row } from '@qvm/isa-aarch64';
import { DATA_BASE } from './instruction-harness.js';
import type { Random } from './random.js';
import { CODE_START } from './random-state.js';
import { accessOf, branchDistance, branchField, indexesItself, isUnpredictable } from './word-class.js';

const MAX_TRIES = 200;

/**
 * The combinations of static fields of a row that are allocated.
 *
 * @experimental
 */
export function staticChoices(row: A64Row): Record<string, number>[] {
  let choices: Record<string, number>[] = [{}];
  for (const field of row.pattern.fields) {
    if (field.role !== 'static') continue;
    choices = choices.flatMap((choice) =>
      Array.from({ length: 1 << field.width }, (_, value) => ({ ...choice, [field.name]: value })),
    );
  }
  return choices.filter((choice) => row.valid(choice));
}

/**
 * A random word of `row` with these static fields whose behaviour is defined and which ends when it runs alone;
 * `undefined` if none was found.
 *
 * @param fixed - values of static and other fields.
 * @param position - index of the word in its program.
 * @experimental
 */
export function randomWord(
  random: Random,
  decoder: InstructionDecoder<A64>,
  row: A64Row,
  fixed: Record<string, number>,
  position: number,
): number | undefined {
  for (let i = 0; i < MAX_TRIES; i++) {
    const encoded = encodeFields(row.pattern, randomFields(random, row, fixed)) | ignoredBits(row);
    const word = aimBranch(random, aimLiteral(random, encoded, position));
    const distance = branchDistance(word);
    if (isUnpredictable(word) || indexesItself(word) || (distance !== undefined && distance <= 0 && distance >= -8))
      continue;
    if (decoder.find(word)?.row === row) return word;
  }
  return undefined;
}

/**
 * Whether a field holds a register number. Rows with register pairs declare the fields of their registers as values.
 */
const isRegisterField = ({ name, width, role }: Field): boolean =>
  width > 3 && (role === 'register' || (role === 'value' && /^[a-z]\d?$/.test(name)));

/**
 * The fields of a row that hold five bits of a register number.
 *
 * @experimental
 */
export function registerFields(row: A64Row): readonly string[] {
  return row.pattern.fields.filter((field) => field.width === 5 && isRegisterField(field)).map(({ name }) => name);
}

function randomFields(random: Random, row: A64Row, fixed: Record<string, number>): Record<string, number> {
  const raw: Record<string, number> = { ...fixed };
  const registers: number[] = [];
  for (const field of row.pattern.fields) {
    const { name, width } = field;
    if (raw[name] !== undefined) continue;
    const isRegister = isRegisterField(field);
    raw[name] = isRegister ? randomRegister(random, registers) & (2 ** width - 1) : randomImmediate(random, width);
    if (isRegister) registers.push(raw[name]);
  }
  return raw;
}

function randomRegister(random: Random, used: readonly number[]): number {
  if (used.length > 0 && random.chance(0.25)) return random.pick(used);
  if (random.chance(0.12)) return random.pick([31, 31, 30]);
  return random.below(random.chance(0.7) ? 8 : 31);
}

function randomImmediate(random: Random, width: number): number {
  const all = 2 ** width - 1;
  if (random.chance(0.15)) return random.pick([0, all, 2 ** (width - 1)]);
  return (random.u32() >>> 0) % (all + 1);
}

/** Ignored bits are "should be one" in the tables. */
function ignoredBits({ pattern }: A64Row): number {
  let covered = pattern.mask;
  for (const { width, shift } of pattern.fields) covered |= (2 ** width - 1) << shift;
  return ~covered >>> 0;
}

/** Makes half of the immediate branches stay in the code page. */
function aimBranch(random: Random, word: number): number {
  const field = branchField(word);
  if (!field || random.chance(0.5)) return word;
  const mask = 2 ** field.width - 1;
  return ((word & ~(mask << field.shift)) | ((random.between(-200, 600) & mask) << field.shift)) >>> 0;
}

/** Makes literal loads read the data pages. */
function aimLiteral(random: Random, word: number, position: number): number {
  if (accessOf(word)?.kind !== 'literal') return word >>> 0;
  const distance = DATA_BASE + 4 * random.between(512, 1400) - (CODE_START + 4 * position);
  return ((word & ~(0x7ffff << 5)) | (((distance >> 2) & 0x7ffff) << 5)) >>> 0;
}
