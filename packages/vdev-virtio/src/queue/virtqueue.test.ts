import { DESCRIPTOR_BYTES, FakeGuestMemory, VirtioFeature, VirtioStatus } from '@qvm/testing';
import type { MockVirtqueue, VirtioSegment } from '@qvm/testing';
import { createTestDevice, TEST_QUEUE_SIZE } from '../device/test-device.test.helper.js';
import type { TestDevice, TestSetup } from '../device/test-device.test.helper.js';

const { NeedsReset } = VirtioStatus;
const { RingEventIdx, RingIndirectDesc } = VirtioFeature;

interface Rings {
  readonly packed: boolean;
  readonly eventIndex: boolean;
}

const RINGS: readonly Rings[] = [false, true].flatMap((packed) =>
  [false, true].map((eventIndex) => ({ packed, eventIndex })),
);

interface Setup extends TestSetup {
  readonly queue: MockVirtqueue;
}

function start({ packed, eventIndex }: Rings, features = ~0n, queueSize = TEST_QUEUE_SIZE): Setup {
  const wanted = features & ~(eventIndex ? 0n : RingEventIdx);
  const setup = createTestDevice({ packed, features: wanted, queueSize });
  setup.driver.start();
  return { ...setup, queue: setup.driver.queue(0) };
}

function bytes(...values: readonly number[]): Uint8Array {
  return Uint8Array.from(values);
}

function allOf(device: TestDevice): readonly number[] {
  const buffer = device.pop();
  const target = new Uint8Array(buffer.readable);
  expect(buffer.read(0, target)).toBe(buffer.readable);
  device.queue.push(buffer, 0);
  return [...target];
}

describe.each(RINGS)('a virtqueue, $packed packed, event index $eventIndex', (rings) => {
  it('is empty at first, and not ready before the driver is', () => {
    const { device, driver } = createTestDevice({ packed: rings.packed });
    expect([device.queue.ready, device.queue.pop()]).toEqual([false, undefined]);
    driver.start();
    expect([device.queue.ready, device.queue.pop()]).toEqual([true, undefined]);
  });

  it.each([false, true])('shows a chain as two byte strings (indirect %p)', (indirect) => {
    const { device, queue } = start(rings);
    queue.add({ read: [bytes(1, 2, 3), bytes(), bytes(4)], write: [2, 3], indirect });
    queue.kick();
    const buffer = device.pop();
    expect([buffer.readable, buffer.writable]).toEqual([4, 5]);
    const target = new Uint8Array(3);
    expect([buffer.read(2, target), ...target]).toEqual([2, 3, 4, 0]);
    expect([buffer.read(4, target), buffer.read(99, target), buffer.read(0, new Uint8Array(0))]).toEqual([0, 0, 0]);
    expect(buffer.write(1, bytes(7, 8, 9))).toBe(3);
    expect(buffer.write(4, bytes(1, 2, 3))).toBe(1);
    expect(buffer.write(5, bytes(1))).toBe(0);
    device.queue.push(buffer, 5);
    expect(queue.collect()).toEqual([{ id: expect.any(Number) as number, written: 5, room: bytes(0xaa, 7, 8, 9, 1) }]);
  });

  it('copies long parts as well as short ones', () => {
    const { device, queue } = start(rings);
    const long = Uint8Array.from({ length: 1000 }, (_, index) => index);
    queue.add({ read: [long.subarray(0, 700), long.subarray(700)], write: [300, 700] });
    queue.kick();
    const buffer = device.pop();
    const copy = new Uint8Array(1000);
    buffer.read(0, copy);
    expect(copy).toEqual(long);
    buffer.write(0, long);
    device.queue.push(buffer, 1000);
    expect(queue.collect()[0]?.room).toEqual(long);
  });

  it('gives views for host I/O, cut to what is asked', () => {
    const { device, queue } = start(rings);
    queue.add({ read: [bytes(1, 2, 3), bytes(4, 5)], write: [3, 2] });
    queue.kick();
    const buffer = device.pop();
    expect(buffer.readViews(1, 3).map((view) => [...view])).toEqual([[2, 3], [4]]);
    expect(buffer.readViews(4, 99).map((view) => [...view])).toEqual([[5]]);
    expect([buffer.readViews(5, 1), buffer.readViews(0, 0)]).toEqual([[], []]);
    for (const view of buffer.writeViews(1, 3)) view.fill(6);
    device.queue.push(buffer, 4);
    expect(queue.collect()[0]?.room).toEqual(bytes(0xaa, 6, 6, 6, 0xaa));
  });

  it('says no more is written than there is room for', () => {
    const { device, queue } = start(rings);
    queue.add({ write: [4] });
    queue.kick();
    device.queue.push(device.pop(), 1000);
    expect(queue.collect()[0]?.written).toBe(4);
  });

  it('takes buffers in order, and gives them back in any', () => {
    const { device, queue } = start(rings);
    const ids = [1, 2, 3].map((value) => queue.add({ read: [bytes(value)], write: [1] }));
    queue.kick();
    const buffers = [device.pop(), device.pop(), device.pop()];
    for (const index of [2, 0, 1]) {
      const buffer = buffers[index];
      if (buffer === undefined) continue;
      buffer.write(0, bytes(index));
      device.queue.push(buffer, 1);
    }
    expect(queue.collect().map(({ id, room }) => [id, room[0]])).toEqual([
      [ids[2], 2],
      [ids[0], 0],
      [ids[1], 1],
    ]);
  });

  it('goes around with chains of all lengths', () => {
    const { device, queue, driver } = start(rings, ~0n, 8);
    for (let round = 0; round < 500; round++) {
      const lengths = [1 + (round % 3), 1 + (round % 5)];
      lengths.forEach((length, index) => {
        const read = Array.from({ length }, (_, part) => bytes(round + part));
        queue.add({ read, indirect: ((round >> 2) & (1 + index)) !== 0 });
      });
      queue.publish();
      for (const length of lengths) expect(allOf(device)).toHaveLength(length);
      expect(queue.collect()).toHaveLength(2);
    }
    expect([device.queue.pop(), driver.status & NeedsReset]).toEqual([undefined, 0]);
  });

  it('goes on when indices of 16 bits begin again', () => {
    const { device, queue, driver } = start(rings, ~0n, 4);
    const segment = [{ address: 0, length: 0, write: false }];
    let interrupts = 0;
    for (let count = 0; count < 0x1_0010; count++) {
      queue.wantInterrupts(true);
      queue.addSegments(segment);
      const kick = queue.publish();
      device.queue.push(device.pop(), 0);
      device.queue.notify();
      interrupts += driver.acknowledgeInterrupt();
      // Finds no further buffer, so the next one needs a kick.
      if (!kick || device.queue.pop() !== undefined || queue.collect().length !== 1)
        throw new Error(`lost at ${count}`);
    }
    expect(interrupts).toBe(0x1_0010);
  });

  it('puts the last buffer back', () => {
    const { device, queue } = start(rings, ~0n, 4);
    for (let round = 0; round < 10; round++) {
      queue.add({ read: [bytes(1), bytes(2)] });
      queue.add({ read: [bytes(3)] });
      queue.publish();
      expect(allOf(device)).toEqual([1, 2]);
      const buffer = device.pop();
      device.queue.unpop(buffer);
      expect(allOf(device)).toEqual([3]);
      expect(queue.collect()).toHaveLength(2);
    }
  });

  it('refuses a buffer that a device gives back twice', () => {
    const { device, queue } = start(rings);
    queue.add({ write: [4] });
    queue.kick();
    const buffer = device.pop();
    device.queue.push(buffer, 0);
    expect(() => device.queue.push(buffer, 0)).toThrow('that is not in flight');
    expect(() => device.queue.unpop(buffer)).toThrow('that is not in flight');
  });

  it('forgets buffers from before a reset', () => {
    const { device, queue, driver, harness } = start(rings);
    queue.add({ write: [4] });
    queue.add({ write: [4] });
    queue.kick();
    const [old, older] = [device.pop(), device.pop()];
    driver.start();
    const before = harness.context.memory.bytes.slice();
    device.queue.push(old, 4);
    device.queue.unpop(older);
    device.queue.notify();
    expect(harness.context.memory.bytes).toEqual(before);
    expect(driver.acknowledgeInterrupt()).toBe(0);
  });

  it('interrupts for what was pushed, when the driver wants it', () => {
    const { device, queue, driver } = start(rings);
    device.queue.notify();
    expect(driver.acknowledgeInterrupt()).toBe(0);
    for (const wanted of [true, false, true]) {
      queue.wantInterrupts(wanted);
      queue.add({ write: [1] });
      queue.add({ write: [1] });
      queue.publish();
      device.queue.push(device.pop(), 0);
      device.queue.push(device.pop(), 0);
      device.queue.notify();
      expect(driver.acknowledgeInterrupt()).toBe(wanted ? 1 : 0);
      device.queue.notify();
      expect(driver.acknowledgeInterrupt()).toBe(0);
      expect(queue.collect()).toHaveLength(2);
    }
  });

  it('asks for kicks, or for none', () => {
    const { device, queue } = start(rings);
    const addAndPublish = (): boolean => {
      queue.add({ write: [1] });
      return queue.publish();
    };
    const drain = (): void => {
      for (let buffer = device.queue.pop(); buffer !== undefined; buffer = device.queue.pop()) {
        device.queue.push(buffer, 0);
      }
      queue.collect();
    };
    for (let round = 0; round < 10; round++) {
      expect(addAndPublish()).toBe(true);
      drain();
      device.queue.wantKicks(false);
      expect([addAndPublish(), addAndPublish()]).toEqual([false, false]);
      drain();
      expect(addAndPublish()).toBe(false);
      device.queue.wantKicks(true);
      drain();
    }
  });

  it('tells of everything that it writes, so that code is decoded again', () => {
    const { device, queue, harness } = start(rings);
    const { memory } = harness.context;
    queue.add({ write: [100, 200] });
    queue.add({ write: [300] });
    queue.publish();
    const before = memory.bytes.slice();
    const told = new Set<number>();
    memory.onChange = (address, length) => {
      for (let offset = 0; offset < length; offset++) told.add(address - memory.base + offset);
    };
    const [first, second] = [device.pop(), device.pop()];
    first.write(50, new Uint8Array(100).fill(1));
    for (const view of second.writeViews(0, 300)) view.fill(2);
    device.queue.push(first, 150);
    device.queue.push(second, 300);
    expect(device.queue.pop()).toBeUndefined();
    const changed = [...memory.bytes.keys()].filter((index) => memory.bytes[index] !== before[index]);
    expect(changed.length).toBeGreaterThan(400);
    expect(changed.filter((index) => !told.has(index))).toEqual([]);
  });

  it('saves where it is', () => {
    const { device, queue, harness } = start(rings, ~0n, 4);
    for (let round = 0; round < 7; round++) {
      queue.add({ read: [bytes(round)] });
      queue.publish();
      allOf(device);
      queue.collect();
    }
    queue.add({ read: [bytes(99)] });
    queue.publish();
    const options = { packed: rings.packed };
    const other = createTestDevice(options, {}, harness.context.memory);
    other.harness.vdev.restore(harness.vdev.save());
    expect(allOf(other.device)).toEqual([99]);
    expect(queue.collect()).toHaveLength(1);
    expect(other.harness.vdev.save()).not.toEqual(harness.vdev.save());
  });
});

describe.each([false, true])('a driver that breaks the rules, packed %p', (packed) => {
  const BASE = new FakeGuestMemory().base;
  const END = BASE + 0x1_0000;
  const read = (address: number, length: number): VirtioSegment => ({ address, length, write: false });
  const write = (address: number, length: number): VirtioSegment => ({ address, length, write: true });

  function expectBreach({ device, driver, harness }: TestSetup, reason: string): void {
    expect(device.queue.pop()).toBeUndefined();
    expect(harness.context.logger.messages('warn').join()).toContain(reason);
    expect(driver.status & NeedsReset).toBe(NeedsReset);
    expect([device.queue.pop(), device.queue.ready]).toEqual([undefined, false]);
  }

  it.each<readonly [string, readonly VirtioSegment[]]>([
    ['0x10 bytes at 0x0, which is not in RAM', [read(0, 16)]],
    ['0x11 bytes at 0x4000fff0, which is not in RAM', [read(END - 16, 17)]],
    ['0xffffffff bytes at 0x40000000, which is not in RAM', [write(BASE, 0xffff_ffff)]],
    ['0x1 bytes at 0x8000000000000000, which is not in RAM', [read(2 ** 63, 1)]],
    ['0xffffffff bytes at 0xffffff', [write(2 ** 64 - 2048, 0xffff_ffff)]],
    ['a readable descriptor after a writable one', [write(BASE, 1), read(BASE, 1)]],
  ])('is told of %s', (reason, segments) => {
    for (const indirect of [false, true]) {
      const setup = start({ packed, eventIndex: true });
      setup.queue.addSegments(segments, indirect);
      setup.queue.publish();
      expectBreach(setup, reason);
    }
  });

  it('may offer empty descriptors anywhere', () => {
    const { device, queue } = start({ packed, eventIndex: true });
    queue.addSegments([read(0, 0), write(2 ** 40, 0), read(BASE, 1)]);
    queue.publish();
    const buffer = device.pop();
    expect([buffer.readable, buffer.writable]).toEqual([1, 0]);
  });

  it('may not offer more than 4 GiB at once', () => {
    const memory = new FakeGuestMemory(2 ** 29);
    const setup = createTestDevice({ packed }, {}, memory);
    setup.driver.start();
    setup.driver.queue(0).addSegments(Array.from({ length: 9 }, () => read(BASE, 2 ** 29)));
    setup.driver.queue(0).publish();
    expectBreach(setup, 'a buffer of more than 4 GiB');
  });

  /** Rewrites fields of a descriptor in the ring or a table. */
  function patch(
    { harness }: TestSetup,
    at: number,
    fields: { readonly length?: number; readonly flags?: number; readonly next?: number },
  ): void {
    const { memory } = harness.context;
    const [flagsAt, nextAt] = packed ? [14, 12] : [12, 14];
    if (fields.length !== undefined) memory.writeU32(at + 8, fields.length);
    if (fields.flags !== undefined) memory.writeU16(at + flagsAt, memory.readU16(at + flagsAt) | fields.flags);
    if (fields.next !== undefined) memory.writeU16(at + nextAt, fields.next);
  }

  it.each([
    ['an indirect table of 0 bytes', { length: 0 }, {}],
    ['an indirect table of 17 bytes', { length: 17 }, {}],
    ['an indirect table longer than the queue', { length: 17 * DESCRIPTOR_BYTES }, {}],
    ['an indirect descriptor with a next one', { flags: 1 }, {}],
    ['an indirect descriptor in an indirect table', {}, { flags: 4 }],
  ])('is told of %s', (reason, head, entry) => {
    const setup = start({ packed, eventIndex: false });
    const { queue } = setup;
    const table = queue.allocate(0, DESCRIPTOR_BYTES);
    queue.addSegments([read(BASE, 1), read(BASE, 1)], true);
    queue.publish();
    patch(setup, queue.ring.areas[0], head);
    patch(setup, table, entry);
    expectBreach(setup, reason);
  });

  it('is told of an indirect table that is not in RAM', () => {
    const setup = start({ packed, eventIndex: false });
    setup.queue.addSegments([read(BASE, 1)], true);
    setup.queue.publish();
    setup.harness.context.memory.writeU64(setup.queue.ring.areas[0], 0n);
    expectBreach(setup, 'an indirect table that is not in RAM');
  });

  it('is told of an indirect descriptor without the feature', () => {
    const setup = start({ packed, eventIndex: false }, ~RingIndirectDesc);
    setup.queue.addSegments([read(BASE, 1)], true);
    setup.queue.publish();
    expectBreach(setup, 'an indirect descriptor without RING_INDIRECT_DESC');
  });

  it('is told of a chain without end', () => {
    const setup = start({ packed, eventIndex: false }, ~0n, 4);
    setup.queue.addSegments(Array.from({ length: 4 }, () => read(BASE, 1)));
    setup.queue.publish();
    const last = setup.queue.ring.areas[0] + 3 * DESCRIPTOR_BYTES;
    patch(setup, last, { flags: 1, ...(packed ? {} : { next: 0 }) });
    expectBreach(setup, 'a chain that loops or is longer than the queue');
  });

  it('may not offer again what the device holds', () => {
    const setup = start({ packed, eventIndex: false }, ~0n, 4);
    const { device, harness, queue } = setup;
    const { memory } = harness.context;
    for (let index = 0; index < 4; index++) queue.addSegments([read(BASE, 1)]);
    queue.publish();
    for (let index = 0; index < 4; index++) device.pop();
    if (packed) {
      // The flags of the next lap: AVAIL clear, USED set.
      for (let index = 0; index < 4; index++) memory.writeU16(queue.ring.areas[0] + 16 * index + 14, 1 << 15);
    } else {
      memory.writeU16(queue.ring.areas[1] + 2, 8);
    }
    expectBreach(setup, 'descriptors that are in flight');
  });
});

describe('a driver that breaks the rules of split queues', () => {
  const setUp = (): Setup => start({ packed: false, eventIndex: false });

  it.each([
    ['an available index that is 17 ahead', 17],
    ['an available index that is 65535 ahead', 0xffff],
  ])('is told of %s', (reason, index) => {
    const { device, harness, queue } = setUp();
    harness.context.memory.writeU16(queue.ring.areas[1] + 2, index);
    expect(device.queue.pop()).toBeUndefined();
    expect(harness.context.logger.messages('warn').join()).toContain(reason);
  });

  it.each([
    ['an available descriptor 16 outside the queue', 16],
    ['an available descriptor 65535 outside the queue', 0xffff],
  ])('is told of %s', (reason, head) => {
    const { device, harness, queue } = setUp();
    harness.context.memory.writeU16(queue.ring.areas[1] + 4, head);
    harness.context.memory.writeU16(queue.ring.areas[1] + 2, 1);
    expect(device.queue.pop()).toBeUndefined();
    expect(harness.context.logger.messages('warn').join()).toContain(reason);
  });

  it('is told of a next descriptor outside the queue, or outside the table', () => {
    for (const indirect of [false, true]) {
      const { device, harness, queue } = setUp();
      const { memory } = harness.context;
      const table = queue.allocate(0, DESCRIPTOR_BYTES);
      const segment = { address: memory.base, length: 1, write: false };
      queue.addSegments([segment, segment], indirect);
      queue.publish();
      memory.writeU16((indirect ? table : queue.ring.areas[0]) + 14, 16);
      expect(device.queue.pop()).toBeUndefined();
      const place = indirect ? 'the indirect table' : 'the queue';
      expect(harness.context.logger.messages('warn').join()).toContain(`a next descriptor 16 outside ${place}`);
    }
  });

  it('is told of an indirect table that loops', () => {
    const { device, harness, queue } = setUp();
    const { memory } = harness.context;
    const table = queue.allocate(0, DESCRIPTOR_BYTES);
    const segment = { address: memory.base, length: 1, write: false };
    queue.addSegments([segment, segment], true);
    queue.publish();
    memory.writeU16(table + 14, 0);
    expect(device.queue.pop()).toBeUndefined();
    expect(harness.context.logger.messages('warn').join()).toContain('an indirect table that loops');
  });

  it('may end a chain of plain descriptors with an indirect one', () => {
    const { device, harness, queue } = setUp();
    const { memory } = harness.context;
    const data = queue.allocate(16);
    memory.write(data, bytes(1, 2, 3, 4));
    queue.addSegments([
      { address: data, length: 1, write: false },
      { address: 0, length: 16, write: false },
    ]);
    const table = queue.allocate(DESCRIPTOR_BYTES, DESCRIPTOR_BYTES);
    memory.write(table, new Uint8Array(DESCRIPTOR_BYTES));
    memory.writeU64(table, BigInt(data + 1));
    memory.writeU32(table + 8, 3);
    memory.writeU64(queue.ring.areas[0] + DESCRIPTOR_BYTES, BigInt(table));
    memory.writeU16(queue.ring.areas[0] + DESCRIPTOR_BYTES + 12, 4);
    queue.publish();
    expect(allOf(device)).toEqual([1, 2, 3, 4]);
  });
});
