import { TimerDelays } from './timer-delays.js';

describe('TimerDelays', () => {
  it('counts by powers of ten, bounds exclusive, and keeps the longest', () => {
    const delays = new TimerDelays();
    for (const delay of [0, 9_999, 10_000, 2e6]) delays.add(delay, 1);
    delays.add(5e9, 3);
    expect(delays.totals()).toEqual({
      bounds: [1e4, 1e5, 1e6, 1e7, 1e8, 1e9],
      counts: [2, 1, 0, 1, 0, 0, 3],
      longest: 5e9,
    });
  });

  it('has nothing to tell of timers that were never late', () => {
    expect(new TimerDelays().totals()).toMatchObject({ counts: [0, 0, 0, 0, 0, 0, 0], longest: 0 });
  });
});
