import fc from 'fast-check';
import { createRandom, findBadAccess, randomSeed } from '@qvm/testing';
import { PicBench } from './pic-bench.test.helper.js';
import { ReferencePair } from './reference-pic.test.helper.js';
import type { ReferencePic } from './reference-pic.test.helper.js';

/** The real pair and the reference side by side. */
interface Both {
  readonly real: PicBench;
  readonly model: ReferencePair;
}

type Step = (both: Both) => void;

const LEVELS = [0xf8, 0xde] as const;
/** Seed of the sequences that show how deep interrupts nest: fixed, because the depth is asserted. */
const NESTING_SEED = 1;

const chip = fc.constantFrom(0 as const, 1 as const);
const input = fc.nat({ max: 7 });
const byte = fc.nat({ max: 255 });

function step(name: string, run: Step): Step {
  return Object.assign(run, { toString: () => name });
}

function portOf(index: 0 | 1): number {
  return index === 0 ? 0x20 : 0xa0;
}

/** A write to the even port, and what it does to the model. */
function command(
  name: string,
  value: (input: number) => number,
  change: (pic: ReferencePic, input: number) => void,
): fc.Arbitrary<Step> {
  return fc.tuple(chip, input).map(([index, number]) =>
    step(`${name} ${index} ${number}`, ({ real, model }) => {
      real.out(portOf(index), value(number));
      change(model.chips[index], number);
    }),
  );
}

function replace(set: Set<number>, bits: number): void {
  set.clear();
  for (let bit = 0; bit < 8; bit++) if (((bits >>> bit) & 1) === 1) set.add(bit);
}

const lineStep = fc.tuple(fc.nat({ max: 15 }), fc.boolean()).map(([interrupt, level]) =>
  step(`line ${interrupt} ${level}`, ({ real, model }) => {
    if (interrupt === 2) return;
    real.line(interrupt, level);
    model.chips[interrupt < 8 ? 0 : 1].line(interrupt & 7, level);
  }),
);

const acknowledgeStep = fc.constant(
  step('acknowledge', ({ real, model }) => expect(real.pair.acknowledge()).toBe(model.acknowledge())),
);

const commands: readonly fc.Arbitrary<Step>[] = [
  command(
    'end',
    () => 0x20,
    (pic) => pic.end(pic.running()[0], false),
  ),
  command(
    'rotate and end',
    () => 0xa0,
    (pic) => pic.end(pic.running()[0], true),
  ),
  command(
    'end this',
    (number) => 0x60 | number,
    (pic, number) => pic.end(number, false),
  ),
  command(
    'rotate and end this',
    (number) => 0xe0 | number,
    (pic, number) => pic.end(number, true),
  ),
  command(
    'set lowest',
    (number) => 0xc0 | number,
    (pic, number) => pic.makeLowest(number),
  ),
  command(
    'rotate automatically',
    () => 0x80,
    (pic) => (pic.rotating = true),
  ),
  command(
    'do not rotate',
    () => 0x00,
    (pic) => (pic.rotating = false),
  ),
  command(
    'nothing',
    (number) => 0x40 | number,
    () => undefined,
  ),
  command(
    'special mask',
    () => 0x68,
    (pic) => (pic.special = true),
  ),
  command(
    'no special mask',
    () => 0x48,
    (pic) => (pic.special = false),
  ),
];

const registerSteps: readonly fc.Arbitrary<Step>[] = [
  fc.tuple(chip, byte).map(([index, value]) =>
    step(`mask ${index} ${value}`, ({ real, model }) => {
      real.out(portOf(index) + 1, value);
      replace(model.chips[index].masked, value);
    }),
  ),
  fc.tuple(chip, byte).map(([index, value]) =>
    step(`levels ${index} ${value}`, ({ real, model }) => {
      real.out(0x4d0 + index, value);
      replace(model.chips[index].levelTriggered, value & LEVELS[index]);
    }),
  ),
  chip.map((index) =>
    step(`poll ${index}`, ({ real, model }) => {
      real.out(portOf(index), 0x0c);
      const taken = model.take(model.chips[index]);
      expect(real.in(portOf(index))).toBe(taken === undefined ? 0 : 0x80 | taken);
    }),
  ),
  fc.tuple(chip, byte, fc.boolean(), fc.boolean()).map(([index, base, automatic, nested]) =>
    step(`initialize ${index}`, ({ real, model }) => {
      real.initialize(portOf(index), base, 4, 1 | (automatic ? 2 : 0) | (nested ? 16 : 0));
      model.chips[index].initialize(base & 0xf8, automatic, nested);
    }),
  ),
];

const anyStep = fc.oneof(
  { weight: 12, arbitrary: lineStep },
  { weight: 8, arbitrary: acknowledgeStep },
  ...commands.map((arbitrary) => ({ weight: 1, arbitrary })),
  { weight: 3, arbitrary: commands[0] ?? acknowledgeStep },
  { weight: 2, arbitrary: registerSteps[0] ?? acknowledgeStep },
  { weight: 1, arbitrary: registerSteps[1] ?? acknowledgeStep },
  { weight: 2, arbitrary: registerSteps[2] ?? acknowledgeStep },
);

const initialization = registerSteps[3] ?? acknowledgeStep;

function bitsOf(inputs: Iterable<number>): number {
  return [...inputs].reduce((bits, number) => bits | (1 << number), 0);
}

function compare({ real, model }: Both): void {
  const registers = [0x20, 0xa0].flatMap((port) => Object.values(real.registers(port)));
  const observed = [...registers, Number(real.intr)];
  const sets = model.chips.flatMap((pic) => [pic.requests(), pic.serviced, pic.masked]);
  const expected = [...sets.map(bitsOf), Number(model.first.next() !== undefined)];
  if (observed.some((value, index) => value !== expected[index])) expect(observed).toEqual(expected);
}

function newBoth(): Both {
  const both = { real: PicBench.initialized(), model: new ReferencePair() };
  both.model.first.initialize(0x08, false, false);
  both.model.second.initialize(0x70, false, false);
  return both;
}

/** Runs the steps on a new pair and compares both after each. Returns the deepest nesting of interrupts. */
function runCompared(steps: readonly Step[]): number {
  const both = newBoth();
  let deepest = 0;
  for (const run of steps) {
    run(both);
    both.model.settle();
    compare(both);
    deepest = Math.max(deepest, both.model.first.serviced.size + both.model.second.serviced.size);
  }
  return deepest;
}

describe('against a plain reference', () => {
  const anySteps = fc.array(fc.oneof({ weight: 40, arbitrary: anyStep }, { weight: 1, arbitrary: initialization }), {
    minLength: 60,
    maxLength: 150,
  });

  it('requests, takes and ends the same interrupts in any sequence of accesses', () => {
    fc.assert(
      fc.property(anySteps, (steps) => void runCompared(steps)),
      { numRuns: 200 },
    );
  });

  it('sequences of this kind nest interrupts deeply', () => {
    const sequences = fc.sample(anySteps, { numRuns: 50, seed: NESTING_SEED });
    expect(Math.max(...sequences.map(runCompared))).toBeGreaterThan(3);
  });

  it('restores in the middle of a sequence', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const both = newBoth();
        for (const run of steps) {
          run(both);
          both.model.settle();
        }
        const other = new PicBench();
        other.pair.decode(JSON.parse(JSON.stringify(both.real.pair.save())))();
        expect([other.intr, other.pair.save()]).toEqual([both.real.intr, both.real.pair.save()]);
        expect(other.rises).toBe(Number(other.intr));
      }),
      { numRuns: 50 },
    );
  });
});

describe('hostile guests', () => {
  const seed = randomSeed();

  it(`may write anything to any port (seed ${seed})`, () => {
    const made = new PicBench();
    const random = createRandom(seed);
    for (let round = 0; round < 20_000; round++) {
      made.out([0x20, 0x21, 0xa0, 0xa1, 0x4d0, 0x4d1][random() % 6] ?? 0x20, random() & 0xff);
      made.line(random() & 15, (random() & 1) === 0);
      if ((random() & 3) === 0) expect(made.pair.acknowledge() >>> 8).toBe(0);
      if (round % 256 === 0) made.pair.decode(made.pair.save())();
    }
    const bad = Object.values(made.pair.ports).map((handler) =>
      findBadAccess(
        { read: (at, width) => handler.read(at, width), write: (at, width, value) => handler.write(at, width, value) },
        2,
        seed,
      ),
    );
    expect(bad).toEqual([undefined, undefined, undefined]);
  });
});
