import fc from 'fast-check';
import type { QvmError } from '../errors/qvm-error.js';
import type { ClockTimer } from './clock.js';
import { InstructionClock } from './instruction-clock.js';
import { RealTimeClock } from './real-time-clock.js';
import { TimerQueue } from './timer-queue.js';

describe('TimerQueue', () => {
  it('fires what is due, in order of deadlines, each once', () => {
    const queue = new TimerQueue();
    const fired: string[] = [];
    const timer = (name: string, deadline: number): ClockTimer => {
      const made = queue.createTimer(name, () => fired.push(name));
      made.arm(deadline);
      return made;
    };
    const [late] = [timer('late', 30), timer('b', 20), timer('a', 10), timer('b2', 20)];
    expect(queue.nextDeadline).toBe(10);
    expect([queue.runDue(9), queue.runDue(20), queue.runDue(25), fired]).toEqual([0, 3, 0, ['a', 'b', 'b2']]);
    expect([late.deadline, queue.nextDeadline]).toEqual([30, 30]);
    late.cancel();
    late.cancel();
    expect([late.deadline, queue.nextDeadline, queue.runDue(100)]).toEqual([undefined, undefined, 0]);
  });

  it('lets callbacks cancel, move and arm timers', () => {
    const queue = new TimerQueue();
    const fired: string[] = [];
    const cancelled = queue.createTimer('cancelled', () => fired.push('cancelled'));
    const moved = queue.createTimer('moved', () => fired.push('moved'));
    const again = queue.createTimer('again', () => {
      fired.push('again');
      again.arm(0);
    });
    const first = queue.createTimer('first', () => {
      expect([moved.deadline, first.deadline]).toEqual([3, undefined]);
      cancelled.cancel();
      moved.arm(50);
    });
    [first, cancelled, moved, again].forEach((timer, index) => timer.arm(index + 1));
    expect([queue.runDue(10), fired]).toEqual([2, ['again']]);
    expect([queue.runDue(10), queue.runDue(50), fired]).toEqual([1, 2, ['again', 'again', 'again', 'moved']]);
  });

  it('keeps the other timers when a callback throws', () => {
    const queue = new TimerQueue();
    let fired = 0;
    queue
      .createTimer('bad', () => {
        throw new Error('broken');
      })
      .arm(1);
    queue.createTimer('good', () => fired++).arm(2);
    expect(() => queue.runDue(5)).toThrow('broken');
    expect([queue.runDue(5), fired]).toEqual([1, 1]);
  });

  it('tells when a timer becomes the earliest', () => {
    const queue = new TimerQueue();
    const told: number[] = [];
    queue.onEarliest = (deadline) => told.push(deadline);
    const [a, b] = [queue.createTimer('a', () => undefined), queue.createTimer('b', () => undefined)];
    a.arm(10);
    b.arm(20);
    b.arm(5);
    a.arm(7);
    expect(told).toEqual([10, 5]);
  });

  it('refuses timers that were disposed of, and deadlines that are none', () => {
    const timer = new TimerQueue().createTimer('t', () => undefined);
    expect(() => timer.arm(NaN)).toThrow(expect.objectContaining({ code: 'clock.deadline' }) as QvmError);
    timer.dispose();
    expect(() => timer.arm(1)).toThrow(expect.objectContaining({ code: 'clock.disposed' }) as QvmError);
  });

  it('agrees with a sorted list on random operations', () => {
    const operation = fc.record({
      timer: fc.nat(7),
      deadline: fc.option(fc.nat(50), { nil: undefined }),
      run: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const queue = new TimerQueue();
        const fired: number[] = [];
        const timers = Array.from({ length: 8 }, (_, index) => queue.createTimer(`t${index}`, () => fired.push(index)));
        let model: { index: number; deadline: number }[] = [];
        const expected: number[] = [];
        operations.forEach(({ timer: index, deadline, run }, now) => {
          model = model.filter((entry) => entry.index !== index);
          if (deadline === undefined) timers[index]?.cancel();
          else {
            timers[index]?.arm(deadline);
            model.push({ index, deadline });
          }
          if (run) {
            queue.runDue(now);
            // The sort is stable, and the list is in order of arming.
            model.sort((a, b) => a.deadline - b.deadline);
            expected.push(...model.filter((entry) => entry.deadline <= now).map((entry) => entry.index));
            model = model.filter((entry) => entry.deadline > now);
          }
          expect(queue.nextDeadline).toBe(
            model.length === 0 ? undefined : Math.min(...model.map((entry) => entry.deadline)),
          );
        });
        expect(fired).toEqual(expected);
      }),
    );
  });
});

describe('RealTimeClock', () => {
  it('stands still until it is resumed, and while it is paused', () => {
    let host = 1_000;
    const clock = new RealTimeClock(() => host);
    const times: number[] = [];
    const pass = (nanoseconds: number) => {
      host += nanoseconds;
      times.push(clock.now());
    };
    pass(5);
    clock.resume();
    clock.resume();
    pass(7);
    clock.pause();
    clock.pause();
    pass(100);
    clock.resume();
    pass(3);
    expect(times).toEqual([0, 7, 7, 10]);
  });

  it('never goes back', () => {
    let host = 100;
    const clock = new RealTimeClock(() => host);
    clock.resume();
    host = 150;
    expect(clock.now()).toBe(50);
    host = 120;
    expect(clock.now()).toBe(50);
    host = 151;
    expect(clock.now()).toBe(51);
  });

  it('does not pass the deadline of a timer that has not fired, when the host is late', () => {
    let host = 0;
    const clock = new RealTimeClock(() => host);
    clock.resume();
    const fired: number[] = [];
    const timer = clock.createTimer('tick', () => {
      fired.push(clock.now());
      timer.arm(clock.now() + 4e6);
    });
    timer.arm(4e6);
    host = 22e6;
    const seen: number[] = [];
    while (clock.timers.runDue(clock.now()) > 0) seen.push(clock.now());
    expect(fired).toEqual([4e6, 8e6, 12e6, 16e6, 20e6]);
    expect(seen).toEqual([8e6, 12e6, 16e6, 20e6, 22e6]);
    expect([clock.now(), clock.arrived()]).toEqual([22e6, 22e6]);
  });

  it('is at most two seconds behind, whatever timers a guest arms', () => {
    let host = 0;
    const clock = new RealTimeClock(() => host);
    clock.resume();
    const timer = clock.createTimer('always due', () => timer.arm(clock.now() + 1));
    timer.arm(1);
    host = 5e9;
    expect([clock.now(), clock.arrived()]).toEqual([3e9, 5e9]);
    for (let i = 0; i < 10; i++) clock.timers.runDue(clock.now());
    host = 6e9;
    expect(clock.now()).toBe(4e9 + 9);
  });

  it.each([
    { run: 10, stall: 10, share: 'half', lost: 0 },
    { run: 40, stall: 160, share: 'a fifth', lost: 58 },
  ])('of a VM with $share of a processor all the time catches up no longer than it runs', ({ run, stall, lost }) => {
    let host = 0;
    const clock = new RealTimeClock(() => host);
    clock.resume();
    let fired = 0;
    const timer = clock.createTimer('tick', () => {
      fired++;
      timer.arm(clock.now() + 4e6);
    });
    timer.arm(4e6);
    const pass = (time: number): void => {
      host += time;
      while (clock.timers.runDue(clock.now()) > 0);
    };
    // Two seconds at most are caught up with at first.
    const cycle = (): void => {
      pass(stall * 1e6);
      for (let i = 0; i < run; i++) pass(1e6);
    };
    const seconds = (count: number): void => {
      for (let i = 0; i < (count * 1000) / (run + stall); i++) cycle();
    };
    seconds(4);
    fired = 0;
    seconds(10);
    expect(clock.arrived() - clock.now()).toBeLessThan(4e6);
    // Of 50 interrupts in 200 ms, a fifth of a processor gives 10 and 10 more, and one for the time that is lost.
    expect(Math.round(100 - fired / 25)).toBe(lost);
  });

  it('follows the host by default', async () => {
    const clock = new RealTimeClock();
    clock.resume();
    const before = clock.now();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(clock.now() - before).toBeGreaterThan(3e6);
    expect(Math.abs(clock.wallClockSeconds() - Date.now() / 1000)).toBeLessThan(2);
  });
});

describe('InstructionClock', () => {
  it('counts instructions, also those of a turn that goes on', () => {
    const clock = new InstructionClock(4);
    let pending = 0;
    clock.observe(() => pending);
    pending = 3;
    expect(clock.now()).toBe(12);
    clock.advance(5);
    pending = 0;
    expect(clock.now()).toBe(20);
    clock.skipTo(101);
    clock.skipTo(50);
    expect([
      clock.now(),
      clock.instructionsUntil(101),
      clock.instructionsUntil(102),
      clock.instructionsUntil(109),
    ]).toEqual([101, 0, 1, 2]);
  });

  it('begins on the same day in every run', () => {
    const clock = new InstructionClock();
    clock.skipTo(3e9);
    expect(new Date(clock.wallClockSeconds() * 1000).toISOString()).toBe('2024-01-01T00:00:03.000Z');
  });

  it.each([0, -1, 1.5, NaN, 2e6])('refuses %p nanoseconds per instruction', (rate) => {
    expect(() => new InstructionClock(rate)).toThrow(expect.objectContaining({ code: 'clock.rate' }) as QvmError);
  });
});
