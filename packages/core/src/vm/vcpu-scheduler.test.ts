import type { MachineServices } from '../architecture/architecture.js';
import { RealTimeClock } from '../clock/real-time-clock.js';
import { FakeVcpu } from './fake-machine.test.helper.js';
import { VcpuScheduler } from './vcpu-scheduler.js';

/** A vCPU whose guest reads the time with each instruction, of 100 ns; and the times that it read. */
function timeReader() {
  let host = 0;
  const clock = new RealTimeClock(() => host);
  clock.resume();
  const seen: number[] = [];
  // A fake uses no services.
  const vcpu = new FakeVcpu(0, {} as MachineServices, () => {
    host += 100;
    seen.push(clock.now());
  });
  return { clock, seen, scheduler: new VcpuScheduler([vcpu], clock), pass: (time: number) => (host += time) };
}

describe('a turn under real time', () => {
  it('ends when its guest reads a time that a timer holds back, which came due before the turn was expected to end', () => {
    const { clock, seen, scheduler } = timeReader();
    clock.createTimer('tick', () => undefined).arm(2e6);
    expect(scheduler.turn(1e6)).toBe(20_001);
    expect(seen.slice(-2)).toEqual([2e6, 2e6]);
  });

  it('lets its guest work between timers that are late, and is short when the next is due only now', () => {
    const { clock, seen, scheduler, pass } = timeReader();
    const timer = clock.createTimer('tick', () => timer.arm(clock.now() + 4e6));
    timer.arm(4e6);
    pass(10e6);
    const turns: number[] = [];
    for (let i = 0; i < 3; i++) {
      turns.push(scheduler.turn(1e6) ?? 0);
      clock.timers.runDue(clock.now());
    }
    expect(turns).toEqual([10_000, 10_000, 1_000]);
    expect([seen[0], seen[9_999], seen[10_000], seen[19_999], seen[20_000]]).toEqual([4e6, 4e6, 8e6, 8e6, 12e6]);
  });
});
