import { EngineState } from '@qvm/jit';
import { State } from './layout.js';

describe('the state of a vCPU', () => {
  it('has what the engine shares before everything else', () => {
    const { ['end' as const]: _end, ...own } = State;
    const shared = new Set<string>(Object.keys(EngineState));
    const first = Math.min(...Object.entries(own).flatMap(([name, at]) => (shared.has(name) ? [] : [at])));
    expect(first).toBeGreaterThanOrEqual(EngineState.end);
  });

  it('has registers where their accesses are aligned', () => {
    expect([State.x % 8, State.sp % 8, State.v % 16, State.system % 8]).toEqual([0, 0, 0, 0]);
  });
});
