import type { ClockTimer } from '@qvm/core/vdev';
import { ManualClock } from '@qvm/testing';
import { ApicBus } from '../apic-bus.js';
import * as bench from '../bench.test.helper.js';
import { ApicBench } from '../bench.test.helper.js';
import type { LocalApic } from './local-apic.js';

const VECTOR = 0x40;
const PERIODIC = 0x2_0000;
const DEADLINE = 0x4_0000;
const DIVIDE_BY_1 = 0xb;

function timer(mode: number, divide = DIVIDE_BY_1): ApicBench {
  const made = ApicBench.enabled();
  made.write(bench.LVT_TIMER, mode | VECTOR);
  made.write(bench.DCR, divide);
  return made;
}

/** Takes and ends the interrupt, if there is one. */
function service(made: ApicBench): boolean {
  const taken = made.take() === VECTOR;
  if (taken) made.write(bench.EOI, 0);
  return taken;
}

describe('one-shot', () => {
  it('counts nanoseconds down, interrupts once, and stands at 0', () => {
    const made = timer(0);
    made.write(bench.INITIAL_COUNT, 1000);
    made.clock.advance(400);
    expect([made.read(bench.CURRENT_COUNT), made.take()]).toEqual([600, -1]);
    made.clock.advance(599);
    expect([made.read(bench.CURRENT_COUNT), made.take()]).toEqual([1, -1]);
    made.clock.advance(1);
    expect([made.read(bench.CURRENT_COUNT), service(made)]).toEqual([0, true]);
    made.clock.advance(5000);
    expect([made.read(bench.CURRENT_COUNT), made.read(bench.INITIAL_COUNT), service(made)]).toEqual([0, 1000, false]);
  });

  it('starts again with each write, and 0 stops it', () => {
    const made = timer(0);
    made.write(bench.INITIAL_COUNT, 100);
    made.clock.advance(99);
    made.write(bench.INITIAL_COUNT, 100);
    made.clock.advance(99);
    expect(service(made)).toBe(false);
    made.write(bench.INITIAL_COUNT, 0);
    made.clock.advance(1000);
    expect([service(made), made.read(bench.CURRENT_COUNT), made.clock.nextDeadline]).toEqual([false, 0, undefined]);
  });

  it.each([
    [0x0, 2],
    [0x1, 4],
    [0x2, 8],
    [0x3, 16],
    [0x8, 32],
    [0x9, 64],
    [0xa, 128],
    [0xb, 1],
  ])('divides with %p by %p', (code, divisor) => {
    const made = timer(0, code);
    made.write(bench.INITIAL_COUNT, 1000);
    made.clock.advance(10 * divisor);
    expect(made.read(bench.CURRENT_COUNT)).toBe(990);
    made.clock.advance(990 * divisor - 1);
    expect(service(made)).toBe(false);
    made.clock.advance(1);
    expect(service(made)).toBe(true);
  });

  it('goes on from its count when the divider changes', () => {
    const made = timer(0);
    made.write(bench.INITIAL_COUNT, 1000);
    made.clock.advance(500);
    made.write(bench.DCR, 0x3);
    expect(made.read(bench.CURRENT_COUNT)).toBe(500);
    made.clock.advance(16 * 500 - 1);
    expect(service(made)).toBe(false);
    made.clock.advance(1);
    expect(service(made)).toBe(true);
  });

  it('masked, counts without an interrupt, and does not ask the clock for calls', () => {
    const made = timer(bench.MASKED);
    made.write(bench.INITIAL_COUNT, 1000);
    expect(made.clock.nextDeadline).toBeUndefined();
    made.clock.advance(400);
    expect(made.read(bench.CURRENT_COUNT)).toBe(600);
    made.write(bench.LVT_TIMER, VECTOR);
    made.clock.advance(600);
    expect(service(made)).toBe(true);
    made.write(bench.LVT_TIMER, bench.MASKED | VECTOR);
    made.write(bench.INITIAL_COUNT, 10);
    made.clock.advance(10);
    made.write(bench.LVT_TIMER, VECTOR);
    made.clock.advance(10_000);
    expect(service(made)).toBe(false);
  });

  it('has interrupted when a guest reads that the count is over, however late the clock is', () => {
    const made = timer(0);
    made.write(bench.INITIAL_COUNT, 1000);
    made.clock.lag(1500);
    expect([made.read(bench.CURRENT_COUNT), service(made)]).toEqual([0, true]);
    made.clock.advance(1000);
    expect(service(made)).toBe(false);
  });

  it('continues in periodic mode from its count', () => {
    const made = timer(0);
    made.write(bench.INITIAL_COUNT, 1000);
    made.clock.advance(300);
    made.write(bench.LVT_TIMER, PERIODIC | VECTOR);
    expect(made.read(bench.CURRENT_COUNT)).toBe(700);
    made.clock.advance(700);
    expect(service(made)).toBe(true);
    made.clock.advance(1000);
    expect(service(made)).toBe(true);
  });
});

describe('periodic', () => {
  it('interrupts in each period, and counts from the initial count again', () => {
    const made = timer(PERIODIC, 0);
    made.write(bench.INITIAL_COUNT, 500);
    for (let round = 0; round < 5; round++) {
      made.clock.advance(999);
      expect(service(made)).toBe(false);
      made.clock.advance(1);
      expect([service(made), made.read(bench.CURRENT_COUNT)]).toEqual([true, 500]);
    }
  });

  it('keeps its phase when the interrupt is taken late', () => {
    const made = timer(PERIODIC);
    made.write(bench.INITIAL_COUNT, 1000);
    made.clock.advance(2700);
    expect(service(made)).toBe(true);
    made.clock.advance(299);
    expect(service(made)).toBe(false);
    made.clock.advance(1);
    expect(service(made)).toBe(true);
  });

  it('calls no more often than the guest takes interrupts', () => {
    const made = timer(PERIODIC);
    made.write(bench.INITIAL_COUNT, 1);
    made.clock.advance(1e9, 1);
    expect([made.take(), made.take()]).toEqual([VECTOR, -1]);
    made.clock.advance(1e9, 1);
    expect(made.bit(bench.IRR, VECTOR)).toBe(true);
    made.write(bench.LVT_TIMER, PERIODIC | 3);
    made.clock.advance(1e9, 1);
    expect(made.errors()).toBe(0x40);
  });
});

describe('TSC-deadline', () => {
  it('interrupts when the counter reaches the deadline, and clears it', () => {
    const made = timer(DEADLINE);
    expect(made.writeMsr(bench.TSC_DEADLINE, 2000)).toBe(true);
    expect(made.readMsr(bench.TSC_DEADLINE)).toBe(2000n);
    made.clock.advance(999);
    expect(service(made)).toBe(false);
    made.clock.advance(1);
    expect([service(made), made.readMsr(bench.TSC_DEADLINE)]).toEqual([true, 0n]);
  });

  it('a deadline that has passed interrupts at once', () => {
    const made = timer(DEADLINE);
    made.clock.advance(5000);
    made.writeMsr(bench.TSC_DEADLINE, 1);
    expect([service(made), made.readMsr(bench.TSC_DEADLINE)]).toEqual([true, 0n]);
  });

  it('0 disarms, a far deadline never comes, and the counts do not exist', () => {
    const made = timer(DEADLINE);
    made.writeMsr(bench.TSC_DEADLINE, 2000);
    made.writeMsr(bench.TSC_DEADLINE, 0);
    made.write(bench.INITIAL_COUNT, 5);
    made.clock.advance(10_000);
    expect([service(made), made.read(bench.INITIAL_COUNT), made.read(bench.CURRENT_COUNT)]).toEqual([false, 0, 0]);
    made.writeMsr(bench.TSC_DEADLINE, 0xffff_ffff_ffff_ffffn);
    expect([made.readMsr(bench.TSC_DEADLINE), made.clock.nextDeadline]).toEqual([0xffff_ffff_ffff_ffffn, undefined]);
  });

  it('in other modes the MSR reads 0 and ignores writes; a change of mode disarms', () => {
    const made = timer(0);
    expect([made.writeMsr(bench.TSC_DEADLINE, 10), made.readMsr(bench.TSC_DEADLINE)]).toEqual([true, 0n]);
    made.write(bench.INITIAL_COUNT, 1000);
    made.write(bench.LVT_TIMER, DEADLINE | VECTOR);
    expect([made.read(bench.CURRENT_COUNT), made.read(bench.INITIAL_COUNT)]).toEqual([0, 0]);
    made.writeMsr(bench.TSC_DEADLINE, 4000);
    made.write(bench.LVT_TIMER, VECTOR);
    made.write(bench.LVT_TIMER, DEADLINE | VECTOR);
    expect(made.readMsr(bench.TSC_DEADLINE)).toBe(0n);
    made.clock.advance(1e6);
    expect(service(made)).toBe(false);
  });

  it('masked, is over without an interrupt', () => {
    const made = timer(DEADLINE | bench.MASKED);
    made.writeMsr(bench.TSC_DEADLINE, 2000);
    made.clock.advance(1000);
    expect(made.readMsr(bench.TSC_DEADLINE)).toBe(0n);
    made.write(bench.LVT_TIMER, DEADLINE | VECTOR);
    expect(service(made)).toBe(false);
  });

  it('follows a change of the counter', () => {
    const made = timer(DEADLINE);
    made.writeMsr(bench.TSC_DEADLINE, 20_000);
    made.vcpu().timeOfTsc = (count) => Number(count) / 2 - 9000;
    made.apic().tscChanged();
    made.clock.advance(1000);
    expect(service(made)).toBe(true);
  });

  it('the reserved mode stands still', () => {
    const made = timer(DEADLINE | PERIODIC);
    made.write(bench.INITIAL_COUNT, 5);
    made.writeMsr(bench.TSC_DEADLINE, 5);
    made.clock.advance(1000);
    expect([service(made), made.read(bench.INITIAL_COUNT), made.readMsr(bench.TSC_DEADLINE)]).toEqual([false, 0, 0n]);
  });
});

/** A clock that counts how often its timers are armed. */
class CountingClock extends ManualClock {
  arms = 0;

  override createTimer(name: string, callback: () => void): ClockTimer {
    const timer = super.createTimer(name, callback);
    const arm = timer.arm.bind(timer);
    timer.arm = (deadline) => {
      this.arms++;
      arm(deadline);
    };
    return timer;
  }
}

describe('the timer of the clock', () => {
  it('is armed once for an expiry, whatever the guest does meanwhile', () => {
    const clock = new CountingClock();
    const apic = new ApicBus(1, clock).apics[0] as LocalApic;
    apic.write(bench.SVR, 4, 0x1ff);
    apic.write(bench.LVT_TIMER, 4, VECTOR);
    apic.write(bench.INITIAL_COUNT, 4, 1000);
    for (const at of [bench.TPR, bench.EOI, bench.ESR, bench.LVT_ERROR]) {
      clock.advance(10);
      apic.write(at, 4, 0);
      apic.read(bench.CURRENT_COUNT, 4);
    }
    expect(clock.arms).toBe(1);
    clock.advance(2000);
    expect([clock.arms, apic.requests]).toEqual([1, 1]);
  });
});
