import { Random } from '@qvm/isa-testing';
import { ControlFlow } from './control-flow.test.helper.js';
import type { TierProgram } from './tier-program.test.helper.js';

/** Generates the program of a seed, always the same. */
export function randomProgram(seed: number): TierProgram {
  const random = new Random(seed);
  const mmu = random.chance(0.9);
  const setup = {
    el: mmu && random.chance(0.3) ? 0 : 1,
    mmu,
    timer: random.chance(0.4) ? random.between(60, 2000) : 0,
    seed: random.u32(),
    step: random.pick([100_000, 100_000, 5003, 997]),
    codePages: random.pick([64, 64, 64, 6]),
  } as const;
  const functions = random.between(1, 6);
  const flow = new ControlFlow(random, functions, mmu);
  const [again, rounds] = ['x24', random.between(2, 60)];
  const main = [
    `mov ${again}, #${rounds}`,
    'again:',
    ...flow.block(random.between(3, 9), 1, -1),
    `subs ${again}, ${again}, #1`,
    'b.ne again',
    'b end',
  ];
  const callees = Array.from({ length: functions }, (_, n) => flow.function(n)).flat();
  return { setup, lines: [...main, ...callees, ...flow.recursive(), ...flow.windows(), 'end:'] };
}
