import fc from 'fast-check';
import type { QvmError } from '../errors/qvm-error.js';
import { createVmHooks } from '../hooks/vm-hooks.js';
import type { InterruptController, MessageSink } from './interrupt.js';
import { InterruptBus } from './interrupt-bus.js';

function setUp() {
  const hooks = createVmHooks('test');
  const bus = new InterruptBus(2, hooks);
  const changes: [number, number | undefined, boolean][] = [];
  const attach = () => bus.attach({ inputChanged: (...change) => changes.push(change) });
  return { hooks, bus, changes, attach };
}

describe('InterruptBus', () => {
  it('gives an input the OR of its sources', () => {
    const { bus, changes, attach } = setUp();
    attach();
    const [a, b] = [bus.line(33, 'a'), bus.line(33, 'b')];
    a.assert();
    a.assert();
    b.set(true);
    expect(changes).toEqual([[33, undefined, true]]);
    a.deassert();
    a.deassert();
    expect([changes.length, a.level, b.level]).toEqual([1, false, true]);
    b.deassert();
    expect(changes).toEqual([
      [33, undefined, true],
      [33, undefined, false],
    ]);
  });

  it('keeps private inputs apart', () => {
    const { bus, changes, attach } = setUp();
    attach();
    bus.privateLine(27, 1, 'timer').assert();
    bus.line(27, 'other').pulse();
    expect(changes).toEqual([
      [27, 1, true],
      [27, undefined, true],
      [27, undefined, false],
    ]);
  });

  it('tells a late controller what is high', () => {
    const { bus, changes, attach } = setUp();
    bus.line(40, 'a').assert();
    bus.line(41, 'b').pulse();
    attach();
    expect(changes).toEqual([[40, undefined, true]]);
    expect(attach).toThrow(expect.objectContaining({ code: 'interrupt.controller' }) as QvmError);
  });

  it('leads an input to all controllers that have it, and private inputs to none of them', () => {
    const { bus, attach } = setUp();
    const seen: string[] = [];
    const controller = (name: string): InterruptController => ({
      inputChanged: (number, vcpu, level) => void seen.push(`${name} ${number} ${String(vcpu)} ${level}`),
    });
    bus.line(4, 'serial').assert();
    bus.line(16, 'disk').assert();
    bus.attach(controller('pic'), { first: 0, last: 15 });
    bus.attach(controller('ioapic'), { first: 0, last: 23 });
    expect(seen).toEqual(['pic 4 undefined true', 'ioapic 4 undefined true', 'ioapic 16 undefined true']);
    seen.length = 0;
    for (const number of [15, 16, 23, 24]) bus.line(number, 'other').assert();
    bus.privateLine(4, 1, 'timer').pulse();
    expect(seen).toEqual(['pic 15 undefined true', 'ioapic 15 undefined true', 'ioapic 23 undefined true']);
    expect(attach).toThrow(expect.objectContaining({ code: 'interrupt.controller' }) as QvmError);
  });

  it('has no second controller besides one for all inputs', () => {
    const { bus, attach } = setUp();
    attach();
    expect(() => bus.attach({ inputChanged: () => undefined }, { first: 0, last: 15 })).toThrow(
      expect.objectContaining({ code: 'interrupt.controller' }) as QvmError,
    );
  });

  it('passes messages on to their receiver, counts them and tells the hook', () => {
    const { bus, hooks } = setUp();
    const seen: unknown[] = [];
    hooks.interruptRaised.tap('test', ({ number, vcpu, source, message }) => {
      seen.push([number, vcpu, source, message]);
    });
    const [nic, disk] = [bus.messages('nic'), bus.messages('disk')];
    nic.message(0xfee0_0000, 0x31);
    const receiver: MessageSink = { message: (address, data) => void seen.push([address, data]) };
    bus.attachMessages(receiver);
    nic.message(0xfee0_1000, 0x4032);
    disk.message(0x1234_5678_9abc, 0xffff_ffff);
    bus.line(5, 'line').assert();
    expect(seen).toEqual([
      [0x31, undefined, 'nic', true],
      [0x4032, undefined, 'nic', true],
      [0xfee0_1000, 0x4032],
      [0xffff_ffff, undefined, 'disk', true],
      [0x1234_5678_9abc, 0xffff_ffff],
      [5, undefined, 'line', false],
    ]);
    expect(bus.statistics()).toEqual([
      { number: 5, vcpu: undefined, source: 'line', count: 1, level: true },
      { number: 0x4032, vcpu: undefined, source: 'nic', count: 2, level: false, message: true },
      { number: 0xffff_ffff, vcpu: undefined, source: 'disk', count: 1, level: false, message: true },
    ]);
    expect(() => bus.attachMessages(receiver)).toThrow(
      expect.objectContaining({ code: 'interrupt.controller' }) as QvmError,
    );
  });

  it('counts per source', () => {
    const { bus } = setUp();
    const line = bus.line(40, 'a');
    line.pulse();
    line.pulse();
    bus.privateLine(27, 0, 'timer').assert();
    expect(bus.statistics()).toEqual([
      { number: 40, vcpu: undefined, source: 'a', count: 2, level: false },
      { number: 27, vcpu: 0, source: 'timer', count: 1, level: true },
    ]);
  });

  it('fires hooks for changes of the input, naming the source', () => {
    const { bus, hooks } = setUp();
    const seen: string[] = [];
    hooks.interruptRaised.tap('test', ({ number, source }) => void seen.push(`+${number} ${source}`));
    hooks.interruptLowered.tap('test', ({ number, vcpu }) => void seen.push(`-${number} ${String(vcpu)}`));
    const [a, b] = [bus.privateLine(27, 1, 'a'), bus.privateLine(27, 1, 'b')];
    a.assert();
    b.assert();
    a.deassert();
    b.deassert();
    expect(seen).toEqual(['+27 a', '-27 1']);
  });

  it.each([-1, 1.5, NaN, 2 ** 24])('refuses the number %p', (number) => {
    const { bus } = setUp();
    expect(() => bus.line(number, 'a')).toThrow(expect.objectContaining({ code: 'interrupt.number' }) as QvmError);
  });

  it.each([-1, 2, 0.5])('refuses the vCPU %p', (vcpu) => {
    const { bus } = setUp();
    expect(() => bus.privateLine(27, vcpu, 'a')).toThrow(
      expect.objectContaining({ code: 'interrupt.vcpu' }) as QvmError,
    );
  });

  it('agrees with a plain OR on random changes', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(5), fc.boolean())), (steps) => {
        const { bus, changes, attach } = setUp();
        attach();
        const lines = Array.from({ length: 6 }, (_, index) => bus.line(32 + (index % 2), `s${index}`));
        for (const [index, level] of steps) lines[index]?.set(level);
        for (const input of [32, 33]) {
          const expected = lines.some((line) => line.number === input && line.level);
          const levels = changes.filter(([number]) => number === input).map(([, , level]) => level);
          expect(levels.at(-1) ?? false).toBe(expected);
          expect(levels.every((level, index) => level === (index % 2 === 0))).toBe(true);
        }
      }),
    );
  });

  it('has the states of inputs in its controllers, and the vectors of processors, in its statistics', () => {
    const { bus } = setUp();
    const silent = () => undefined;
    bus.attach({ inputChanged: silent, inputState: (number) => `one ${number}` }, { first: 0, last: 3 });
    bus.attach(
      { inputChanged: silent, inputState: (number) => (number === 3 ? 'two' : undefined) },
      { first: 2, last: 9 },
    );
    bus.attach({ inputChanged: silent }, { first: 9, last: 9 });
    const vectors = [
      { vector: 0x30, vcpu: 1, count: 5, state: 'pending' },
      { vector: 0x31, vcpu: 0, count: 1, state: '' },
    ];
    bus.attachMessages({ message: silent, processorInterrupts: () => vectors });
    for (const number of [1, 3, 9]) bus.line(number, 'a');
    bus.privateLine(3, 0, 'b');
    expect(bus.statistics().map(({ number, vcpu, source, state }) => [number, vcpu, source, state])).toEqual([
      [1, undefined, 'a', 'one 1'],
      [3, undefined, 'a', 'one 3; two'],
      [9, undefined, 'a', undefined],
      [3, 0, 'b', undefined],
      [0x30, 1, 'vector', 'pending'],
      [0x31, 0, 'vector', undefined],
    ]);
  });
});
