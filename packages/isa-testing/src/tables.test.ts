import { WordDecoder, encodeFields } from '@qvm/jit';
import type { Pattern } from '@qvm/jit';
import { InstructionHarness } from './instruction-harness.js';
import { staticChoices } from './random-words.js';
import { Random } from './random.js';
import { a64Rows, a64Tables } from '@qvm/isa-aarch64';
import type { A64Row } from '@qvm/isa-aarch64';

const SEED = 7;
const WORDS_PER_CHOICE = 20;
const TRIES_PER_CHOICE = 2000;
/** docs/decisions/0004: up to this number of handlers, no difference in speed was measured. */
const MAX_HANDLERS = 2000;
const BUILT_IN_HANDLERS = 3;

/** Words that a row accepts, several for each combination of static fields. */
function* randomWords(random: Random, row: A64Row): Generator<number> {
  for (const statics of staticChoices(row)) {
    for (let tries = 0, found = 0; tries < TRIES_PER_CHOICE && found < WORDS_PER_CHOICE; tries++) {
      const fields = row.pattern.fields.map(
        ({ name, width }) => [name, statics[name] ?? random.u32() >>> (32 - width)] as const,
      );
      const raw = Object.fromEntries(fields);
      if (!row.allocated(raw)) continue;
      found++;
      yield encodeFields(row.pattern, raw);
    }
  }
}

/** Whether `inner` fixes every bit that `outer` fixes, to the same value. */
function isMoreSpecific(inner: Pattern, outer: Pattern): boolean {
  return (outer.mask & ~inner.mask) === 0 && ((inner.value ^ outer.value) & outer.mask) === 0;
}

const hex = (word: number): string => word.toString(16).padStart(8, '0');

describe('instruction tables', () => {
  it('give each row a name of its own', () => {
    const names = a64Rows.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it(`do not let a row hide another (seed ${SEED})`, () => {
    const decoder = new WordDecoder(a64Rows);
    const random = new Random(SEED);
    const hidden: string[] = [];
    for (const row of a64Rows) {
      let found = 0;
      for (const word of randomWords(random, row)) {
        const other = decoder.find(word)?.row;
        if (other === row) found++;
        else if (other && !isMoreSpecific(other.pattern, row.pattern))
          hidden.push(`${hex(word)} of ${row.name} is taken by ${other.name}`);
      }
      if (found === 0) hidden.push(`no random word of ${row.name} is decoded as such`);
    }
    expect(hidden.slice(0, 20)).toEqual([]);
  });

  it(`fit their records and make fewer than ${MAX_HANDLERS} handlers`, () => {
    const { interpreter } = new InstructionHarness(a64Rows);
    const count = interpreter.handlers.length - BUILT_IN_HANDLERS;
    const tables = Object.entries(a64Tables).map(([table, rows]) => {
      const handlers = new Set(rows.flatMap((row) => [...(interpreter.rows.get(row)?.index ?? [])])).size;
      return `${table} ${handlers}`;
    });
    console.log(`${a64Rows.length} rows, ${count} handlers, ${interpreter.bytes.length} bytes: ${tables.join(', ')}`);
    expect(count).toBeLessThan(MAX_HANDLERS);
  });
});
