import fc from 'fast-check';
import type { QvmError } from '../errors/qvm-error.js';
import { GuestMemoryError } from './guest-memory-error.js';
import { GuestPhysicalMap } from './guest-physical-map.js';
import { RamGuestMemory } from './ram-guest-memory.js';
import { VmMemory } from './vm-memory.js';

const HANDLER = { read: () => 0, write: () => undefined };

function withCode(code: string): QvmError {
  return expect.objectContaining({ code }) as QvmError;
}

describe('GuestPhysicalMap', () => {
  it('finds regions by any of their addresses, and nothing between them', () => {
    const map = new GuestPhysicalMap(new VmMemory(0x10_0000));
    map.addRam('ram', 'ram', 0x4000_0000, 0x2000);
    map.addMmio('uart', 0x900_0000, 0x1000, HANDLER);
    map.addReserved('hole', 0x900_1000, 4);
    expect(map.regions.map(({ name }) => name)).toEqual(['uart', 'hole', 'ram']);
    const found = [
      0,
      0x8ff_ffff,
      0x900_0000,
      0x900_0fff,
      0x900_1003,
      0x900_1004,
      0x4000_1fff,
      0x4000_2000,
      2 ** 60,
      NaN,
      -1,
    ];
    expect(found.map((address) => map.find(address)?.name)).toEqual([
      undefined,
      undefined,
      'uart',
      'uart',
      'hole',
      undefined,
      'ram',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('names both parties of an overlap', () => {
    const map = new GuestPhysicalMap(new VmMemory(0x10_0000));
    map.addMmio('pl011-0', 0x900_0000, 0x1000, HANDLER);
    expect(() => map.addMmio('pl031-0', 0x900_0ffc, 0x1000, HANDLER)).toThrow(
      'pl031-0 (0x9000ffc-0x9001ffb) overlaps pl011-0 (0x9000000-0x9000fff).',
    );
    expect(map.regions).toHaveLength(1);
  });

  it.each([
    ['memory.alignment', 0x800, 0x1000],
    ['memory.alignment', 0x1000, 0x800],
    ['memory.range', 0x1000, 0],
    ['memory.range', -0x1000, 0x1000],
    ['memory.range', 0x1000, NaN],
    ['memory.range', 0.5, 0x1000],
    ['memory.range', 2 ** 48 - 0x1000, 0x2000],
    ['memory.range', 2 ** 53, 0x1000],
    ['memory.exhausted', 0x1000, 0x1000_0000],
  ])('refuses %s: RAM at %p of %p bytes', (code, base, size) => {
    const map = new GuestPhysicalMap(new VmMemory(0x10_0000));
    expect(() => map.addRam('ram', 'ram', base, size)).toThrow(withCode(code));
    expect(map.regions).toEqual([]);
  });

  it('takes the last page of the address space, and registers of any multiple of four', () => {
    const map = new GuestPhysicalMap(new VmMemory(0x10_0000));
    map.addRam('rom', 'top', 2 ** 48 - 0x1000, 0x1000);
    map.addMmio('tiny', 4, 4, HANDLER);
    expect(() => map.addMmio('odd', 6, 4, HANDLER)).toThrow(withCode('memory.alignment'));
    expect(() => map.addReserved('odd', 8, 2)).toThrow(withCode('memory.alignment'));
  });

  it('agrees with a plain search on random maps', () => {
    const range = fc.record({
      base: fc.nat(200).map((n) => n * 4),
      size: fc.integer({ min: 1, max: 20 }).map((n) => n * 4),
    });
    fc.assert(
      fc.property(
        fc.array(range, { maxLength: 20 }),
        fc.array(fc.nat(1000), { maxLength: 50 }),
        (ranges, addresses) => {
          const map = new GuestPhysicalMap(new VmMemory(0));
          const placed: { name: string; base: number; size: number }[] = [];
          ranges.forEach(({ base, size }, index) => {
            const overlaps = placed.some((other) => base < other.base + other.size && other.base < base + size);
            const add = () => map.addMmio(`r${index}`, base, size, HANDLER);
            if (overlaps) expect(add).toThrow(withCode('memory.overlap'));
            else {
              add();
              placed.push({ name: `r${index}`, base, size });
            }
          });
          for (const address of addresses) {
            const expected = placed.find(({ base, size }) => address >= base && address < base + size)?.name;
            expect(map.find(address)?.name).toBe(expected);
          }
        },
      ),
    );
  });
});

describe('RamGuestMemory', () => {
  const RAM = 0x4000_0000;

  function setUp() {
    const memory = new VmMemory(0x10_0000);
    const map = new GuestPhysicalMap(memory);
    // The two ranges are adjacent for the guest, but not in the memory of the VM.
    map.addRam('ram', 'high', RAM + 0x1000, 0x1000);
    map.addRam('ram', 'low', RAM, 0x1000);
    map.addRam('rom', 'rom', RAM + 0x2000, 0x1000);
    map.addMmio('uart', RAM + 0x3000, 0x1000, HANDLER);
    const written: [number, number][] = [];
    const guest = new RamGuestMemory(map, memory, (base, size) => written.push([base, size]));
    return { guest, written };
  }

  it('reads and writes little-endian values', () => {
    const { guest, written } = setUp();
    guest.writeU64(RAM + 1, 0x8877_6655_4433_2211n);
    expect([...guest.view(RAM, 10)]).toEqual([0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0]);
    expect(guest.readU64(RAM + 1)).toBe(0x8877_6655_4433_2211n);
    expect(guest.readU32(RAM + 5)).toBe(0x8877_6655);
    expect(guest.readU16(RAM + 7)).toBe(0x8877);
    expect(guest.readU8(RAM + 8)).toBe(0x88);
    guest.writeU32(RAM, 0xffff_ffff);
    guest.writeU16(RAM, 0);
    guest.writeU8(RAM, 1);
    expect(guest.readU32(RAM)).toBe(0xffff_0001);
    expect(written).toEqual([
      [RAM + 1, 8],
      [RAM, 4],
      [RAM, 2],
      [RAM, 1],
    ]);
  });

  it('copies across adjacent regions, but has no view of them', () => {
    const { guest, written } = setUp();
    const bytes = Uint8Array.from({ length: 0x20 }, (_, index) => index);
    guest.write(RAM + 0xff0, bytes);
    expect(guest.read(RAM + 0xff0, 0x20)).toEqual(bytes);
    expect(guest.readU8(RAM + 0x1000)).toBe(0x10);
    expect(written).toEqual([[RAM + 0xff0, 0x20]]);
    expect(() => guest.view(RAM + 0xff0, 0x20)).toThrow(GuestMemoryError);
    expect(() => guest.readU32(RAM + 0xffe)).toThrow(GuestMemoryError);
  });

  it('resolves a range into a view for each region, or into nothing', () => {
    const { guest, written } = setUp();
    const views: Uint8Array[] = [];
    expect(guest.resolve(RAM + 0xff0, 0x20, 'write', views)).toBe(true);
    expect(views.map((view) => view.length)).toEqual([0x10, 0x10]);
    views[1]?.fill(1);
    guest.touched(RAM + 0x1000, 0x10);
    guest.touched(RAM, 0);
    expect([guest.readU8(RAM + 0xfff), guest.readU8(RAM + 0x1000), written]).toEqual([0, 1, [[RAM + 0x1000, 0x10]]]);
    expect(guest.resolve(RAM + 0x1ff0, 0x20, 'read', views)).toBe(true);
    expect(views).toHaveLength(4);
    for (const [address, length] of [
      [RAM + 0x1ff0, 0x20],
      [RAM - 1, 1],
      [NaN, 1],
      [RAM, -1],
      [RAM, 2 ** 53],
      [2 ** 60, 1],
    ] as const) {
      expect(guest.resolve(address, length, 'write', views)).toBe(false);
    }
    expect(guest.resolve(0, 0, 'write', views)).toBe(true);
    expect(views).toHaveLength(4);
  });

  it('writes all or nothing', () => {
    const { guest, written } = setUp();
    expect(() => guest.write(RAM + 0x1ff8, new Uint8Array(16).fill(1))).toThrow(GuestMemoryError);
    expect([...guest.read(RAM + 0x1ff8, 8)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(written).toEqual([]);
  });

  it('reads ROM and does not write it', () => {
    const { guest } = setUp();
    expect(guest.contains(RAM, 0x3000, 'read')).toBe(true);
    expect(guest.contains(RAM, 0x3000, 'write')).toBe(false);
    expect(guest.contains(RAM, 0x3001, 'read')).toBe(false);
    expect(guest.read(RAM + 0x2ffc, 4)).toEqual(new Uint8Array(4));
    expect(() => guest.writeU8(RAM + 0x2000, 1)).toThrow('Cannot write 1 bytes at guest-physical address 0x40002000');
  });

  it('takes empty ranges anywhere', () => {
    const { guest, written } = setUp();
    expect([guest.view(0, 0).length, guest.read(12, 0).length, guest.contains(12, 0, 'write')]).toEqual([0, 0, true]);
    guest.write(0, new Uint8Array(0));
    expect(written).toEqual([]);
  });

  it.each([
    [0, 1],
    [RAM - 1, 2],
    [RAM + 0x3000, 1],
    [RAM, 2 ** 53],
    [RAM, -1],
    [RAM, 0.5],
    [RAM + 0.5, 1],
    [NaN, 1],
    [-1, 1],
    [2 ** 53, 4],
    [RAM, NaN],
  ])('refuses address %p, length %p', (address, length) => {
    const { guest } = setUp();
    expect(guest.contains(address, length, 'read')).toBe(false);
    expect(() => guest.view(address, length)).toThrow(GuestMemoryError);
    expect(() => guest.read(address, length)).toThrow(GuestMemoryError);
  });
});

describe('VmMemory', () => {
  it('hands out aligned, zero-filled, disjoint ranges until it is full', () => {
    const memory = new VmMemory(0x3_0000);
    const first = memory.allocate(100);
    const second = memory.allocate(1, 4096);
    expect([first, second % 4096, second >= first + 100]).toEqual([0x1_0000, 0, true]);
    expect(() => memory.allocate(0x2_0000)).toThrow(withCode('memory.exhausted'));
    expect(memory.u8.subarray(first, first + 100).every((byte) => byte === 0)).toBe(true);
  });
});
