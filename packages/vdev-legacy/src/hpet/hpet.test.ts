import { createRandom, createVdev, describeVdevContract, FakeInterruptLine, randomSeed } from '@qvm/testing';
import type { FakeVdevContext, VdevHarness } from '@qvm/testing';
import { portBoard } from '../ports/port-board.test.helper.js';
import { LegacyInterrupt, PIT_INTERRUPT, RTC_INTERRUPT } from '../time/legacy-interrupt.js';
import { hpet } from './type.js';

// Registers and bits of the IA-PC HPET Specification 1.0a, in numbers: the device has names of its own.
const CAPABILITIES = 0x000;
const PERIOD = 0x004;
const CONFIGURATION = 0x010;
const STATUS = 0x020;
const COUNTER = 0x0f0;
const T0 = 0x100;
const T1 = 0x120;
const T2 = 0x140;
const COMPARATOR = 8;
const ENABLE = 1;
const LEGACY = 2;
const LEVEL = 0x002;
const INT_ENB = 0x004;
const PERIODIC = 0x008;
const SETVAL = 0x040;
const MODE32 = 0x100;
const TICK = 10;
/** The input of the interrupt controller in these tests. */
const ROUTE = 20;

interface Machine extends VdevHarness {
  readonly pit: FakeInterruptLine;
  readonly rtc: FakeInterruptLine;
  readonly pitInterrupt: LegacyInterrupt;
  readonly own: FakeInterruptLine;
}

const board = { ...portBoard, places: { hpet: { base: 0xfed0_0000, interrupt: ROUTE } } };

function create(): Machine {
  const [pit, rtc] = [new FakeInterruptLine(2), new FakeInterruptLine(8)];
  const pitInterrupt = new LegacyInterrupt(pit);
  const harness = createVdev(hpet, {
    context: { board },
    prepare: (context) => {
      context.attach(PIT_INTERRUPT, pitInterrupt);
      context.attach(RTC_INTERRUPT, new LegacyInterrupt(rtc));
    },
  });
  return { ...harness, pit, rtc, pitInterrupt, own: harness.context.interrupt('timers') };
}

const rises = (line: FakeInterruptLine): number => line.history.filter((level) => level).length;

describeVdevContract(hpet, {
  context: { board },
  prepare: (context: FakeVdevContext) => {
    context.attach(PIT_INTERRUPT, new LegacyInterrupt(new FakeInterruptLine(2)));
    context.attach(RTC_INTERRUPT, new LegacyInterrupt(new FakeInterruptLine(8)));
  },
  change: ({ write, context }) => {
    write(COUNTER + 4, 7);
    write(T0, PERIODIC | SETVAL | INT_ENB | MODE32);
    write(T0 + COMPARATOR, 1000);
    write(T0 + COMPARATOR, 500);
    write(T2, LEVEL | INT_ENB | (ROUTE << 9));
    write(T2 + COMPARATOR, 300);
    write(T2 + COMPARATOR + 4, 7);
    write(CONFIGURATION, ENABLE | LEGACY);
    context.clock.advance(12_345);
  },
  maxFirings: 3000,
});

describe('hpet', () => {
  it('has three timers, a counter of 64 bits at 100 MHz, and no messages', () => {
    const machine = create();
    expect(machine.read(CAPABILITIES)).toBe(0x8086_a201);
    expect(machine.read(PERIOD)).toBe(10_000_000);
    for (const timer of [T0, T1, T2]) {
      // Periodic, 64 bits; FSB_INT_DEL_CAP (bit 15) is 0.
      expect([machine.read(timer), machine.read(timer + 4)]).toEqual([0x30, 1 << ROUTE]);
    }
    expect([machine.read(0x160), machine.read(0x3fc)]).toEqual([0, 0]);
  });

  it('says that there is no replacement without the old timers', () => {
    const alone = createVdev(hpet, { context: { board } });
    expect(alone.read(CAPABILITIES) & 0x8000).toBe(0);
    alone.write(CONFIGURATION, ENABLE | LEGACY);
    expect(alone.read(CONFIGURATION)).toBe(ENABLE);
  });

  it('counts while enabled, and can be set while not', () => {
    const machine = create();
    machine.context.clock.advance(1000);
    expect(machine.read(COUNTER)).toBe(0);
    machine.write(COUNTER, 0xffff_fff0);
    machine.write(COUNTER + 4, 0xffff_ffff);
    machine.write(CONFIGURATION, ENABLE);
    machine.context.clock.advance(15 * TICK);
    expect([machine.read(COUNTER), machine.read(COUNTER + 4)]).toEqual([0xffff_ffff, 0xffff_ffff]);
    machine.context.clock.advance(TICK);
    expect([machine.read(COUNTER), machine.read(COUNTER + 4)]).toEqual([0, 0]);
    machine.write(COUNTER, 5);
    expect(machine.read(COUNTER)).toBe(0);
    machine.context.clock.advance(1e9);
    machine.write(CONFIGURATION, 0);
    machine.context.clock.advance(1e9);
    expect([machine.read(COUNTER), machine.read(COUNTER, 2), machine.read(COUNTER + 1, 1)]).toEqual([
      1e8, 0xe100, 0xe1,
    ]);
    const wide = { lo: 0, hi: 0 };
    machine.vdev.mmio?.registers?.readWide?.(0, wide);
    expect(wide).toEqual({ lo: 0x8086_a201, hi: 10_000_000 });
  });

  it('replaces the tick of the PIT as Linux wants it (hpet.c: legacy route, timer 0 periodic)', () => {
    const machine = create();
    machine.pitInterrupt.set(true);
    machine.write(CONFIGURATION, ENABLE | LEGACY);
    expect(machine.pit.level).toBe(false);
    const delta = 400_000;
    machine.write(T0, machine.read(T0) | INT_ENB | PERIODIC | SETVAL | MODE32);
    machine.write(T0 + COMPARATOR, machine.read(COUNTER) + delta);
    machine.context.clock.advance(1000);
    machine.write(T0 + COMPARATOR, delta);
    const before = rises(machine.pit);
    machine.context.clock.advance(1e9);
    expect([rises(machine.pit) - before, rises(machine.rtc), machine.own.pulses]).toEqual([250, 0, 0]);
    // The PIT is heard again when the replacement ends.
    machine.pitInterrupt.set(false);
    machine.write(CONFIGURATION, ENABLE);
    expect(machine.pit.level).toBe(false);
    machine.pitInterrupt.set(true);
    expect(machine.pit.level).toBe(true);
  });

  it('gives single events (hpet.c, hpet_clkevt_set_next_event)', () => {
    const machine = create();
    machine.write(CONFIGURATION, ENABLE | LEGACY);
    machine.write(T0, INT_ENB | MODE32);
    for (const delta of [100, 5000, 123_456]) {
      const before = rises(machine.pit);
      machine.write(T0 + COMPARATOR, (machine.read(COUNTER) + delta) >>> 0);
      machine.context.clock.advance((delta - 1) * TICK);
      expect(rises(machine.pit)).toBe(before);
      machine.context.clock.advance(TICK);
      expect(rises(machine.pit)).toBe(before + 1);
    }
    machine.write(T1, INT_ENB);
    machine.write(T1 + COMPARATOR, machine.read(COUNTER) + 10);
    machine.write(T1 + COMPARATOR + 4, 0);
    machine.context.clock.advance(100 * TICK);
    expect(rises(machine.rtc)).toBe(1);
  });

  it('matches again in 32 bits when the counter comes round, and in 64 bits not', () => {
    for (const [mode, times] of [
      [MODE32, 2],
      [0, 1],
    ] as const) {
      const machine = create();
      machine.write(T2, INT_ENB | mode | (ROUTE << 9));
      machine.write(T2 + COMPARATOR, 5);
      machine.write(T2 + COMPARATOR + 4, 0);
      machine.write(CONFIGURATION, ENABLE);
      machine.context.clock.advance(43e9);
      expect(machine.own.pulses).toBe(times);
    }
  });

  it('holds a level until its status is cleared, on the routed input only', () => {
    const machine = create();
    machine.write(T0, INT_ENB | LEVEL | MODE32 | (ROUTE << 9));
    machine.write(T0 + COMPARATOR, 50);
    machine.write(T1, INT_ENB | LEVEL | MODE32 | (3 << 9));
    machine.write(T1 + COMPARATOR, 60);
    machine.write(CONFIGURATION, ENABLE);
    machine.context.clock.advance(50 * TICK);
    expect([machine.own.level, machine.read(STATUS)]).toEqual([true, 1]);
    machine.context.clock.advance(50 * TICK);
    expect(machine.read(STATUS)).toBe(3);
    machine.write(STATUS, 2);
    expect(machine.own.level).toBe(true);
    machine.write(STATUS, 1);
    expect([machine.own.level, machine.read(STATUS), machine.own.pulses]).toEqual([false, 0, 0]);
  });

  it('merges what is faster than a microsecond', () => {
    const machine = create();
    machine.write(T0, INT_ENB | PERIODIC | SETVAL | MODE32 | (ROUTE << 9));
    machine.write(T0 + COMPARATOR, 1);
    machine.write(CONFIGURATION, ENABLE);
    machine.context.clock.advance(1e6);
    expect(machine.own.pulses).toBeGreaterThan(900);
    expect(machine.own.pulses).toBeLessThanOrEqual(1001);
  });

  it('makes up for the matches that a late host has missed, one by one', () => {
    const machine = create();
    const period = 100_000;
    machine.write(T0, INT_ENB | PERIODIC | SETVAL | MODE32 | (ROUTE << 9));
    machine.write(T0 + COMPARATOR, period);
    machine.write(CONFIGURATION, ENABLE);
    machine.context.clock.lag(20.5 * period * TICK);
    machine.context.clock.advance(0);
    expect(machine.own.pulses).toBe(1);
    machine.context.clock.advance(0.4 * period * TICK);
    expect(machine.own.pulses).toBe(4);
    machine.context.clock.advance(10 * period * TICK);
    expect(machine.own.pulses).toBe(30);
    machine.context.clock.advance(5 * period * TICK);
    expect(machine.own.pulses).toBe(35);
  });

  it('ignores narrow writes', () => {
    const machine = create();
    machine.write(CONFIGURATION, 1, 1);
    machine.write(CONFIGURATION, 1, 2);
    expect(machine.read(CONFIGURATION)).toBe(0);
  });
});

describe('hpet beside a model that counts tick by tick', () => {
  const seed = randomSeed();

  it(`interrupts at the same ticks (seed ${seed})`, () => {
    const random = createRandom(seed);
    const below = (limit: number): number => random() % limit;
    for (let round = 0; round < 60; round++) {
      const machine = create();
      const model = {
        counter: below(2) === 0 ? 0xffff_ff00n : BigInt(below(1000)),
        comparator: 0n,
        period: 0n,
        fired: 0,
      };
      const [periodic, narrow] = [below(2) === 0, below(2) === 0];
      const wrap = (value: bigint): bigint => BigInt.asUintN(narrow ? 32 : 64, value);
      machine.write(COUNTER, Number(model.counter));
      machine.write(T0, INT_ENB | (periodic ? PERIODIC : 0) | (narrow ? MODE32 : 0) | (ROUTE << 9));
      machine.write(CONFIGURATION, ENABLE);
      for (let step = 0; step < 12; step++) {
        const first = BigInt.asUintN(64, model.counter + BigInt(1 + below(600)));
        const period = BigInt(100 + below(300));
        if (periodic) machine.write(T0, INT_ENB | PERIODIC | SETVAL | (narrow ? MODE32 : 0) | (ROUTE << 9));
        machine.vdev.mmio?.registers?.writeWide?.(T0 + COMPARATOR, {
          lo: Number(first % 2n ** 32n),
          hi: Number(first / 2n ** 32n),
        });
        model.comparator = wrap(first);
        if (periodic) {
          machine.write(T0 + COMPARATOR, Number(period));
          if (!narrow) machine.write(T0 + COMPARATOR + 4, 0);
          model.period = period;
        }
        const ticks = below(2000);
        machine.context.clock.advance(ticks * TICK);
        for (let tick = 0; tick < ticks; tick++) {
          model.counter = BigInt.asUintN(64, model.counter + 1n);
          if (wrap(model.counter) !== model.comparator) continue;
          model.fired++;
          if (periodic) model.comparator = wrap(model.comparator + model.period);
        }
        const label = `seed ${seed}, round ${round}, step ${step}, periodic ${String(periodic)}, 32 bits ${String(narrow)}`;
        const comparator = BigInt(machine.read(T0 + COMPARATOR)) + (BigInt(machine.read(T0 + COMPARATOR + 4)) << 32n);
        expect([label, machine.own.pulses, comparator]).toEqual([label, model.fired, model.comparator]);
      }
    }
  });
});
