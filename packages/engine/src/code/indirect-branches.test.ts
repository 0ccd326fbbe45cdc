import { IndirectBranches } from './indirect-branches.js';

const BRANCH = 0x1000;

describe('IndirectBranches', () => {
  function noted(...targets: readonly number[]): IndirectBranches {
    const branches = new IndirectBranches();
    for (const to of targets) branches.note(BRANCH, to);
    return branches;
  }

  it('tells the targets that were seen more than once, the most frequent first', () => {
    expect(noted(1, 2, 2, 3, 3, 3).targets(BRANCH, 8)).toEqual([3, 2]);
    expect(noted(1, 2, 2, 3, 3, 3).targets(BRANCH, 1)).toEqual([3]);
  });

  it('tells all cases of a jump table that are equally frequent', () => {
    const cases = Array.from({ length: 12 }, (_, n) => n);
    expect(noted(...cases, ...cases).targets(BRANCH, 12)).toEqual(cases);
  });

  it('leaves out targets that are rare beside others', () => {
    expect(noted(...Array<number>(60).fill(1), 2, 2).targets(BRANCH, 8)).toEqual([1]);
  });

  it('knows nothing of other branches, nor of arrivals without one', () => {
    const branches = noted(1, 1);
    branches.note(0, 5);
    branches.note(0, 5);
    expect([branches.targets(2, 8), branches.targets(0, 8)]).toEqual([[], []]);
  });
});
