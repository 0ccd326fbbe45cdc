import { createRandom, createVdev, describeVdevContract, ManualClock, randomSeed } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import { portBoard } from '../ports/port-board.test.helper.js';
import { SteppedClock } from './stepped-mc146818.test.helper.js';
import { rtc } from './type.js';

// Registers and bits of the MC146818 data sheet, in numbers: the device has names of its own.
const A = 0x0a;
const B = 0x0b;
const C = 0x0c;
const D = 0x0d;
const CENTURY = 0x32;
const TIME = [0, 2, 4, 6, 7, 8, 9, CENTURY];
const UIP = 0x80;
const SET = 0x80;
const PIE = 0x40;
const AIE = 0x20;
const UIE = 0x10;
const DM = 0x04;
const H24 = 0x02;
const IRQF = 0x80;
const SECOND = 1e9;

interface Cmos extends VdevHarness {
  readonly get: (register: number) => number;
  readonly put: (register: number, value: number) => void;
  readonly time: () => number[];
  readonly level: () => boolean;
}

function create(): Cmos {
  const harness = createVdev(rtc, { context: { board: portBoard, clock: new ManualClock() } });
  const { read, write, context } = harness;
  const get = (register: number): number => (write(0, register), read(1));
  return {
    ...harness,
    get,
    put: (register, value) => {
      write(0, register);
      write(1, value);
    },
    time: () => TIME.map(get),
    level: () => context.interrupt('rtc').level,
  };
}

describeVdevContract(rtc, {
  context: { board: portBoard },
  change: ({ write }) => {
    const put = (register: number, value: number): void => {
      write(0, register | 0x80);
      write(1, value);
    };
    put(0x40, 0x5a);
    put(A, 0x70);
    put(B, SET | DM | H24);
    put(9, 33);
    put(A, 0x2f);
    put(B, PIE | AIE | DM | H24);
    put(5, 0xff);
    put(3, 0xff);
    put(1, 0xff);
  },
});

describe('rtc', () => {
  it('shows the wall clock, decimal and in 24 hours at first', () => {
    const cmos = create();
    // 2024-01-01, a Monday.
    expect(cmos.time()).toEqual([0, 0, 0, 2, 1, 1, 0x24, 0x20]);
    cmos.context.clock.advance(59 * SECOND + 86_399 * SECOND);
    expect(cmos.time()).toEqual([0x58, 0, 0, 3, 2, 1, 0x24, 0x20]);
  });

  it('is valid, and its control registers keep their bits', () => {
    const cmos = create();
    expect([cmos.get(D), cmos.get(A), cmos.get(B)]).toEqual([0x80, 0x26, H24]);
    cmos.put(D, 0);
    cmos.put(C, 0xff);
    cmos.put(A, 0xff);
    expect([cmos.get(D), cmos.get(C), cmos.get(A)]).toEqual([0x80, 0, 0x7f]);
  });

  it('has memory around the clock, and no readable index', () => {
    const cmos = create();
    for (let index = 0x0e; index < 0x80; index++) if (index !== CENTURY) cmos.put(index, index ^ 0xff);
    for (let index = 0x0e; index < 0x80; index++) if (index !== CENTURY) expect(cmos.get(index)).toBe(index ^ 0xff);
    expect(cmos.read(0)).toBe(0xff);
  });

  it('keeps the NMI mask beside the index', () => {
    const cmos = create();
    cmos.write(0, 0x8f);
    cmos.write(1, 0x11);
    expect([cmos.read(1), cmos.vdev.status().nmiMasked]).toEqual([0x11, true]);
    cmos.write(0, 0x0f);
    expect([cmos.read(1), cmos.vdev.status().nmiMasked]).toEqual([0x11, false]);
  });

  it('is set as Linux does it (mc146818_set_time: SET, divider reset, time, release)', () => {
    const cmos = create();
    const [control, select] = [cmos.get(B), cmos.get(A)];
    cmos.context.clock.advance(0.3 * SECOND);
    cmos.put(B, control | SET);
    cmos.put(A, select | 0x70);
    [0x59, 0x59, 0x23, 7, 0x28, 0x02, 0x00, 0x20].forEach((value, index) => cmos.put(TIME[index] ?? 0, value));
    cmos.context.clock.advance(5 * SECOND);
    expect(cmos.time()).toEqual([0x59, 0x59, 0x23, 7, 0x28, 0x02, 0x00, 0x20]);
    cmos.put(B, control);
    cmos.put(A, select);
    // The first update comes half a second later, and 2000 is a leap year.
    cmos.context.clock.advance(0.49 * SECOND);
    expect(cmos.time()[0]).toBe(0x59);
    cmos.context.clock.advance(0.02 * SECOND);
    expect(cmos.time()).toEqual([0, 0, 0, 1, 0x29, 0x02, 0x00, 0x20]);
  });

  it('keeps the fraction of the second when only SET is used', () => {
    const cmos = create();
    cmos.context.clock.advance(0.75 * SECOND);
    cmos.put(B, H24 | SET);
    cmos.put(0, 0x30);
    cmos.context.clock.advance(10 * SECOND);
    cmos.put(B, H24);
    cmos.context.clock.advance(0.2 * SECOND);
    expect(cmos.get(0)).toBe(0x30);
    cmos.context.clock.advance(0.1 * SECOND);
    expect(cmos.get(0)).toBe(0x31);
  });

  it('shows an update in progress for the 2228 µs before each second', () => {
    const cmos = create();
    const uip = (): boolean => (cmos.get(A) & UIP) !== 0;
    cmos.context.clock.advance(SECOND - 2_230_000);
    expect(uip()).toBe(false);
    cmos.context.clock.advance(10_000);
    expect([uip(), cmos.get(0)]).toEqual([true, 0]);
    cmos.context.clock.advance(2_219_000);
    expect(uip()).toBe(true);
    cmos.context.clock.advance(1_010);
    expect([uip(), cmos.get(0)]).toEqual([false, 1]);
    cmos.context.clock.advance(SECOND - 1_000_000);
    expect(uip()).toBe(true);
    cmos.put(B, SET | H24);
    expect(uip()).toBe(false);
  });

  it('takes registers of the time that are written while it goes on', () => {
    const cmos = create();
    cmos.put(4, 0x13);
    cmos.put(7, 0x31);
    cmos.put(6, 5);
    expect(cmos.time()).toEqual([0, 0, 0x13, 5, 0x31, 1, 0x24, 0x20]);
    cmos.context.clock.advance(86_400 * SECOND);
    expect(cmos.time()).toEqual([0, 0, 0x13, 6, 1, 2, 0x24, 0x20]);
  });

  it('follows a wall clock that is stepped back on the host', () => {
    const cmos = create();
    cmos.context.clock.setWallClock(1_704_067_200 - 3600);
    expect(cmos.time()).toEqual([0, 0, 0x23, 1, 0x31, 0x12, 0x23, 0x20]);
    cmos.get(C);
    cmos.context.clock.advance(SECOND);
    expect(cmos.get(C) & UIE).toBe(UIE);
  });
});

describe('rtc interrupts', () => {
  it('come with each update', () => {
    const cmos = create();
    cmos.put(B, H24 | UIE);
    cmos.context.clock.advance(0.999 * SECOND);
    expect(cmos.level()).toBe(false);
    cmos.context.clock.advance(0.0011 * SECOND);
    expect(cmos.level()).toBe(true);
    expect([cmos.get(C), cmos.level(), cmos.get(C)]).toEqual([IRQF | UIE | PIE, false, 0]);
    cmos.context.clock.advance(SECOND);
    expect(cmos.level()).toBe(true);
    cmos.put(B, H24 | UIE | SET);
    expect([cmos.level(), cmos.get(B)]).toEqual([false, H24 | SET]);
  });

  it.each([
    [3, 8192],
    [6, 1024],
    [1, 256],
    [2, 128],
    [8, 256],
    [15, 2],
  ])('come periodically: RS %i is %i Hz', (select, rate) => {
    const cmos = create();
    cmos.put(A, 0x20 | select);
    cmos.put(B, H24 | PIE);
    let interrupts = 0;
    const end = cmos.context.clock.now() + SECOND;
    for (;;) {
      const next = cmos.context.clock.nextDeadline ?? Infinity;
      if (next > end) break;
      cmos.context.clock.advance(next - cmos.context.clock.now());
      if (!cmos.level()) continue;
      interrupts++;
      expect(cmos.get(C) & 0xf0 & ~UIE).toBe(IRQF | PIE);
    }
    expect(interrupts).toBe(rate);
  });

  it('leave flags for programs that poll, without a timer', () => {
    const cmos = create();
    cmos.get(C);
    cmos.context.clock.advance(SECOND);
    // 1024 Hz, an update, and an alarm at 00:00:00 that is not now.
    expect([cmos.get(C), cmos.level(), cmos.context.clock.nextDeadline]).toEqual([PIE | UIE, false, undefined]);
    cmos.put(A, 0x20);
    cmos.context.clock.advance(0.5 * SECOND);
    expect(cmos.get(C)).toBe(0);
  });

  it('come for the alarm, with fields that do not matter', () => {
    const cmos = create();
    const until = (hours: number, minutes: number, seconds: number): number => {
      const before = cmos.context.clock.wallClockSeconds();
      [seconds, minutes, hours].forEach((value, index) => cmos.put(1 + 2 * index, value));
      cmos.get(C);
      cmos.put(B, H24 | AIE);
      for (let hour = 0; hour < 50 && !cmos.level(); hour++) {
        cmos.context.clock.advance(
          Math.max(0, (cmos.context.clock.nextDeadline ?? Infinity) - cmos.context.clock.now()),
        );
      }
      expect(cmos.get(C) & AIE).toBe(AIE);
      cmos.put(B, H24);
      return Math.round(cmos.context.clock.wallClockSeconds() - before);
    };
    expect(until(0x00, 0x00, 0x10)).toBe(10);
    expect(until(0xff, 0xff, 0xff)).toBe(1);
    expect(until(0xc0, 0x01, 0x00)).toBe(49);
    expect(until(0x00, 0x00, 0x10)).toBe(86_400 - 50);
    expect(until(0x23, 0xff, 0x59)).toBe(23 * 3600 + 49 - 0);
  });

  it('never come for an alarm that matches no time', () => {
    const cmos = create();
    cmos.put(1, 0x7f);
    cmos.put(B, H24 | AIE);
    expect(cmos.context.clock.nextDeadline).toBeUndefined();
    cmos.context.clock.advance(90_000 * SECOND);
    expect(cmos.get(C) & AIE).toBe(0);
  });

  it('come late rather than never when they were due while the state was saved', () => {
    const cmos = create();
    cmos.put(1, 0x05);
    cmos.put(B, H24 | AIE);
    const other = create();
    other.context.clock.advance(100 * SECOND);
    other.vdev.restore(cmos.vdev.save());
    expect(other.level()).toBe(true);
  });
});

describe('rtc beside the stepped clock', () => {
  const seed = randomSeed();

  it(`agrees in all modes, over ends of months, years and centuries (seed ${seed})`, () => {
    const random = createRandom(seed);
    const below = (limit: number): number => random() % limit;
    for (let round = 0; round < 25; round++) {
      const cmos = create();
      const model = new SteppedClock();
      const [hours24, binary] = [below(2) === 1, below(2) === 1];
      const mode = (hours24 ? H24 : 0) | (binary ? DM : 0);
      cmos.put(B, SET | mode);
      Object.assign(model, {
        second: below(60),
        minute: 55 + below(5),
        hour: 23 - below(2) * 12,
        weekday: 1 + below(7),
      });
      Object.assign(model, { day: 28, month: 1 + below(12), year: [1899, 1999, 2000, 2024, 2099, 2100][below(6)] });
      model.registers(hours24, binary).forEach((value, index) => cmos.put(TIME[index] ?? 0, value));
      cmos.put(B, mode);
      for (let step = 0; step < 12; step++) {
        const seconds = below(3) === 0 ? 40_000 + below(50_000) : below(400);
        cmos.context.clock.advance(seconds * SECOND);
        for (let passed = 0; passed < seconds; passed++) model.step();
        const label = `seed ${seed}, round ${round}, step ${step}`;
        expect([label, ...cmos.time()]).toEqual([label, ...model.registers(hours24, binary)]);
      }
    }
  });

  it(`finds the alarm that a search finds (seed ${seed})`, () => {
    const random = createRandom(seed + 1);
    const below = (limit: number): number => random() % limit;
    const bcd = (value: number): number => Number.parseInt(String(value), 16);
    for (let round = 0; round < 15; round++) {
      const cmos = create();
      const model = new SteppedClock();
      const start = below(86_400);
      cmos.context.clock.advance(start * SECOND);
      for (let passed = 0; passed < start; passed++) model.step();
      const alarm = [60, 60, 24].map((limit) => (below(3) === 0 ? 0xc0 | below(64) : bcd(below(limit))));
      alarm.forEach((value, index) => cmos.put(1 + 2 * index, value));
      let seconds = 0;
      const matches = (): boolean => {
        const now = model.registers(true, false);
        return alarm.every((value, index) => value >= 0xc0 || value === now[index]);
      };
      do {
        model.step();
        seconds++;
      } while (!matches());
      cmos.put(B, H24 | AIE);
      cmos.context.clock.advance((seconds - 0.5) * SECOND);
      const early = cmos.level();
      cmos.context.clock.advance(0.5 * SECOND + 2000);
      expect([`seed ${seed}, round ${round}`, early, cmos.level()]).toEqual([
        `seed ${seed}, round ${round}`,
        false,
        true,
      ]);
    }
  });
});
