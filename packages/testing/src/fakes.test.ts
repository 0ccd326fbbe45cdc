import { virt } from '@qvm/boards';
import { createToken, QvmError } from '@qvm/core';
import { LoopbackBackend, NullBackend } from './character-backends.js';
import { FakeGuestMemory } from './fake-guest-memory.js';
import { FakeVdevContext } from './fake-vdev-context.js';
import { ManualClock } from './manual-clock.js';
import { ScriptedCharacterBackend } from './scripted-character-backend.js';

describe('ManualClock', () => {
  it('fires timers in order, each at its own deadline', () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    const late = clock.createTimer('late', () => fired.push(`late ${clock.now()}`));
    const early = clock.createTimer('early', () => {
      fired.push(`early ${clock.now()}`);
      late.arm(25);
    });
    late.arm(20);
    early.arm(10);
    clock.advance(24);
    expect(fired).toEqual(['early 10']);
    clock.advance(1);
    expect(fired).toEqual(['early 10', 'late 25']);
    expect(late.deadline).toBeUndefined();
  });

  it('gives up on a timer that fires forever', () => {
    const clock = new ManualClock();
    const timer = clock.createTimer('stuck', () => timer.arm(clock.now()));
    timer.arm(0);
    expect(() => clock.advance(1)).toThrow(/the timer stuck fired 1000 times at 0 ns/);
    expect(() => clock.advanceUpTo(1, 10_000)).toThrow(expect.objectContaining({ code: 'testing.timer-loop' }));
  });

  it('follows a fast timer as far as it is told to', () => {
    const clock = new ManualClock();
    let fired = 0;
    const timer = clock.createTimer('fast', () => {
      fired++;
      timer.arm(clock.now() + 10);
    });
    timer.arm(10);
    expect(() => clock.advance(1e9)).toThrow(
      /timers fired 100000 times within 1000000000 ns, the last one was fast: 999000000 ns were left; .*maxFirings/,
    );
    clock.advance(2_000_000, 300_000);
    expect([fired, clock.now()]).toEqual([300_000, 3_000_000]);
    expect(clock.advanceUpTo(1e9, 50)).toBe(500);
    expect(clock.advanceUpTo(5, 50)).toBe(5);
  });

  it('refuses timers that were disposed of', () => {
    const clock = new ManualClock();
    const timer = clock.createTimer('gone', () => undefined);
    timer.dispose();
    expect(() => timer.arm(1)).toThrow(QvmError);
    expect(clock.timers).toBe(0);
  });

  it('moves the wall clock with time, and by hand', () => {
    const clock = new ManualClock(100);
    clock.advance(1.5e9);
    expect(clock.wallClockSeconds()).toBe(101.5);
    clock.setWallClock(7);
    expect(clock.wallClockSeconds()).toBe(7);
  });
});

describe('FakeGuestMemory', () => {
  const memory = new FakeGuestMemory(16, 0x1000);

  it('is little-endian', () => {
    memory.writeU64(0x1000, 0x0807_0605_0403_0201n);
    expect(memory.readU16(0x1001)).toBe(0x0302);
    expect(memory.readU32(0x1004)).toBe(0x0807_0605);
    memory.write(0x100f, Uint8Array.of(0xaa));
    expect(memory.readU8(0x100f)).toBe(0xaa);
  });

  it('refuses what is outside', () => {
    for (const address of [0xfff, 0x100d, -1, NaN, 2 ** 53]) {
      expect(() => memory.readU32(address)).toThrow(expect.objectContaining({ code: 'testing.guest-memory' }));
    }
    expect(memory.contains(0x1010, 0)).toBe(true);
    expect(memory.contains(0x1010, 1)).toBe(false);
    expect(memory.contains(0x1000, -1)).toBe(false);
  });

  it('resolves ranges that a guest names, and hears of changes through views', () => {
    const changes: (readonly [number, number])[] = [];
    memory.onChange = (address, length) => changes.push([address, length]);
    const views: Uint8Array[] = [];
    expect(memory.resolve(0x1004, 4, 'write', views)).toBe(true);
    expect(memory.resolve(0, 0, 'write', views)).toBe(true);
    expect(memory.resolve(0x100d, 4, 'read', views)).toBe(false);
    expect(views.map((view) => view.length)).toEqual([4]);
    memory.touched(0x1004, 4);
    memory.touched(0x1004, 0);
    memory.writeU16(0x1000, 1);
    expect(changes).toEqual([
      [0x1004, 4],
      [0x1000, 2],
    ]);
  });
});

describe('character back ends', () => {
  it('scripted: hands out input in parts and collects output', () => {
    const backend = new ScriptedCharacterBackend();
    let told = 0;
    backend.onInput(() => told++);
    backend.feed('abc');
    expect(backend.read(2)).toEqual(Uint8Array.of(97, 98));
    expect(backend.available).toBe(1);
    backend.write(Uint8Array.of(0x68, 0x69));
    expect([backend.output, told]).toEqual(['hi', 1]);
  });

  it('loopback gives back what it was sent; null never has any', () => {
    for (const [backend, available] of [
      [new LoopbackBackend(), 2],
      [new NullBackend(), 0],
    ] as const) {
      backend.write(Uint8Array.of(1, 2));
      expect(backend.available).toBe(available);
      expect(backend.read(9)).toHaveLength(available);
      backend.close();
    }
  });
});

describe('FakeVdevContext', () => {
  it('gives the requested ranges and lines, and no others', () => {
    const context = new FakeVdevContext({
      type: 'thing',
      board: { ...virt, places: { thing: { base: 0x9000, interrupt: { i: 40 } } } },
      resources: { mmio: [{ name: 'a', size: 4 }], interrupts: [{ name: 'i' }] },
    });
    expect(context.mmioBase).toEqual({ a: 0x9000 });
    expect(context.interrupt('i').number).toBe(40);
    expect(() => context.interrupt('j')).toThrow(QvmError);
  });

  it('ends the startup phase', () => {
    const context = new FakeVdevContext();
    context.privateInterrupt(27, 0).assert();
    context.start();
    expect(() => context.openCharacterBackend('stdio')).toThrow(expect.objectContaining({ code: 'vdev.phase' }));
    expect(context.privateInterrupts.map((line) => line.level)).toEqual([true]);
  });

  it('resolves attachments', () => {
    const token = createToken<number>('test/Number');
    const context = new FakeVdevContext();
    expect(() => context.attachment(token)).toThrow(expect.objectContaining({ code: 'vdev.attachment-missing' }));
    context.attach(token, 5);
    expect(context.attachment(token)).toBe(5);
  });

  it('runs posted tasks by hand, and records terminations', () => {
    const context = new FakeVdevContext();
    context.post(() => context.post(() => context.terminate(32, 'done')));
    expect(context.terminations).toEqual([]);
    expect(context.runPosted()).toBe(2);
    expect(context.terminations).toEqual([{ exitCode: 32, reason: 'done' }]);
    const again = (): void => context.post(again);
    again();
    expect(() => context.runPosted()).toThrow(QvmError);
  });
});
