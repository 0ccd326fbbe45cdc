import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { WordDecoder } from '@qvm/jit';
import { decodeAllocation } from './allocation.js';
import { bits, isUnpredictable } from './word-class.js';
import { a64Rows, notImplemented } from '@qvm/isa-aarch64';

const MAX_SHOWN = 20;
const hex = (word: number): string => word.toString(16).padStart(8, '0');

/** Words that the tables decode although objdump does not, for the reasons in the code. */
function isException(word: number): boolean {
  // CONSTRAINED UNPREDICTABLE forms are executed as in QEMU: LDPSW into one register.
  if (isUnpredictable(word)) return true;
  // LDAR, LDLAR, STLR, STLLR: bits 20–16 and 14–10 "should be one" and are ignored.
  return bits(word, 29, 23) === 0b0010001 && bits(word, 21, 21) === 0;
}

describe('the encoding space', () => {
  // Recorded from objdump by oracle/record-allocation.mjs.
  const recording = decodeAllocation(
    gunzipSync(readFileSync(new URL('../testdata/oracle/allocation.bin.gz', import.meta.url))),
  );
  const decoder = new WordDecoder(a64Rows);
  const featureOf = (word: number): string | undefined =>
    notImplemented.find(({ encodings }) => encodings.some(({ mask, value }) => ((word ^ value) & mask) === 0))?.feature;
  const words = [...recording.words];

  it('is implemented or listed as left out wherever objdump decodes', () => {
    const missing = words.filter(
      (word, i) => recording.decodes(i) && !decoder.find(word) && featureOf(word) === undefined,
    );
    expect(missing.slice(0, MAX_SHOWN).map(hex)).toEqual([]);
  });

  it('is undefined wherever objdump does not decode', () => {
    const extra = words.filter((word, i) => !recording.decodes(i) && decoder.find(word) && !isException(word));
    expect(extra.slice(0, MAX_SHOWN).map((word) => `${hex(word)} ${decoder.find(word)?.row.name}`)).toEqual([]);
  });

  it('has no row for what is listed as left out', () => {
    const listed = words.filter((word) => decoder.find(word) && featureOf(word) !== undefined);
    expect(
      listed.slice(0, MAX_SHOWN).map((word) => `${hex(word)} ${decoder.find(word)?.row.name}: ${featureOf(word)}`),
    ).toEqual([]);
  });
});
