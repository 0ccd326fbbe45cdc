import fc from 'fast-check';
import { createRandom, findBadAccess, randomSeed } from '@qvm/testing';
import * as bench from './gic-bench.test.helper.js';
import { GicBench } from './gic-bench.test.helper.js';
import { ReferenceGic } from './reference-gic.test.helper.js';
import { ICC_REGISTERS } from './system-registers.js';

const VCPUS = 2;
const INTIDS = [0, 15, 27, 30, 32, 33, 63, 64, 287];
const SPURIOUS = 1023;
/** Seed of the sequences that show how deep interrupts nest: fixed, because the depth is asserted. */
const NESTING_SEED = 1;

/** The real GIC and the reference model side by side. */
interface Pair {
  readonly real: GicBench;
  readonly model: ReferenceGic;
}

type Step = (pair: Pair) => void;

const vcpu = fc.nat({ max: VCPUS - 1 });
const group = fc.constantFrom(0 as const, 1 as const);
const intid = fc.constantFrom(...INTIDS);
const anyPriority = fc.constantFrom(0x00, 0x08, 0x40, 0x80, 0x88, 0xa0, 0xf0, 0xf8);

/** Gives a step a name for the report of a failing sequence. */
function step(name: string, run: Step): Step {
  return Object.assign(run, { toString: () => name });
}

function setBitStep(
  name: string,
  offset: number,
  change: (one: ReturnType<ReferenceGic['find']>) => void,
): fc.Arbitrary<Step> {
  return fc.tuple(intid, vcpu).map(([id, cpu]) =>
    step(`${name} ${id} of ${cpu}`, ({ real, model }) => {
      real.setBit(offset, id, cpu);
      change(model.find(id, cpu));
    }),
  );
}

const lineStep = fc.tuple(intid, vcpu, fc.boolean()).map(([id, cpu, level]) =>
  step(`line ${id} of ${cpu} ${level}`, ({ real, model }) => {
    if (id < 16) return;
    real.line(id, cpu).set(level);
    model.setLine(model.find(id, cpu), level);
  }),
);

const interruptSteps: readonly fc.Arbitrary<Step>[] = [
  setBitStep('enable', bench.ISENABLER, (one) => (one.enabled = true)),
  setBitStep('disable', bench.ICENABLER, (one) => (one.enabled = false)),
  setBitStep('pend', bench.ISPENDR, (one) => (one.remembered = true)),
  setBitStep('unpend', bench.ICPENDR, (one) => (one.remembered = false)),
  setBitStep('activate', bench.ISACTIVER, (one) => (one.active = true)),
  setBitStep('deactivate', bench.ICACTIVER, (one) => (one.active = false)),
  fc.tuple(intid, vcpu, anyPriority).map(([id, cpu, value]) =>
    step(`priority ${id} of ${cpu} ${value}`, ({ real, model }) => {
      real.setPriority(id, cpu, value | 5);
      model.find(id, cpu).priority = value;
    }),
  ),
  fc.tuple(intid, vcpu, group).map(([id, cpu, value]) =>
    step(`group ${id} of ${cpu} ${value}`, ({ real, model }) => {
      real.changeBit(bench.IGROUPR, id, cpu, value === 1);
      model.find(id, cpu).group = value;
    }),
  ),
  fc.tuple(intid, vcpu, fc.boolean()).map(([id, cpu, edge]) =>
    step(`edge ${id} of ${cpu} ${edge}`, ({ real, model }) => {
      real.setEdge(id, cpu, edge);
      if (id >= 16) model.find(id, cpu).edge = edge;
    }),
  ),
  fc.tuple(intid, fc.constantFrom(0, 1, 2, 'any' as const)).map(([id, route]) =>
    step(`route ${id} to ${route}`, ({ real, model }) => {
      if (id < 32) return;
      real.setRoute(id, route === 'any' ? 0x8000_0001 : route);
      model.find(id, 0).route = route;
    }),
  ),
];

const cpuSteps: readonly fc.Arbitrary<Step>[] = [
  fc.tuple(vcpu, anyPriority).map(([cpu, mask]) =>
    step(`mask of ${cpu} ${mask}`, ({ real, model }) => {
      real.cpu(cpu).write('ICC_PMR_EL1', mask | 7);
      model.cpu(cpu).mask = mask;
    }),
  ),
  fc.tuple(vcpu, group, fc.nat({ max: 7 })).map(([cpu, of, value]) =>
    step(`bpr${of} of ${cpu} ${value}`, ({ real, model }) => {
      real.cpu(cpu).write(`ICC_BPR${of}_EL1`, value);
      const target = model.cpu(cpu);
      if (of === 0 || !target.common) target.bpr[of] = Math.max(value, 2 + of);
    }),
  ),
  fc.tuple(vcpu, fc.boolean(), fc.boolean()).map(([cpu, common, split]) =>
    step(`ctlr of ${cpu} cbpr=${common} split=${split}`, ({ real, model }) => {
      real.cpu(cpu).write('ICC_CTLR_EL1', Number(common) | (Number(split) << 1));
      Object.assign(model.cpu(cpu), { common, split });
    }),
  ),
  fc.tuple(vcpu, group, fc.boolean()).map(([cpu, of, enabled]) =>
    step(`group ${of} of ${cpu} ${enabled}`, ({ real, model }) => {
      real.cpu(cpu).write(`ICC_IGRPEN${of}_EL1`, Number(enabled));
      model.cpu(cpu).groups[of] = enabled;
    }),
  ),
  fc.tuple(vcpu, fc.boolean()).map(([cpu, asleep]) =>
    step(`sleep ${cpu} ${asleep}`, ({ real }) => {
      real.setGicr(cpu, bench.WAKER, asleep ? 2 : 0);
    }),
  ),
  fc.tuple(fc.boolean(), fc.boolean()).map(([zero, one]) =>
    step(`groups ${zero} ${one}`, ({ real, model }) => {
      real.setGicd(bench.CTLR, Number(zero) | (Number(one) << 1));
      model.groups = [zero, one];
    }),
  ),
  fc.tuple(vcpu, intid).map(([cpu, id]) =>
    step(`dir ${id} on ${cpu}`, ({ real, model }) => {
      real.cpu(cpu).write('ICC_DIR_EL1', id);
      if (model.cpu(cpu).split) model.find(id, cpu).active = false;
    }),
  ),
];

const sgiStep = fc
  .tuple(vcpu, group, fc.constantFrom(0, 15), fc.nat({ max: 7 }), fc.boolean())
  .map(([from, of, id, list, others]) =>
    step(`sgi${of} ${id} from ${from} to ${others ? 'others' : list.toString(2)}`, ({ real, model }) => {
      real.cpu(from).write(`ICC_SGI${of}R_EL1`, (BigInt(others) << 40n) | (BigInt(id) << 24n) | BigInt(list));
      for (const cpu of model.cpus.keys()) {
        const one = model.find(id, cpu);
        if (one.group === of && (others ? cpu !== from : ((list >> cpu) & 1) === 1)) one.remembered = true;
      }
    }),
  );

const acknowledgeStep = fc.tuple(vcpu, group).map(([cpu, of]) =>
  step(`iar${of} on ${cpu}`, ({ real, model }) => {
    expect(real.cpu(cpu).read(`ICC_IAR${of}_EL1`)).toBe(model.acknowledge(cpu, of));
  }),
);

const endStep = fc.tuple(vcpu, group, intid).map(([cpu, of, id]) =>
  step(`eoir${of} ${id} on ${cpu}`, ({ real, model }) => {
    real.cpu(cpu).write(`ICC_EOIR${of}_EL1`, id);
    model.end(cpu, of, id);
  }),
);

/** A well-behaved guest acknowledges in the group of its exception. */
const takeStep = vcpu.map((cpu) =>
  step(`take on ${cpu}`, ({ real, model }) => {
    const of = real.cpu(cpu).fiq ? 0 : 1;
    expect(real.cpu(cpu).read(`ICC_IAR${of}_EL1`)).toBe(model.acknowledge(cpu, of));
  }),
);

/** Ends some interrupt in the group of the running one. */
const finishStep = fc.tuple(vcpu, intid).map(([cpu, id]) =>
  step(`finish ${id} on ${cpu}`, ({ real, model }) => {
    const of = model.cpu(cpu).running.at(-1)?.group ?? 0;
    real.cpu(cpu).write(`ICC_EOIR${of}_EL1`, id);
    model.end(cpu, of, id);
  }),
);

const anyStep = fc.oneof(
  { weight: 20, arbitrary: lineStep },
  { weight: 30, arbitrary: takeStep },
  { weight: 10, arbitrary: finishStep },
  { weight: 3, arbitrary: acknowledgeStep },
  { weight: 3, arbitrary: endStep },
  { weight: 10, arbitrary: sgiStep },
  ...interruptSteps.map((arbitrary) => ({ weight: 1, arbitrary })),
  ...cpuSteps.map((arbitrary) => ({ weight: 1, arbitrary })),
);

/** Opens all masks and enables all groups, so that random steps soon cause interrupts. */
function open({ real, model }: Pair): void {
  real.setGicd(bench.CTLR, 3);
  model.groups = [true, true];
  for (const [cpu, state] of model.cpus.entries()) {
    real.setGicr(cpu, bench.WAKER, 0);
    real.cpu(cpu).write('ICC_PMR_EL1', 0xf8);
    for (const of of [0, 1]) real.cpu(cpu).write(`ICC_IGRPEN${of}_EL1`, 1);
    Object.assign(state, { mask: 0xf8, groups: [true, true] });
  }
  model.interrupts.forEach((one, index) => {
    const priority = (index % 5) * 0x28;
    real.setBit(bench.ISENABLER, one.intid, one.owner);
    real.setPriority(one.intid, one.owner ?? 0, priority);
    real.changeBit(bench.IGROUPR, one.intid, one.owner ?? 0, index % 3 !== 0);
    Object.assign(one, { enabled: true, priority, group: Number(index % 3 !== 0) });
  });
}

function compare({ real, model }: Pair): void {
  for (const cpu of model.cpus.keys()) {
    const signalled = model.signalled(cpu);
    const highest = model.highest(cpu);
    expect({
      irq: real.cpu(cpu).irq,
      fiq: real.cpu(cpu).fiq,
      running: real.cpu(cpu).read('ICC_RPR_EL1'),
      highest: [real.cpu(cpu).read('ICC_HPPIR0_EL1'), real.cpu(cpu).read('ICC_HPPIR1_EL1')],
    }).toEqual({
      irq: signalled?.group === 1,
      fiq: signalled?.group === 0,
      running: model.runningPriority(cpu),
      highest: [0, 1].map((of) => (highest?.group === of ? highest.intid : SPURIOUS)),
    });
  }
  const bits = model.interrupts.map((one) => [one.intid, model.pending(one), one.active]);
  expect(
    model.interrupts.map(({ intid: id, owner }) => [
      id,
      real.bit(bench.ISPENDR, id, owner),
      real.bit(bench.ISACTIVER, id, owner),
    ]),
  ).toEqual(bits);
}

/**
 * The model keeps a stack where the hardware keeps one bit for each priority; they agree unless a priority is on the
 * stack twice.
 */
function stacksAreProper({ model }: Pair): boolean {
  return model.cpus.every(({ running }) =>
    running.every((one, index) => one.priority < (running[index - 1]?.priority ?? 0x100)),
  );
}

function newPair(): Pair {
  const pair = { real: new GicBench(VCPUS), model: new ReferenceGic(VCPUS, INTIDS) };
  open(pair);
  return pair;
}

/** Runs the steps on a new pair and compares both after each. Returns the deepest nesting of interrupts. */
function runCompared(steps: readonly Step[]): number {
  const pair = newPair();
  let deepest = 0;
  for (const run of steps) {
    run(pair);
    if (!stacksAreProper(pair)) break;
    compare(pair);
    deepest = Math.max(deepest, ...pair.model.cpus.map(({ running }) => running.length));
  }
  return deepest;
}

describe('against a plain reference', () => {
  const anySteps = fc.array(anyStep, { minLength: 60, maxLength: 150 });

  it('signals, acknowledges and ends the same interrupts in any sequence of accesses', () => {
    fc.assert(
      fc.property(anySteps, (steps) => void runCompared(steps)),
      { numRuns: 150 },
    );
  });

  it('sequences of this kind nest interrupts deeply', () => {
    const sequences = fc.sample(anySteps, { numRuns: 50, seed: NESTING_SEED });
    expect(Math.max(...sequences.map(runCompared))).toBeGreaterThan(2);
  });

  it('restores in the middle of a sequence', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { minLength: 40, maxLength: 80 }), (steps) => {
        const { real, model } = newPair();
        for (const run of steps) run({ real, model });
        const other = new GicBench(VCPUS);
        other.harness.vdev.restore(real.harness.vdev.save());
        expect(other.cpus.map(({ irq, fiq }) => [irq, fiq])).toEqual(real.cpus.map(({ irq, fiq }) => [irq, fiq]));
        expect(other.harness.vdev.save()).toEqual(real.harness.vdev.save());
      }),
      { numRuns: 30 },
    );
  });
});

describe('edges', () => {
  it('are each delivered once, however the handler runs', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('edge', 'take', 'end'), { maxLength: 200 }), (events) => {
        const made = new GicBench();
        made.linuxInit();
        made.setEdge(40, 0, true);
        made.setBit(bench.ISENABLER, 40);
        let waiting = false;
        let active = false;
        for (const event of events) {
          if (event === 'edge') {
            made.line(40).pulse();
            waiting = true;
          } else if (event === 'take') {
            const taken: boolean = waiting && !active;
            expect(made.cpu().read('ICC_IAR1_EL1')).toBe(taken ? 40 : SPURIOUS);
            active ||= taken;
            waiting &&= !taken;
          } else if (active) {
            made.cpu().write('ICC_EOIR1_EL1', 40);
            active = false;
          }
          expect(made.cpu().irq).toBe(waiting && !active);
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('hostile guests', () => {
  const seed = randomSeed();

  it(`may write anything to any system register and frame (seed ${seed})`, () => {
    const made = new GicBench(VCPUS);
    const random = createRandom(seed);
    const problems: string[] = [];
    for (let round = 0; round < 20_000; round++) {
      const cpu = made.cpu(random() % VCPUS);
      const register = ICC_REGISTERS[random() % ICC_REGISTERS.length];
      const handler = cpu.registers.get(register?.name ?? '');
      handler?.write?.((BigInt(random()) << 32n) | BigInt(random() % ((random() & 1) === 0 ? 300 : 2 ** 32)));
      const value = handler?.read?.() ?? 0n;
      if (value < 0n || value >> 32n !== 0n) problems.push(`${register?.name} gave ${value}`);
      if ((round & 1) === 0) made.setGicd((random() % 0x4000) * 4, random());
      else made.setGicr(random() % VCPUS, (random() % 0x8000) * 4, random());
      if (round % 64 === 0) made.line(16 + (random() % 272), random() % VCPUS).set((random() & 1) === 0);
    }
    const { mmio } = made.harness.vdev;
    const bad = Object.values(mmio ?? {}).map((handler) => findBadAccess(handler, 0x1_0000, seed));
    expect([problems, bad]).toEqual([[], [undefined, undefined]]);
    made.harness.vdev.restore(made.harness.vdev.save());
  });
});
