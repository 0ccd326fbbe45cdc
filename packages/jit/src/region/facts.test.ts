import type { Window } from './window.js';
import { Facts } from './facts.js';
import { RecordingProbe } from './recording-probe.test.helper.js';

const [A, B] = [8, 16];

/** Facts as taught by `learn`. */
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

  it('learned after a merge are not known on the paths to it', () => {
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

describe('windows', () => {
  const windowIn = (local: number): Window => ({
    local,
    probe: new RecordingProbe(),
    block: 1,
    low: 0,
    high: 8,
    write: false,
  });
  const [first, second] = [windowIn(5), windowIn(6)];
  const C = 24;
  /** Facts with registers that point into windows. */
  const pointing = (...views: readonly (readonly [register: number, window: Window, position: number])[]): Facts =>
    knowing(
      ...views.map(
        ([register, window, position]) =>
          (facts: Facts) =>
            facts.learnWindow(register, { window, position }),
      ),
    );

  it('are known at their register, from where it points', () => {
    const facts = pointing([A, first, -24]);
    expect(facts.windowAt(A)).toEqual({ window: first, position: -24 });
    expect(facts.windowAt(A)?.window).toBe(first);
    expect(facts.windowAt(B)).toBeUndefined();
  });

  it('come along with copies, as far as these are from their source', () => {
    const facts = pointing([A, first, 8]);
    facts.noteWrite(B, { register: A, displacement: 0 });
    facts.noteWrite(C, { register: B, displacement: -32 });
    expect([A, B, C].map((register) => facts.windowAt(register)?.position)).toEqual([8, 8, -24]);
    expect([A, B, C].every((register) => facts.windowAt(register)?.window === first)).toBe(true);
  });

  it('count from where a register that moves has come to', () => {
    const facts = pointing([A, first, 0]);
    for (const displacement of [16, -48, 4095]) facts.noteWrite(A, { register: A, displacement });
    expect(facts.windowAt(A)).toEqual({ window: first, position: 4063 });
  });

  it('are forgotten with what else a register held', () => {
    const facts = pointing([A, first, 0], [B, second, 0], [C, first, 0]);
    facts.noteWrite(A, undefined);
    facts.noteWrite(B, { register: 32, displacement: 0 });
    facts.noteWrite(C, { register: C, displacement: 0 });
    expect([A, B, C].map((register) => facts.windowAt(register)?.window)).toEqual([undefined, undefined, first]);
    facts.noteWrite(C, { register: A, displacement: 8 });
    expect(facts.windowAt(C)).toBeUndefined();
  });

  it('are forgotten at all registers when their local is written', () => {
    const facts = pointing([A, first, 0], [B, second, 8], [C, first, 16], [32, windowIn(first.local), 0]);
    facts.forgetWindows(first.local);
    expect([A, B, C, 32].map((register) => facts.windowAt(register))).toEqual([
      undefined,
      { window: second, position: 8 },
      undefined,
      undefined,
    ]);
  });

  it.each([
    ['the same place of the same window', first, 8, true],
    ['another place of it', first, 16, false],
    ['another window in the same local', windowIn(first.local), 8, false],
    ['another window', second, 8, false],
  ])('are known after a merge if all paths have %s', (_, window, position, isCommon) => {
    const ways = [pointing([A, first, 8], [B, first, 0]), pointing([A, window, position], [C, first, 0])];
    for (const order of [ways, [...ways].reverse(), [...ways, ...ways]]) {
      const common = Facts.common(order);
      expect(common.windowAt(A)).toEqual(isCommon ? { window: first, position: 8 } : undefined);
      expect([common.windowAt(B), common.windowAt(C)]).toEqual([undefined, undefined]);
    }
    expect(Facts.common([...ways, Facts.none()]).windowAt(A)).toBeUndefined();
  });

  it('learned or forgotten after a merge are not so on the paths to it', () => {
    const way = pointing([A, first, 0]);
    const merged = Facts.common([way]);
    merged.noteWrite(B, { register: A, displacement: 8 });
    merged.forgetWindows(first.local);
    merged.learnWindow(C, { window: second, position: 0 });
    expect([A, B, C].map((register) => way.windowAt(register)?.window)).toEqual([first, undefined, undefined]);
  });
});
