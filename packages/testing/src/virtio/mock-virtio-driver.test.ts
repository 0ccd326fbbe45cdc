import { createVdev } from '../create-vdev.js';
import { FakeGuestMemory } from '../fake-guest-memory.js';
import { createTestVdev } from '../test-vdev.js';
import { DriverMemory } from './driver-memory.js';
import type { DriverRing } from './driver-ring.js';
import { MockVirtioDriver } from './mock-virtio-driver.js';
import { PackedDriverRing } from './packed-driver-ring.js';
import { SplitDriverRing } from './split-driver-ring.js';

/** Tests of the driver with real devices are in the packages of the devices. */

describe('MockVirtioDriver', () => {
  it('drives VirtIO devices only', () => {
    const driver = new MockVirtioDriver(createVdev(createTestVdev()));
    expect(() => driver.start()).toThrow('no VirtIO device');
    expect(driver.queues).toEqual([]);
    expect(() => driver.queue(0)).toThrow('queue 0 is not set up');
  });
});

describe('DriverMemory', () => {
  it('hands out aligned, disjoint ranges until it is full', () => {
    const memory = new FakeGuestMemory(0x100);
    const heap = new DriverMemory(memory, memory.base, memory.base + 0x100);
    expect([heap.allocate(1, 1), heap.allocate(4, 16)]).toEqual([memory.base, memory.base + 16]);
    const [low, high] = heap.split(2);
    expect([low?.allocate(1, 1), high?.allocate(1, 1)]).toEqual([memory.base + 20, memory.base + 138]);
    expect(() => low?.allocate(200, 1)).toThrow('no room for 200 bytes');
    low?.clear();
    expect(low?.allocate(100, 1)).toBe(memory.base + 20);
  });
});

describe.each<readonly [string, (heap: DriverMemory) => DriverRing]>([
  ['SplitDriverRing', (heap) => new SplitDriverRing(heap, 2, false)],
  ['PackedDriverRing', (heap) => new PackedDriverRing(heap, 2, false)],
])('%s', (_name, create) => {
  const SEGMENT = { address: 0, length: 1, write: false };

  it('has as many descriptors as it has', () => {
    const memory = new FakeGuestMemory();
    const ring = create(new DriverMemory(memory, memory.base, memory.base + memory.bytes.length));
    ring.add([SEGMENT, SEGMENT]);
    expect(() => ring.add([SEGMENT])).toThrow('no free descriptor');
  });

  it('finds out a device that uses what it does not have', () => {
    const memory = new FakeGuestMemory();
    const ring = create(new DriverMemory(memory, memory.base, memory.base + memory.bytes.length));
    const [descriptors, , device] = ring.areas;
    memory.writeU16(device + 2, 1);
    memory.writeU16(descriptors + 14, (1 << 7) | (1 << 15));
    expect(() => ring.collect()).toThrow('which was not in flight');
  });
});
