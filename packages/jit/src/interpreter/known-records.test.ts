import fc from 'fast-check';
import { KnownRecords } from './known-records.js';

/** A record whose words tell it from others. */
const recordOf = (word: number, far: boolean): readonly number[] =>
  [0, 1, 2, 3].map((i) => (word ^ i ^ (far ? 8 : 0)) >>> 0);

/** What is remembered of a word, read back. */
function recall(known: KnownRecords, word: number, far: boolean): readonly number[] | undefined {
  const place = known.find(word);
  const to = new Uint32Array(6);
  if (place < 0 || !known.copy(place, far, to, 1)) return undefined;
  expect([to[0], to[5]]).toEqual([0, 0]);
  return [...to.subarray(1, 5)];
}

function remember(known: KnownRecords, word: number, far: boolean, distance = 0, ends = false): void {
  known.add(word, distance, ends, far, Uint32Array.from([7, ...recordOf(word, far), 7]), 1);
}

describe('known records', () => {
  it('are what was added, whatever else was', () => {
    const words = fc.uniqueArray(fc.record({ word: fc.nat(0xffff_ffff), far: fc.boolean() }), {
      selector: ({ word, far }) => `${word} ${far}`,
      maxLength: 200,
    });
    fc.assert(
      fc.property(words, fc.nat(0xffff_ffff), (added, other) => {
        const known = new KnownRecords();
        for (const { word, far } of added) remember(known, word, far);
        for (const { word, far } of added) expect(recall(known, word, far)).toEqual(recordOf(word, far));
        for (const far of [false, true])
          if (!added.some((a) => a.word === other && a.far === far)) expect(recall(known, other, far)).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  it('say how far a word jumps, and whether control goes on behind it', () => {
    const known = new KnownRecords();
    remember(known, 0, false);
    remember(known, 0x1400_0001, true, -4, true);
    expect([known.find(5), known.ends(known.find(0)), known.distance(known.find(0))]).toEqual([-1, false, 0]);
    const place = known.find(0x1400_0001);
    expect([known.ends(place), known.distance(place), recall(known, 0x1400_0001, false)]).toEqual([
      true,
      -4,
      undefined,
    ]);
  });

  it('are forgotten when there are too many, and then are right again', () => {
    const known = new KnownRecords();
    const count = 140_000;
    for (let word = 0; word < count; word++) remember(known, word, false);
    expect(recall(known, 0, false)).toBeUndefined();
    for (let word = count - 1000; word < count; word++)
      expect(recall(known, word, false)).toEqual(recordOf(word, false));
  });
});
