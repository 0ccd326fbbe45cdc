import { createVdev, createRandom, describeVdevContract, randomSeed } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import { crystalRate } from '../time/tick-rate.js';
import { SteppedCounter } from './stepped-8254.test.helper.js';
import { pit } from './type.js';

const CONTROL = 3;
const RATE = crystalRate(12);
const GATE2 = 0x01;
const OUT2 = 0x20;
const REFRESH = 0x10;

interface Timer extends VdevHarness {
  /** Advances time by a number of CLK pulses. */
  readonly clk: (pulses: number) => void;
  readonly portB: () => number;
  readonly setPortB: (value: number) => void;
  readonly level: () => boolean;
  /** The count of a channel by the latch command; both bytes. */
  readonly latched: (channel: number) => number;
}

function create(): Timer {
  const harness = createVdev(pit);
  const { read, write, context } = harness;
  let tick = 0;
  return {
    ...harness,
    clk: (pulses) => {
      tick += pulses;
      context.clock.advance(RATE.timeOf(tick) - context.clock.now(), 1e6);
    },
    portB: () => read(0, 1, 'control'),
    setPortB: (value) => write(0, value, 1, 'control'),
    level: () => context.interrupt('timer').level,
    latched: (channel) => {
      write(CONTROL, channel << 6);
      return read(channel) | (read(channel) << 8);
    },
  };
}

function program({ write }: VdevHarness, channel: number, mode: number, count: number): void {
  write(CONTROL, (channel << 6) | 0x30 | (mode << 1));
  write(channel, count & 0xff);
  write(channel, count >>> 8);
}

describeVdevContract(pit, {
  change: ({ write, read, context }) => {
    write(CONTROL, 0x34);
    write(0, 0x9c);
    write(0, 0x2e);
    write(0, 0x01, 1, 'control');
    write(CONTROL, 0xb1);
    write(2, 0x55);
    context.clock.advance(12_345_678);
    write(CONTROL, 0xc2);
    read(0);
  },
  maxFirings: 2000,
});

describe('pit', () => {
  it('is as Linux programs it for ticks: a rise of the interrupt each 10 ms (arch/x86, i8253.c: mode 2, 11932)', () => {
    const timer = create();
    program(timer, 0, 2, 11_932);
    timer.context.clock.advance(1e9);
    const rises = timer.context.interrupt('timer').history.filter((level) => level);
    // Once for the control word, which sets OUT high, and 99.998 periods.
    expect(rises).toHaveLength(1 + 99);
    expect([timer.level(), timer.vdev.status().channels]).toEqual([
      true,
      expect.arrayContaining([expect.objectContaining({ mode: 2, out: true })]),
    ]);
  });

  it('lets Linux calibrate its TSC by port 61h (tsc.c, pit_calibrate_tsc: mode 0 of channel 2, 50 ms)', () => {
    const timer = create();
    timer.setPortB((timer.portB() & ~0x02) | GATE2);
    const begin = timer.context.clock.now();
    program(timer, 2, 0, 59_659);
    let polls = 0;
    for (; (timer.portB() & OUT2) === 0; polls++) timer.context.clock.advance(1000);
    expect(polls).toBeGreaterThan(1000);
    expect(Math.abs(timer.context.clock.now() - begin - 50e6)).toBeLessThan(2000);
  });

  it('shows the high byte of channel 2 falling, as quick_pit_calibrate wants it', () => {
    const timer = create();
    timer.setPortB(GATE2);
    timer.write(CONTROL, 0xb0);
    timer.write(2, 0xff);
    timer.write(2, 0xff);
    timer.clk(2);
    const high = (): number => {
      timer.read(2);
      return timer.read(2);
    };
    expect(high()).toBe(0xff);
    timer.clk(256);
    expect(high()).toBe(0xfe);
    timer.clk(256 * 100);
    expect(high()).toBe(0xfe - 100);
  });

  it('toggles the refresh bit each 15.085 µs', () => {
    const timer = create();
    const bits = Array.from({ length: 72 }, () => {
      const bit = timer.portB() & REFRESH;
      timer.clk(1);
      return bit;
    });
    expect(bits).toEqual([0, REFRESH, 0, REFRESH].flatMap((bit) => Array<number>(18).fill(bit)));
  });

  it('keeps bits 3–0 of port 61h, and nothing else', () => {
    const timer = create();
    timer.setPortB(0xff);
    expect(timer.portB() & 0x0f).toBe(0x0f);
    timer.setPortB(0xf0);
    expect(timer.portB() & 0xcf).toBe(0);
  });

  it('turns on and off with mode 0 (i8253.c, pit_shutdown)', () => {
    const timer = create();
    program(timer, 0, 2, 100);
    timer.write(CONTROL, 0x30);
    timer.write(0, 0);
    timer.write(0, 0);
    expect(timer.level()).toBe(false);
    timer.clk(65_536);
    expect(timer.level()).toBe(false);
    timer.clk(1);
    expect([timer.level(), timer.context.clock.nextDeadline]).toEqual([true, undefined]);
  });

  it.each([2, 3])('makes up for the ticks that a late host has missed, one by one, in mode %s', (mode) => {
    const timer = create();
    program(timer, 0, mode, 1000);
    const { history } = timer.context.interrupt('timer');
    const rises = (): number => history.filter((level, at) => level && !(history[at - 1] ?? false)).length;
    const before = rises();
    timer.context.clock.lag(RATE.timeOf(20_500));
    timer.context.clock.advance(0);
    expect(rises() - before).toBe(1);
    timer.context.clock.advance(RATE.timeOf(400));
    expect(rises() - before).toBe(4);
    // Those of the ten periods that follow, and all that were missed.
    timer.context.clock.advance(RATE.timeOf(10_000));
    expect(rises() - before).toBe(30);
    timer.context.clock.advance(RATE.timeOf(5000));
    expect(rises() - before).toBe(35);
  });

  it('forgets missed ticks when channel 0 is programmed, and remembers at most 256', () => {
    const timer = create();
    const { history } = timer.context.interrupt('timer');
    program(timer, 0, 2, 1000);
    timer.context.clock.lag(RATE.timeOf(50_500));
    timer.context.clock.advance(0);
    program(timer, 0, 2, 1000);
    history.length = 0;
    timer.context.clock.advance(RATE.timeOf(10_500));
    expect(history.filter((level) => level).length).toBe(10);
    timer.context.clock.lag(RATE.timeOf(1_000_000));
    timer.context.clock.advance(0);
    history.length = 0;
    timer.context.clock.advance(RATE.timeOf(100_000));
    expect(history.filter((level) => level).length).toBe(100 + 256);
  });

  it('gives no waveform for a count of 1, which the data sheet forbids', () => {
    for (const mode of [2, 3]) {
      const timer = create();
      program(timer, 0, mode, 1);
      timer.clk(10_000);
      expect([timer.level(), timer.context.clock.nextDeadline]).toEqual([true, undefined]);
      timer.write(0, 4);
      timer.write(0, 0);
      timer.clk(1 + 4);
      expect(timer.context.interrupt('timer').history.at(-1)).toBe(true);
      expect(timer.context.clock.nextDeadline).toBeDefined();
    }
  });
});

describe('pit, read back', () => {
  it('latches counts until they are read, and not again before', () => {
    const timer = create();
    program(timer, 0, 2, 0x1234);
    timer.clk(5);
    timer.write(CONTROL, 0x00);
    timer.clk(5);
    timer.write(CONTROL, 0x00);
    timer.clk(5);
    expect([timer.read(0), timer.read(0)]).toEqual([0x30, 0x12]);
    expect([timer.read(0), timer.read(0)]).toEqual([0x26, 0x12]);
  });

  it('gives status, then count, when both are latched (figure 11 of the data sheet)', () => {
    const timer = create();
    program(timer, 1, 3, 1000);
    timer.write(CONTROL, 0xc0 | (1 << 2));
    // OUT high, null count, both bytes, mode 3, binary.
    expect(timer.read(1)).toBe(0xf6);
    timer.clk(2);
    timer.read(1);
    timer.read(1);
    timer.write(CONTROL, 0xc0 | (1 << 2));
    timer.clk(10);
    expect([timer.read(1), timer.read(1), timer.read(1)]).toEqual([0xb6, 998 & 0xff, 998 >>> 8]);
  });

  it('latches what the command selects', () => {
    const timer = create();
    for (const channel of [0, 1, 2]) program(timer, channel, 4, 100 * channel + 100);
    timer.clk(1);
    timer.write(CONTROL, 0xe0 | (1 << 1) | (1 << 3));
    expect([timer.read(0), timer.read(1), timer.read(2)]).toEqual([0xb8, 200, 0xb8]);
  });

  it('reads single bytes as the control word says', () => {
    const timer = create();
    timer.write(CONTROL, 0x14);
    timer.write(0, 0x80);
    timer.clk(1);
    expect([timer.read(0), timer.read(0)]).toEqual([0x80, 0x80]);
    timer.write(CONTROL, 0x24);
    timer.write(0, 0x80);
    timer.clk(2);
    expect([timer.read(0), timer.read(0)]).toEqual([0x7f, 0x7f]);
  });

  it('counts in decimal when told to', () => {
    const timer = create();
    timer.write(CONTROL, 0x31 | (2 << 1));
    timer.write(0, 0x00);
    timer.write(0, 0x10);
    timer.clk(2);
    expect(timer.latched(0)).toBe(0x0999);
    timer.write(CONTROL, 0x31);
    timer.write(0, 0x00);
    timer.write(0, 0x00);
    timer.clk(2);
    expect(timer.latched(0)).toBe(0x9999);
  });

  it('has nothing to read at the control port', () => {
    expect(create().read(CONTROL)).toBe(0xff);
  });
});

/** Drives a channel and the stepped model alike, at random, and compares OUT, counts and rises of the interrupt. */
describe('pit beside the stepped model', () => {
  const seed = randomSeed();

  it.each([0, 2])(`channel %i agrees in all modes (seed ${seed})`, (channel) => {
    const random = createRandom(seed + channel);
    const below = (limit: number): number => random() % limit;
    for (let round = 0; round < 30; round++) {
      const timer = create();
      const model = new SteppedCounter();
      if (channel === 2) model.gate(false);
      let [mode, bcd] = [0, false];
      const setMode = (): void => {
        mode = below(6);
        bcd = below(3) === 0;
        // Bit 3 does not count for modes 2 and 3.
        const number = (mode === 2 || mode === 3) && below(2) === 0 ? mode + 4 : mode;
        timer.write(CONTROL, (channel << 6) | 0x30 | (number << 1) | Number(bcd));
        model.program(mode, bcd);
      };
      const run = (pulses: number): void => {
        timer.clk(pulses);
        for (let pulse = 0; pulse < pulses; pulse++) model.clk();
      };
      const writeCount = (): void => {
        const count = below(8) === 0 ? 0 : 2 + below(bcd ? 8 : 300);
        timer.write(channel, count & 0xff);
        model.firstByte();
        run(below(3));
        timer.write(channel, count >>> 8);
        model.write(count);
      };
      const setGate = (): void => {
        if (channel !== 2) return;
        const gate = below(2);
        timer.setPortB(gate);
        model.gate(gate === 1);
      };
      setMode();
      for (let step = 0; step < 60; step++) {
        [setMode, writeCount, writeCount, setGate, setGate][below(12)]?.();
        run(below(80) === 0 ? 40_000 + below(60_000) : below(8) === 0 ? below(700) : below(6));
        const label = `seed ${seed}, round ${round}, step ${step}, mode ${mode}, bcd ${String(bcd)}`;
        timer.write(CONTROL, 0xc0 | (2 << channel));
        const status = timer.read(channel);
        const count = timer.read(channel) | (timer.read(channel) << 8);
        expect([label, status >>> 7, (status >>> 6) & 1]).toEqual([label, Number(model.out), Number(model.nullCount)]);
        expect([label, count]).toEqual([label, model.count ?? count]);
        if (channel === 2) expect([label, timer.portB() & OUT2]).toEqual([label, model.out ? OUT2 : 0]);
        else {
          const rises = timer.context.interrupt('timer').history.filter((level) => level).length;
          expect([label, rises, timer.level()]).toEqual([label, model.rises, model.out]);
        }
        if (below(10) === 0) {
          timer.vdev.restore(JSON.parse(JSON.stringify(timer.vdev.save())) as ReturnType<typeof timer.vdev.save>);
        }
      }
    }
  });
});
