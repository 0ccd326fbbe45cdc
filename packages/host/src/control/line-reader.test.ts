import * as fc from 'fast-check';
import { LineReader } from './line-reader.js';

describe('a line reader', () => {
  it('gives the lines that were written, however they were cut', () => {
    const line = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'));
    fc.assert(
      fc.property(fc.array(line), fc.infiniteStream(fc.integer({ min: 1, max: 7 })), (lines, cuts) => {
        const bytes = new TextEncoder().encode(lines.map((text) => `${text}\n`).join(''));
        const reader = new LineReader(0x1_0000);
        const read: string[] = [];
        for (let at = 0; at < bytes.length;) {
          const end = at + Number(cuts.next().value);
          read.push(...reader.add(bytes.subarray(at, end)));
          at = end;
        }
        // A byte order mark at the start of a line is dropped, as JSON requires.
        expect(read).toEqual(lines.map((text) => text.replace(/^\ufeff/, '')));
      }),
    );
  });

  it('refuses lines beyond its limit, also before they end', () => {
    expect(() => [...new LineReader(4).add(Uint8Array.of(1, 2, 3, 4, 5))]).toThrow(RangeError);
    expect([...new LineReader(4).add(Uint8Array.of(0x61, 0x62, 0x63, 0x64, 10))]).toEqual(['abcd']);
  });
});
