import { createVdev, describeVdevContract, FakeDeviceTreeContext } from '@qvm/testing';
import type { VdevHarness } from '@qvm/testing';
import * as fc from 'fast-check';
import { sp805, wdtSp805 } from './type.js';

const LOAD = 0x000;
const VALUE = 0x004;
const CONTROL = 0x008;
const INTCLR = 0x00c;
const RIS = 0x010;
const MIS = 0x014;
const LOCK = 0xc00;
const KEY = 0x1acc_e551;
/** One second of the default 25 MHz. */
const SECOND_TICKS = 25_000_000;
const SECOND = 1e9;

const level = ({ context }: VdevHarness): boolean => context.interrupt('watchdog').level;

/** Starts the watchdog like sp805_wdt.c of Linux: load, clear, enable interrupt and reset, lock. */
function started(): VdevHarness {
  const dog = createVdev(wdtSp805);
  dog.write(LOCK, KEY);
  dog.write(LOAD, SECOND_TICKS);
  dog.write(INTCLR, 1);
  dog.write(CONTROL, 3);
  dog.write(LOCK, 0);
  return dog;
}

for (const factory of [wdtSp805, sp805]) {
  describeVdevContract(factory, {
    change: ({ write, context }) => {
      write(LOAD, SECOND_TICKS);
      write(CONTROL, 1);
      context.clock.advance(1.5 * SECOND);
      write(LOCK, 1);
    },
  });
}

describe('wdt-sp805', () => {
  it('has the reset values of the manual', () => {
    const dog = createVdev(wdtSp805);
    expect([LOAD, VALUE, CONTROL, RIS, MIS, LOCK].map((offset) => dog.read(offset))).toEqual([
      0xffff_ffff, 0xffff_ffff, 0, 0, 0, 0,
    ]);
  });

  it('is found by the amba bus of Linux, with a clock of its own', () => {
    const dog = createVdev(wdtSp805);
    const id = (first: number) =>
      [0, 1, 2, 3].reduce((value, index) => value + dog.read(first + 4 * index) * 2 ** (8 * index), 0);
    // drivers/watchdog/sp805_wdt.c: id 0x00141805, mask 0x00ffffff.
    expect([id(0xfe0) & 0x00ff_ffff, id(0xff0)]).toEqual([0x0014_1805, 0xb105_f00d]);
    const nodes = dog.vdev.deviceTree?.(new FakeDeviceTreeContext()) ?? [];
    expect(nodes.map(({ name }) => name)).toEqual(['watchdog-clock-1c0f0000', 'watchdog@1c0f0000']);
    expect(nodes[0]?.properties['clock-frequency']).toEqual({ cells: [SECOND_TICKS] });
    expect(nodes[1]?.properties['compatible']).toEqual(['arm,sp805', 'arm,primecell']);
  });

  it('counts only while enabled, and from the start when enabled', () => {
    const dog = createVdev(wdtSp805);
    dog.write(LOAD, 1000);
    dog.context.clock.advance(SECOND);
    expect(dog.read(VALUE)).toBe(1000);
    dog.write(CONTROL, 1);
    dog.context.clock.advance(4000);
    expect(dog.read(VALUE)).toBe(900);
    dog.write(CONTROL, 0);
    dog.context.clock.advance(SECOND);
    expect(dog.read(VALUE)).toBe(900);
    dog.write(CONTROL, 1);
    expect(dog.read(VALUE)).toBe(1000);
  });

  it('barks, and bites when it was not heard', () => {
    const dog = started();
    dog.context.clock.advance(SECOND);
    expect([level(dog), dog.read(RIS), dog.read(MIS), dog.context.terminations]).toEqual([true, 1, 1, []]);
    dog.context.clock.advance(0.999 * SECOND);
    expect(dog.context.terminations).toEqual([]);
    dog.context.clock.advance(0.001 * SECOND);
    expect(dog.context.terminations).toEqual([{ exitCode: 4, reason: 'the guest did not serve its watchdog in time' }]);
    dog.context.clock.advance(10 * SECOND);
    expect(dog.context.terminations).toHaveLength(1);
  });

  it.each([VALUE, RIS, MIS])('has barked for a guest that reads register %i when the host is late', (register) => {
    const dog = started();
    dog.context.clock.lag(SECOND - 40);
    dog.read(register);
    expect(level(dog)).toBe(false);
    dog.context.clock.lag(40);
    dog.read(register);
    expect([level(dog), dog.read(RIS), dog.read(VALUE)]).toEqual([true, 1, SECOND_TICKS]);
  });

  it('never bites a guest that serves it', () => {
    const dog = started();
    for (let turn = 0; turn < 20; turn++) {
      dog.context.clock.advance(1.5 * SECOND);
      dog.write(LOCK, KEY);
      dog.write(INTCLR, 1);
      dog.write(LOCK, 0);
      expect(level(dog)).toBe(false);
    }
    expect(dog.context.terminations).toEqual([]);
  });

  it('only barks, again and again, without RESEN', () => {
    const dog = createVdev(wdtSp805);
    dog.write(LOAD, SECOND_TICKS);
    dog.write(CONTROL, 1);
    dog.context.clock.advance(10.5 * SECOND);
    expect([dog.context.terminations, dog.read(VALUE)]).toEqual([[], SECOND_TICKS / 2]);
    // Even with a very short period, no timer stays armed.
    expect(dog.context.clock.nextDeadline).toBeUndefined();
    dog.write(CONTROL, 3);
    dog.context.clock.advance(0.5 * SECOND);
    expect(dog.context.terminations).toHaveLength(1);
  });

  it('raises its second interrupt instead, when asked to', () => {
    const dog = createVdev(wdtSp805, { options: { action: 'fiq' } });
    dog.write(LOAD, SECOND_TICKS);
    dog.write(CONTROL, 3);
    dog.context.clock.advance(1.9 * SECOND);
    expect(dog.context.interrupt('bite').level).toBe(false);
    dog.context.clock.advance(0.2 * SECOND);
    expect([dog.context.interrupt('bite').level, dog.context.terminations]).toEqual([true, []]);
    dog.write(INTCLR, 1);
    expect(dog.context.interrupt('bite').level).toBe(false);
  });

  it('takes no writes while locked', () => {
    const dog = started();
    dog.write(CONTROL, 0);
    dog.write(LOAD, 5);
    expect([dog.read(LOCK), dog.read(CONTROL), dog.read(LOAD)]).toEqual([1, 3, SECOND_TICKS]);
    dog.write(LOCK, KEY);
    dog.write(CONTROL, 0);
    expect([dog.read(LOCK), dog.read(CONTROL)]).toEqual([0, 0]);
  });

  it('survives a load of 0 and any frequency', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(1, 1000, 1_000_000_000),
        fc.array(fc.tuple(fc.constantFrom(LOAD, CONTROL, INTCLR, LOCK), fc.nat({ max: 0xffff_ffff })), {
          maxLength: 30,
        }),
        (frequency, writes) => {
          const dog = createVdev(wdtSp805, { options: { frequency } });
          dog.write(LOAD, 0);
          expect(dog.read(LOAD)).toBe(1);
          for (const [offset, value] of writes) {
            dog.write(offset, value);
            dog.context.clock.advance(1000);
            const left = dog.read(VALUE);
            expect(left >= 0 && left <= 0xffff_ffff).toBe(true);
          }
        },
      ),
    );
  });
});
