import fc from 'fast-check';
import { createRandom, findBadAccess, randomSeed } from '@qvm/testing';
import * as bench from './bench.test.helper.js';
import { ApicBench } from './bench.test.helper.js';
import { IoApicCore } from './io/io-apic-core.js';
import { decodeApic, saveApic } from './local/saved-apic.js';
import { ReferenceApics } from './reference-apic.test.helper.js';
import { ApicRequest } from './vcpu.js';

const VCPUS = 3;
const INPUTS = 3;
const VECTORS = [0x03, 0x10, 0x1f, 0x31, 0x32, 0x41, 0x80, 0xef, 0xff];
/** Seed of the sequences that show how deep interrupts nest: fixed, because the depth is asserted. */
const NESTING_SEED = 1;
const [REMOTE_IRR, LEVEL, MASKED] = [0x4000, 0x8000, 0x1_0000];

/** The real APICs and the reference side by side. */
class Both {
  readonly real = ApicBench.enabled(VCPUS);
  readonly io = new IoApicCore((message, destination) => this.real.bus.deliver(message, destination));
  readonly model = new ReferenceApics(VCPUS, INPUTS);

  constructor() {
    this.real.bus.listen(this.io);
  }

  writeEntry(input: number, low: number, destination: number): void {
    this.io.index = 0x11 + input * 2;
    this.io.write(destination << 24);
    this.io.index = 0x10 + input * 2;
    this.io.write(low);
  }

  remoteIrr(input: number): boolean {
    this.io.index = 0x10 + input * 2;
    return (this.io.read() & REMOTE_IRR) !== 0;
  }
}

type Step = (both: Both) => void;

const vcpu = fc.nat({ max: VCPUS - 1 });
const input = fc.nat({ max: INPUTS - 1 });
const vector = fc.constantFrom(...VECTORS);
const destination = fc.constantFrom(0, 1, 2, 3, 4, 0x12, 0xf1, 0xff);

function step(name: string, run: Step): Step {
  return Object.assign(run, { toString: () => name });
}

const messageStep = fc
  .record({ vector, destination, level: fc.boolean(), lowest: fc.boolean(), logical: fc.boolean() })
  .map(({ vector: number, destination: to, level, lowest, logical }) =>
    step(`message ${number} to ${to} ${level} ${lowest} ${logical}`, ({ real, model }) => {
      const data = number | (level ? 0xc000 : 0) | (lowest ? 0x100 : 0);
      const accepted = real.bus.message(0xfee0_0000 + to * 0x1000 + (logical ? 4 : 0), data);
      expect(accepted).toBe(model.send(number, level, lowest, to, logical));
    }),
  );

const commandStep = fc
  .record({ vector, destination, shorthand: fc.nat({ max: 3 }), from: vcpu, logical: fc.boolean() })
  .map(({ vector: number, destination: to, shorthand, from, logical }) =>
    step(`command ${number} of ${from} to ${to} ${shorthand} ${logical}`, ({ real, model }) => {
      real.write(bench.ICR_HIGH, to << 24, from);
      real.write(bench.ICR, number | (shorthand << 18) | (logical ? 0x800 : 0), from);
      if (shorthand === 0) model.send(number, false, false, to, logical);
      else
        for (const local of model.locals) {
          if (shorthand === 2 || (shorthand === 1) === (local.id === from)) local.accept(number, false);
        }
    }),
  );

const takeStep = vcpu.map((id) =>
  step(`take ${id}`, ({ real, model }) => expect(real.take(id)).toBe(model.local(id).take() ?? -1)),
);

const endStep = vcpu.map((id) =>
  step(`end ${id}`, ({ real, model }) => {
    real.write(bench.EOI, 0, id);
    model.end(id);
  }),
);

const lineStep = fc.tuple(input, fc.boolean()).map(([number, high]) =>
  step(`line ${number} ${high}`, ({ io, model }) => {
    io.setLine(number, high);
    model.line(number, high);
  }),
);

const entryStep = fc
  .record({
    number: input,
    vector,
    destination,
    masked: fc.boolean(),
    level: fc.boolean(),
    lowest: fc.boolean(),
    logical: fc.boolean(),
  })
  .map(({ number, ...entry }) =>
    step(`entry ${number} ${JSON.stringify(entry)}`, (both) => {
      const bits = entry.vector | (entry.masked ? MASKED : 0) | (entry.level ? LEVEL : 0);
      both.writeEntry(number, bits | (entry.lowest ? 0x100 : 0) | (entry.logical ? 0x800 : 0), entry.destination);
      const changed = Object.assign(both.model.input(number), entry);
      changed.waiting &&= entry.level;
      both.model.serve(changed);
    }),
  );

const registerSteps: readonly fc.Arbitrary<Step>[] = [
  fc.tuple(vcpu, fc.constantFrom(0, 0x0f, 0x10, 0x35, 0x40, 0xe0, 0xff)).map(([id, value]) =>
    step(`task priority ${id} ${value}`, ({ real, model }) => {
      real.write(bench.TPR, value, id);
      model.local(id).taskPriority = value;
    }),
  ),
  fc.tuple(vcpu, fc.boolean()).map(([id, enabled]) =>
    step(`enable ${id} ${enabled}`, ({ real, model }) => {
      real.write(bench.SVR, enabled ? 0x1ff : 0xff, id);
      model.local(id).enabled = enabled;
    }),
  ),
  fc.tuple(vcpu, fc.constantFrom(0, 1, 2, 4, 0x11, 0x12, 0x21), fc.boolean()).map(([id, logicalId, flat]) =>
    step(`logical ID ${id} ${logicalId} ${flat}`, ({ real, model }) => {
      real.write(bench.LDR, logicalId << 24, id);
      real.write(bench.DFR, flat ? 0xffff_ffff : 0x0fff_ffff, id);
      Object.assign(model.local(id), { logicalId, flat });
    }),
  ),
];

const anyStep = fc.oneof(
  { weight: 8, arbitrary: messageStep },
  { weight: 4, arbitrary: commandStep },
  { weight: 10, arbitrary: takeStep },
  { weight: 6, arbitrary: endStep },
  { weight: 6, arbitrary: lineStep },
  { weight: 4, arbitrary: entryStep },
  ...registerSteps.map((arbitrary) => ({ weight: 1, arbitrary })),
);
const anySteps = fc.array(anyStep, { minLength: 60, maxLength: 150 });

const SETS = [bench.IRR, bench.ISR, bench.TMR] as const;

/** IRR, ISR and TMR as words, then PPR and whether an interrupt is requested. */
function observed({ real }: Both, id: number): unknown[] {
  const words = SETS.flatMap((set) => Array.from({ length: 8 }, (_, word) => real.read(set + word * 16, id)));
  return [...words, real.read(bench.PPR, id), (real.apic(id).requests & ApicRequest.Interrupt) !== 0];
}

function expected({ model }: Both, id: number): unknown[] {
  const { accepted, serviced, level, processorPriority } = model.local(id);
  const words = [accepted, serviced, level].flatMap((set) => {
    const bits = new Uint32Array(8);
    for (const number of set) bits[number >> 5] = (bits[number >> 5] ?? 0) + 2 ** (number % 32);
    return [...bits];
  });
  return [...words, processorPriority, model.local(id).next() !== undefined];
}

function compare(both: Both): void {
  const { locals, inputs } = both.model;
  const real = [
    ...locals.flatMap(({ id }) => observed(both, id)),
    ...inputs.map((_, number) => both.remoteIrr(number)),
  ];
  const model = [...locals.flatMap(({ id }) => expected(both, id)), ...inputs.map(({ waiting }) => waiting)];
  if (real.some((value, index) => value !== model[index])) expect(real).toEqual(model);
}

/** Runs the steps on new APICs and compares both after each. Returns the deepest nesting of interrupts. */
function runCompared(steps: readonly Step[]): number {
  const both = new Both();
  let deepest = 0;
  for (const run of steps) {
    run(both);
    compare(both);
    deepest = Math.max(deepest, ...both.model.locals.map(({ serviced }) => serviced.size));
  }
  return deepest;
}

describe('against a plain reference', () => {
  it('accepts, takes and ends the same interrupts in any sequence of accesses', () => {
    fc.assert(
      fc.property(anySteps, (steps) => void runCompared(steps)),
      { numRuns: 100 },
    );
  });

  it('sequences of this kind nest interrupts deeply', () => {
    const sequences = fc.sample(anySteps, { numRuns: 30, seed: NESTING_SEED });
    expect(Math.max(...sequences.map(runCompared))).toBeGreaterThan(2);
  });

  it('restores in the middle of a sequence', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const from = new Both();
        for (const run of steps) run(from);
        const to = new Both();
        to.io.decode(JSON.parse(JSON.stringify(from.io.save())))();
        to.real.bus.apics.forEach((apic, id) =>
          decodeApic(JSON.parse(JSON.stringify(saveApic(from.real.apic(id)))), apic)(),
        );
        expect(to.real.bus.apics.map(saveApic)).toEqual(from.real.bus.apics.map(saveApic));
        expect(to.real.bus.apics.map(({ requests }) => requests)).toEqual(
          from.real.bus.apics.map(({ requests }) => requests),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('hostile guests', () => {
  const seed = randomSeed();

  it(`may write anything to any register and MSR (seed ${seed})`, () => {
    const both = new Both();
    const random = createRandom(seed);
    const { real, io } = both;
    const value = { lo: 0, hi: 0 };
    const bad: string[] = [];
    for (let round = 0; round < 20_000; round++) {
      const id = random() % VCPUS;
      const apic = real.apic(id);
      const bits = (random() & 1) === 0 ? random() : random() & 0x7ff;
      const msr =
        (random() & 15) === 0 ? [bench.APIC_BASE, bench.TSC_DEADLINE][random() & 1] : 0x800 + (random() & 0x3f);
      if ((random() & 1) === 0) real.write((random() & 0x3f) * 16, bits, id);
      else apic.writeMsr(msr ?? 0, (msr === bench.APIC_BASE ? 0xfee0_0000 | (bits & 0xd00) : bits) >>> 0, random() & 1);
      if (apic.readMsr(msr ?? 0, value) && (value.lo < 0 || value.hi < 0))
        bad.push(`MSR ${msr} gave ${value.hi}:${value.lo}`);
      io.index = random() & 0xff;
      io.write(random());
      io.setLine(random() % 24, (random() & 1) === 0);
      real.bus.setPin((random() & 1) as 0 | 1, (random() & 1) === 0);
      real.bus.message(0xfee0_0000 + (random() & 0xf_ffff), random());
      if ((apic.requests & ApicRequest.Init) !== 0) apic.takeInit();
      else if ((apic.requests & ApicRequest.StartUp) !== 0) apic.takeStartUp();
      else if ((apic.requests & ApicRequest.Nmi) !== 0) apic.takeNmi();
      else if (apic.requests !== 0 && apic.acknowledge() >>> 8 !== 0) bad.push('a vector of more than 8 bits');
      if ((round & 63) === 0) real.clock.advance(random() & 0xffff);
      if ((round & 255) === 0) decodeApic(JSON.parse(JSON.stringify(saveApic(apic))), apic)();
    }
    expect(bad).toEqual([]);
    expect(findBadAccess(real.apic(), 0x1000, seed)).toBeUndefined();
  });
});
