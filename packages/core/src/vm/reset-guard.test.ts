import { DEFAULT_RESET_LIMIT, ResetGuard } from './reset-guard.js';

const SECOND = 1e9;

/** A guard's answers to resets at these times: whether the guest boots again, and after which pause. */
function resets(guard: ResetGuard, times: readonly number[]): readonly (readonly [boolean, number])[] {
  return times.map((time) => [guard.count(time * SECOND), guard.pauseMs] as const);
}

describe('a guard of resets', () => {
  it('lets a few pass at once, slows those that follow, and ends the guest', () => {
    const said = resets(
      new ResetGuard(),
      Array.from({ length: DEFAULT_RESET_LIMIT + 1 }, (_, n) => n / 1000),
    );
    expect(said.slice(0, 6)).toEqual([
      [true, 0],
      [true, 0],
      [true, 0],
      [true, 10],
      [true, 20],
      [true, 40],
    ]);
    expect(said.at(-2)).toEqual([true, 1000]);
    expect(said.at(-1)?.[0]).toBe(false);
  });

  it('begins again when the guest has run for ten seconds', () => {
    const guard = new ResetGuard(2);
    expect(resets(guard, [0, 9, 19, 28, 37]).map(([boots]) => boots)).toEqual([true, true, true, true, false]);
    expect(guard.inARow).toBe(3);
  });

  it('never ends the guest with the limit 0', () => {
    const guard = new ResetGuard(0);
    expect(
      resets(
        guard,
        Array.from({ length: 100 }, () => 0),
      ).every(([boots]) => boots),
    ).toBe(true);
    expect(guard.pauseMs).toBe(1000);
  });
});
