import { Facts } from './facts.js';

const [A, B] = [8, 16];

/** Facts that say what `learn` taught them. */
function knowing(...learn: ((facts: Facts) => void)[]): Facts {
  const facts = Facts.none();
  for (const teach of learn) teach(facts);
  return facts;
}

describe('facts', () => {
  it.each([
    ['zero fields', 'learnZeroField', 'isZeroField'],
    ['aligned registers', 'learnAlignedRegister', 'isAlignedRegister'],
    ['what is in locals', 'learnInLocal', 'isInLocal'],
  ] as const)('know %s by their place, and mix them up with nothing else', (_, learn, is) => {
    const facts = knowing((known) => known[learn](A));
    expect([facts[is](A), facts[is](B)]).toEqual([true, false]);
    const all = (['isZeroField', 'isAlignedRegister', 'isInLocal'] as const).filter((other) => facts[other](A));
    expect(all).toEqual([is]);
  });

  it('are common where all ways know them', () => {
    const [both, one] = [A, B];
    const first = knowing(
      (facts) => facts.learnInLocal(both),
      (facts) => facts.learnInLocal(one),
    );
    const second = knowing(
      (facts) => facts.learnInLocal(both),
      (facts) => facts.learnZeroField(one),
    );
    const third = knowing((facts) => facts.learnInLocal(both));
    for (const ways of [
      [first, second],
      [second, first],
      [first, second, third],
    ]) {
      const common = Facts.common(ways);
      expect([common.isInLocal(both), common.isInLocal(one), common.isZeroField(one)]).toEqual([true, false, false]);
    }
    expect(Facts.common([first, Facts.none()]).isInLocal(both)).toBe(false);
    expect(Facts.common([]).isInLocal(both)).toBe(false);
  });

  it('learned behind a merge are not known on the ways to it', () => {
    const way = knowing((facts) => facts.learnInLocal(A));
    const merged = Facts.common([way]);
    merged.learnInLocal(B);
    merged.noteWrite(A, undefined);
    expect([way.isInLocal(A), way.isInLocal(B), merged.isInLocal(A)]).toEqual([true, false, true]);
  });

  it.each([
    [16, true],
    [-4096, true],
    [0, true],
    [8, false],
    [-1, false],
    [undefined, false],
  ])('of the alignment survive a displacement of %p: %p', (displacement, survives) => {
    const facts = knowing(
      (known) => known.learnAlignedRegister(A),
      (known) => known.learnAlignedRegister(B),
      (known) => known.learnInLocal(A),
    );
    facts.noteWrite(A, displacement === undefined ? undefined : { register: A, displacement });
    expect([facts.isAlignedRegister(A), facts.isAlignedRegister(B), facts.isInLocal(A)]).toEqual([
      survives,
      true,
      true,
    ]);
  });

  it('of the alignment come along with a copy', () => {
    const facts = knowing((known) => known.learnAlignedRegister(A));
    facts.noteWrite(B, { register: A, displacement: 32 });
    expect([facts.isAlignedRegister(A), facts.isAlignedRegister(B)]).toEqual([true, true]);
    facts.noteWrite(A, { register: B, displacement: 4 });
    expect([facts.isAlignedRegister(A), facts.isAlignedRegister(B)]).toEqual([false, true]);
  });
});
