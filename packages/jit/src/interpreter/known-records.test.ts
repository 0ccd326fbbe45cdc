import fc from 'fast-check';
import type { RecordMemory } from '../records/record-plan.js';
import { KnownRecords } from './known-records.js';

/** A record whose words differ from those of other records. */
const recordOf = (word: number, far: boolean): readonly number[] =>
  [0, 1, 2, 3].map((i) => (word ^ i ^ (far ? 8 : 0)) >>> 0);

function memoryOf(words: readonly number[]): RecordMemory {
  const u32 = Uint32Array.from(words);
  return { data: new DataView(u32.buffer), u16: new Uint16Array(u32.buffer), u32 };
}

/** The remembered record of a word. */
function recall(known: KnownRecords, word: number, far: boolean): readonly number[] | undefined {
  const entry = known.find(word);
  const memory = memoryOf([0, 0, 0, 0, 0, 0]);
  if (entry < 0 || !known.copy(entry, far, memory, 4)) return undefined;
  expect([memory.u32[0], memory.u32[5]]).toEqual([0, 0]);
  return [...memory.u32.subarray(1, 5)];
}

function remember(known: KnownRecords, word: number, far: boolean, distance = 0, ends = false): void {
  known.add(word, { distance, ends, far, placed: false }, memoryOf([7, ...recordOf(word, far), 7]), 4);
}

describe('known records', () => {
  it('are what was added, whatever else was', () => {
    const words = fc.uniqueArray(fc.record({ word: fc.nat(0xffff_ffff), far: fc.boolean() }), {
      selector: ({ word, far }) => `${word} ${far}`,
      maxLength: 200,
    });
    fc.assert(
      fc.property(words, fc.nat(0xffff_ffff), (added, other) => {
        const known = new KnownRecords(false);
        for (const { word, far } of added) remember(known, word, far);
        for (const { word, far } of added) expect(recall(known, word, far)).toEqual(recordOf(word, far));
        for (const far of [false, true])
          if (!added.some((a) => a.word === other && a.far === far)) expect(recall(known, other, far)).toBeUndefined();
      }),
      { numRuns: 20 },
    );
  });

  it('say how far a word jumps, and whether control may leave after it', () => {
    const known = new KnownRecords(false);
    remember(known, 0, false);
    remember(known, 0x1400_0001, true, -4, true);
    expect([known.find(5), known.ends(known.find(0)), known.distance(known.find(0))]).toEqual([-1, false, 0]);
    const entry = known.find(0x1400_0001);
    expect([known.ends(entry), known.distance(entry), recall(known, 0x1400_0001, false)]).toEqual([
      true,
      -4,
      undefined,
    ]);
  });

  it('may be two of a word, whichever comes first', () => {
    const known = new KnownRecords(false);
    remember(known, 1, true);
    remember(known, 2, false);
    expect([recall(known, 1, false), recall(known, 2, true)]).toEqual([undefined, undefined]);
    remember(known, 2, true);
    remember(known, 1, false);
    for (const word of [1, 2])
      for (const far of [false, true]) expect(recall(known, word, far)).toEqual(recordOf(word, far));
  });

  it('leave a header alone, but for the handler', () => {
    const known = new KnownRecords(true);
    remember(known, 0x1234_5678, false);
    const memory = memoryOf([0xabcd_0000, 0, 0, 0]);
    expect(known.copy(known.find(0x1234_5678), false, memory, 0)).toBe(true);
    const [first, ...fields] = recordOf(0x1234_5678, false);
    expect([...memory.u32]).toEqual([(0xabcd_0000 | ((first as number) & 0xffff)) >>> 0, ...fields]);
  });

  it('are forgotten when there are too many, and then are right again', () => {
    const known = new KnownRecords(false);
    const count = 140_000;
    for (let word = 0; word < count; word++) remember(known, word, false);
    expect(recall(known, 0, false)).toBeUndefined();
    for (let word = count - 1000; word < count; word++)
      expect(recall(known, word, false)).toEqual(recordOf(word, false));
  });
});
