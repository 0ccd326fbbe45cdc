import { TimeStampCounter } from './time-stamp-counter.js';

describe('the time-stamp counter', () => {
  it.each([
    [0, 0n],
    [1234.75, 0n],
    [5_000_000_000_123, 0n],
    [5_000_000_000_123, 2n ** 64n - 5_000_000_000_124n],
    [1000, 2n ** 64n - 999n],
    [1000, 2n ** 63n],
    [1000, 2n ** 52n],
    [2 ** 52, 2n ** 52n + 2n ** 51n],
    [3, 2n ** 53n - 2n],
  ])('is read in two words as it is as a whole, at %d ns with an offset of %d', (now, adjust) => {
    const tsc = new TimeStampCounter({ now: () => now });
    tsc.adjust = adjust;
    tsc.read();
    expect((BigInt(tsc.hi) << 32n) | BigInt(tsc.lo)).toBe(tsc.count);
    expect(tsc.count).toBe(BigInt.asUintN(64, BigInt(Math.floor(now)) + adjust));
  });
});
