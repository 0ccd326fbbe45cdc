import * as fc from 'fast-check';
import { crystalRate, TickRate } from './tick-rate.js';

describe('TickRate', () => {
  it('is exact, also after a hundred days (exact integers as the oracle)', () => {
    const time = fc.integer({ min: 0, max: 9e15 });
    const rates = [
      [105, 88_000],
      [315, 88_000],
      [64, 1_953_125],
      [1, 10],
    ] as const;
    fc.assert(
      fc.property(time, fc.constantFrom(...rates), (now, [ticks, nanoseconds]) => {
        const expected = (BigInt(now) * BigInt(ticks)) / BigInt(nanoseconds);
        expect(new TickRate(ticks, nanoseconds).ticksAt(now)).toBe(Number(expected));
      }),
    );
  });

  it('finds the first time of a tick', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e13 }), (tick) => {
        const rate = crystalRate(12);
        const time = rate.timeOf(tick);
        expect([rate.ticksAt(time), rate.ticksAt(time - 1)]).toEqual([tick, tick - 1]);
      }),
    );
  });

  it.each([
    [12, 1_193_181],
    [4, 3_579_545],
    [1, 14_318_181],
  ])('divides the crystal by %i to %i Hz', (divisor, hertz) => {
    expect(crystalRate(divisor).ticksAt(1e9)).toBe(hertz);
  });
});
