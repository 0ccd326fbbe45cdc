import { contentsOf, partOf } from './contents.js';

describe('contents', () => {
  const whole = contentsOf(Uint8Array.of(1, 2, 3, 4, 5));
  const part = partOf(whole, 1, 4);

  it('are read in pieces', () => {
    expect([...whole.piece(3, 5)]).toEqual([4, 5]);
    expect([part.length, ...part.piece(1, 3)]).toEqual([3, 3, 4]);
    expect([...partOf(part, 2, 3).piece(0, 1)]).toEqual([4]);
    expect(part.piece(3, 3)).toHaveLength(0);
  });

  it('have no bytes outside of them', () => {
    for (const [begin, end] of [
      [0, 4],
      [-1, 2],
      [2, 1],
      [NaN, 2],
    ] as const) {
      expect(() => part.piece(begin, end)).toThrow(RangeError);
      expect(() => partOf(part, begin, end)).toThrow(RangeError);
    }
  });
});
