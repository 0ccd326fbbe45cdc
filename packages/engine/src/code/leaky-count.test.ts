import { LeakyCount } from './leaky-count.js';

describe('a count that leaks', () => {
  it('adds up events that come faster than one in a period', () => {
    const count = new LeakyCount(9, 100);
    expect([0, 10, 20, 30, 99].map((now) => count.add(now))).toEqual([1, 2, 3, 4, 5]);
    expect([100, 250, 399, 400, 500, 10_000].map((now) => count.at(now))).toEqual([4, 3, 2, 1, 0, 0]);
  });

  it('does not add up rare ones, and begins a period with an event', () => {
    const count = new LeakyCount(9, 100);
    expect([1000, 1100, 1200, 1350].map((now) => count.add(now))).toEqual([1, 1, 1, 1]);
    expect([1449, 1450].map((now) => count.at(now))).toEqual([1, 0]);
    count.add(2000);
    count.clear();
    expect(count.at(2000)).toBe(0);
  });

  it('has a limit, so that it is forgotten in a time that does not depend on the number of events', () => {
    const count = new LeakyCount(3, 100);
    for (let i = 0; i < 1000; i++) count.add(0);
    expect([0, 299, 300].map((now) => count.at(now))).toEqual([3, 1, 0]);
  });

  it('counts a burst once, and a long one several times', () => {
    const count = new LeakyCount(9, 10_000, 50);
    expect([0, 10, 20, 49].map((now) => count.add(now))).toEqual([1, 1, 1, 1]);
    expect([50, 60, 99, 100].map((now) => count.add(now))).toEqual([2, 2, 2, 3]);
  });
});
