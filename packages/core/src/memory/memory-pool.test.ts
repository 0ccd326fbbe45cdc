import fc from 'fast-check';
import { QvmError } from '../errors/qvm-error.js';
import { GuestPhysicalMap } from './guest-physical-map.js';
import { MappedWindow } from './mapped-window.js';
import { MemoryPool } from './memory-pool.js';
import type { MemorySlice } from './memory-slice.js';
import { RamGuestMemory } from './ram-guest-memory.js';
import { VmMemory } from './vm-memory.js';

const UNIT = 0x1_0000;
const HANDLER = { read: () => 7, write: () => undefined };

function withCode(code: string): QvmError {
  return expect.objectContaining({ code }) as QvmError;
}

function bytesOf(pool: MemoryPool, { offset, bytes }: MemorySlice): Uint8Array {
  return new Uint8Array(pool.memory.buffer, offset, bytes);
}

describe('MemoryPool', () => {
  it('gives out slices that never overlap, are zero, and come back', () => {
    const action = fc.record({ take: fc.boolean(), units: fc.integer({ min: 1, max: 6 }), which: fc.nat() });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const pool = new MemoryPool(20 * UNIT);
        const whole = pool.available;
        let taken: MemorySlice[] = [];
        for (const { take, units, which } of actions) {
          const victim = taken[which % (taken.length || 1)];
          if (take) {
            try {
              const slice = pool.take(units * UNIT - (which % UNIT));
              expect(bytesOf(pool, slice).every((byte) => byte === 0)).toBe(true);
              bytesOf(pool, slice).fill(0xa5);
              expect(taken.some((other) => overlap(other, slice))).toBe(false);
              taken.push(slice);
            } catch (error) {
              expect(error).toEqual(withCode('memory.exhausted'));
            }
          } else if (victim !== undefined) {
            pool.give(victim);
            taken = taken.filter((other) => other !== victim);
          }
          expect(pool.available).toBe(whole - taken.reduce((sum, { bytes }) => sum + bytes, 0));
        }
        for (const slice of taken) pool.give(slice);
        expect(pool.take(whole).bytes).toBe(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses what is not in use, and sizes that are none', () => {
    const pool = new MemoryPool(4 * UNIT);
    const slice = pool.take(1);
    expect(slice.offset).toBeGreaterThan(0);
    pool.give(slice);
    expect(() => pool.give(slice)).toThrow(withCode('memory.not-taken'));
    const other = new MemoryPool(4 * UNIT);
    expect(() => pool.give(other.take(1))).toThrow(withCode('memory.not-taken'));
    for (const bytes of [0, -1, NaN, 1.5, Infinity]) expect(() => pool.take(bytes)).toThrow(withCode('memory.range'));
  });

  it('reserves its memory only when it is used', () => {
    expect(() => new MemoryPool(2 ** 40)).not.toThrow();
    expect(() => new MemoryPool(2 ** 40).take(1)).toThrow(withCode('memory.too-large'));
  });

  it('keeps the allocations of a VM in its slice, and takes it back once', () => {
    const pool = new MemoryPool(8 * UNIT);
    const [first, second] = [pool.vmMemory(2 * UNIT), pool.vmMemory(3 * UNIT)];
    expect(first.allocate(UNIT)).toBe(UNIT);
    expect(second.allocate(3 * UNIT)).toBe(3 * UNIT);
    expect(() => second.allocate(1)).toThrow(withCode('memory.exhausted'));
    first.allocate(UNIT);
    expect(() => first.allocate(1)).toThrow(withCode('memory.exhausted'));
    first.release();
    first.release();
    expect(pool.available).toBe(4 * UNIT);
  });
});

describe('MappedWindow', () => {
  const BASE = 0x8000_0000;
  const SIZE = 0x10_0000;

  function setup() {
    const pool = new MemoryPool(64 * UNIT);
    const memory = pool.vmMemory(8 * UNIT);
    const map = new GuestPhysicalMap(memory);
    map.addRam('ram', 'ram', 0x4000_0000, 0x1_0000);
    const changes: (readonly [number, number])[] = [];
    const range = { name: 'shm', base: BASE, size: SIZE };
    const window = new MappedWindow(map, memory, range, (base, size) => changes.push([base, size]));
    return { pool, map, window, changes, guest: new RamGuestMemory(map, memory) };
  }

  it('is reserved where nothing is mapped, and RAM where a slice is', () => {
    const { pool, map, window, guest, changes } = setup();
    expect(map.find(BASE)?.kind).toBe('reserved');
    const slice = pool.take(0x2_0000);
    bytesOf(pool, slice)[5] = 42;
    window.map(0x3000, slice, { bytes: 0x1_1000 });
    expect(guest.readU8(BASE + 0x3005)).toBe(42);
    guest.writeU32(BASE + 0x3000 + 0x1_0ffc, 7);
    expect(() => guest.readU8(BASE + 0x3000 + 0x1_1000)).toThrow(withCode('memory.guest-access'));
    expect([map.find(BASE + 0x2fff)?.kind, map.find(BASE + 0x1_4000)?.kind]).toEqual(['reserved', 'reserved']);
    window.unmap(0x3000);
    expect(map.find(BASE + 0x3005)?.kind).toBe('reserved');
    expect(() => guest.readU8(BASE + 0x3005)).toThrow(withCode('memory.guest-access'));
    expect(changes).toEqual([
      [BASE + 0x3000, 0x1_1000],
      [BASE + 0x3000, 0x1_1000],
    ]);
  });

  it('maps registers and read-only memory', () => {
    const { pool, map, window, guest } = setup();
    window.mapRegisters(0, 0x1000, HANDLER);
    window.map(0x1000, pool.take(UNIT), { bytes: 0x1000, access: 'ro' });
    expect(map.find(BASE)?.kind).toBe('mmio');
    expect([guest.readU8(BASE + 0x1000), guest.contains(BASE + 0x1000, 1, 'write')]).toEqual([0, false]);
    window.clear();
    expect(map.find(BASE)?.kind).toBe('reserved');
  });

  it('refuses what does not fit, and memory of another pool', () => {
    const { pool, window } = setup();
    const slice = pool.take(UNIT);
    window.map(0x1_0000, slice);
    for (const [offset, bytes] of [
      [0x1_0000, 0x1000],
      [0xf000, 0x2000],
      [0x1_f000, 0x1000],
      [SIZE, 0x1000],
      [SIZE - 0x1000, 0x2000],
      [-0x1000, 0x1000],
      [0x800, 0x1000],
      [0, 0x800],
      [0, 0],
      [0, 0x2_0000],
      [NaN, 0x1000],
    ] as const) {
      expect(() => window.map(offset, slice, { bytes })).toThrow(withCode('memory.window'));
    }
    expect(() => window.map(0, new MemoryPool(4 * UNIT).take(1))).toThrow(withCode('memory.not-pooled'));
    const alone = new VmMemory(4 * UNIT);
    const own = new MappedWindow(
      new GuestPhysicalMap(alone),
      alone,
      { name: 'w', base: 0, size: UNIT },
      () => undefined,
    );
    expect(() => own.map(0, slice)).toThrow(withCode('memory.not-pooled'));
  });

  it('keeps the map sorted, disjoint and whole whatever is mapped', () => {
    const action = fc.record({
      page: fc.nat(SIZE / 0x1000 - 1),
      pages: fc.integer({ min: 1, max: 40 }),
      add: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const { map, window } = setup();
        const outside = map.regions.length - 1;
        for (const { page, pages, add } of actions) {
          try {
            if (add) window.mapRegisters(page * 0x1000, pages * 0x1000, HANDLER);
            else window.unmap(page * 0x1000);
          } catch (error) {
            expect(error).toBeInstanceOf(QvmError);
          }
          const inside = map.regions.slice(outside);
          expect(inside.reduce((end, { base, size }) => (base === end ? end + size : NaN), BASE)).toBe(BASE + SIZE);
        }
      }),
    );
  });
});

function overlap(a: MemorySlice, b: MemorySlice): boolean {
  return a.offset < b.offset + b.bytes && b.offset < a.offset + a.bytes;
}
