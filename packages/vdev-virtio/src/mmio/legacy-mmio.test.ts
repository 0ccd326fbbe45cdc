import { createVdev, describeVdevContract, FakeGuestMemory } from '@qvm/testing';
import type { GivenOptions, VdevHarness } from '@qvm/testing';
import { benchOf } from '../blk/blk-driver.test.helper.js';
import { testDeviceType, type TestDevice } from '../device/test-device.test.helper.js';
import { Legacy, LegacyDriver } from './legacy-driver.test.helper.js';
import { virtioVdev } from '../virtio-vdev.js';

const F_TEST = 1 << 3;
const ANY_LAYOUT = 1 << 27;
const INDIRECT = 1 << 28;
const EVENT_IDX = 1 << 29;
const RAM = 0x4000_0000;

function setUp(options: GivenOptions = {}): {
  readonly device: TestDevice;
  readonly harness: VdevHarness;
  readonly driver: LegacyDriver;
} {
  let device: TestDevice | undefined;
  const factory = virtioVdev(testDeviceType((made) => (device = made)));
  const context = { memory: new FakeGuestMemory(0x4_0000) };
  const harness = createVdev(factory, { options: { legacy: true, ...options }, context });
  return { device: device as unknown as TestDevice, harness, driver: new LegacyDriver(harness) };
}

const statusOf = ({ vdev }: VdevHarness): unknown => vdev.status()['status'];
const warnings = ({ context }: VdevHarness): string => context.logger.messages('warn').join();

describeVdevContract(virtioVdev(testDeviceType()), {
  options: { legacy: true },
  change: (harness) => {
    const driver = new LegacyDriver(harness);
    driver.accept(F_TEST);
    driver.queue(0, 16);
    driver.driverOk();
  },
});

describe('a legacy device', () => {
  it('has version 1, no features beyond the first word and no registers of version 2', () => {
    const { harness, driver } = setUp({ vendor: 0x1234_5678 });
    expect([0, Legacy.Version, 8, Legacy.VendorId].map((offset) => harness.read(offset))).toEqual([
      0x7472_6976, 1, 42, 0x1234_5678,
    ]);
    expect(driver.offered).toEqual([F_TEST | ANY_LAYOUT | INDIRECT | EVENT_IDX, 0]);
    harness.write(0x044, 1);
    harness.write(0x080, RAM);
    expect([0x044, 0x080, 0x0b0, 0x0fc].map((offset) => harness.read(offset))).toEqual([0, 0, 0, 0]);
  });

  it.each([
    [16, 0x1000],
    [8, 4],
    [16, 64],
    [2, 0x2000],
  ])('has its queue of %d descriptors where the driver says, the used ring aligned to %d', (size, alignment) => {
    const { harness, driver, device } = setUp();
    device.onKick = () => {
      const buffer = device.pop();
      const text = new Uint8Array(4);
      buffer.read(0, text);
      buffer.write(0, text.reverse());
      device.queue.push(buffer, 4);
      device.queue.notify();
    };
    driver.accept(F_TEST);
    const queue = driver.queue(0, size, alignment);
    driver.driverOk();
    // More rounds than the ring has entries.
    for (let round = 0; round < 20; round++) {
      expect(queue.transfer(Uint8Array.of(round, 2, 3, 4), 6)).toEqual({
        written: 4,
        last: Uint8Array.of(4, 3, 2, round, 0, 0),
      });
      expect(harness.read(Legacy.InterruptStatus)).toBe(1);
      harness.write(Legacy.InterruptAck, 1);
    }
    expect(device.calls[0]).toBe('reset');
    expect(device.calls[1]).toBe(`start ${F_TEST.toString(16)}`);
    expect([statusOf(harness), warnings(harness)]).toEqual([['ACKNOWLEDGE', 'DRIVER', 'DRIVER_OK'], '']);
  });

  it('has the event index after the rings', () => {
    const { harness, driver, device } = setUp();
    driver.accept(EVENT_IDX);
    const queue = driver.queue(0, 16);
    driver.driverOk();
    for (let count = 0; count < 3; count++) queue.add(8);
    // used_event, after the 16 entries of the available ring: requests an interrupt for the second buffer.
    harness.context.memory.writeU16(RAM + 16 * 16 + 4 + 2 * 16, 1);
    const seen = [1, 2, 3].map(() => {
      device.queue.push(device.pop(), 8);
      device.queue.notify();
      const status = harness.read(Legacy.InterruptStatus);
      harness.write(Legacy.InterruptAck, 1);
      return status;
    });
    expect(seen).toEqual([0, 1, 0]);
    expect(device.queue.pop()).toBeUndefined();
    // avail_event, after the 16 entries of the used ring.
    expect(harness.context.memory.readU16(RAM + 0x1000 + 4 + 8 * 16)).toBe(3);
  });

  it('is started by a kick before DRIVER_OK, once', () => {
    const { driver, device } = setUp();
    driver.accept(F_TEST);
    const queue = driver.queue(0, 16);
    queue.add(8);
    queue.notify();
    expect(device.pop().writable).toBe(8);
    // Too late to have an effect.
    driver.accept(0);
    driver.driverOk();
    expect(device.calls.slice(1)).toEqual([`start ${F_TEST.toString(16)}`, 'kicked 0']);
  });

  it('takes features and queues in any order, FEATURES_OK never', () => {
    const { harness, driver, device } = setUp();
    const queue = driver.queue(0, 16);
    // Features that are not offered are ignored; the device does not have bit 31.
    driver.accept(F_TEST | EVENT_IDX | (1 << 31));
    harness.write(Legacy.GuestFeaturesSel, 1);
    harness.write(Legacy.GuestFeatures, 1);
    harness.write(Legacy.Status, 1 | 2 | 8);
    expect(harness.read(Legacy.Status)).toBe(3);
    driver.driverOk();
    queue.add(8);
    queue.notify();
    expect(device.calls[1]).toBe(`start ${(F_TEST | EVENT_IDX).toString(16)}`);
    device.pop();
    expect(device.queue.pop()).toBeUndefined();
    // The existing ring follows the features: the device publishes the index for which it wants a kick.
    expect(harness.context.memory.readU16(RAM + 0x1000 + 4 + 8 * 16)).toBe(1);
  });

  it('tells the page of a queue that is set up, and loses it by a reset, but not the size of pages', () => {
    const { harness, driver } = setUp();
    driver.queue(0, 16);
    expect(harness.read(Legacy.QueuePfn)).toBe(RAM / 0x1000);
    harness.write(Legacy.QueuePfn, 7);
    expect(harness.read(Legacy.QueuePfn)).toBe(RAM / 0x1000);
    harness.write(Legacy.QueueSel, 1);
    expect(harness.read(Legacy.QueuePfn)).toBe(0);
    harness.write(Legacy.QueueSel, 0);
    harness.write(Legacy.QueuePfn, 0);
    expect(harness.read(Legacy.QueuePfn)).toBe(0);
    driver.queue(0, 16);
    harness.write(Legacy.Status, 0);
    expect(harness.read(Legacy.QueuePfn)).toBe(0);
    const queue = driver.queue(0, 16);
    queue.notify();
    expect(warnings(harness)).toBe('');
    harness.write(Legacy.QueueSel, 9);
    harness.write(Legacy.QueuePfn, 1);
    harness.write(Legacy.QueueAlign, 0);
    expect([harness.read(Legacy.QueuePfn), harness.read(Legacy.QueueNumMax)]).toEqual([0, 0]);
  });

  it.each<readonly [string, Readonly<Record<string, number>>]>([
    ['a GuestPageSize of 0, no power of two', { GuestPageSize: 0 }],
    ['a GuestPageSize of 4095, no power of two', { GuestPageSize: 4095 }],
    ['a QueueAlign of 24, no power of two', { QueueAlign: 24 }],
    ['the used ring at 0x40000126, which is not aligned to 4', { QueueAlign: 2 }],
    ['a size that is no power of two', { QueueNum: 12 }],
    ['a size of 32, which is more than 16', { QueueNum: 32 }],
    ['a size of 0', { QueueNum: 0 }],
    ['which is not 256 bytes in one piece of RAM', { QueuePFN: 0xffff_ffff }],
    ['which is not 256 bytes in one piece of RAM', { GuestPageSize: 0x8000_0000, QueuePFN: 0xffff_ffff }],
    ['which is not 134 bytes in one piece of RAM', { QueueAlign: 0x8000_0000 }],
  ])('refuses a queue with %s', (reason, registers) => {
    const { harness } = setUp();
    const { GuestPageSize = 0x1000, QueueNum = 16, QueueAlign = 0x1000, QueuePFN = RAM / 0x1000 } = registers;
    harness.write(Legacy.GuestPageSize, GuestPageSize);
    harness.write(Legacy.QueueSel, 0);
    harness.write(Legacy.QueueNum, QueueNum);
    harness.write(Legacy.QueueAlign, QueueAlign);
    harness.write(Legacy.QueuePfn, QueuePFN);
    expect([harness.read(Legacy.QueuePfn), statusOf(harness)]).toEqual([
      0,
      ['ACKNOWLEDGE', 'DRIVER', 'DEVICE_NEEDS_RESET'],
    ]);
    expect(warnings(harness)).toContain(reason);
  });

  it('goes on after a restore, also when a kick had started it', () => {
    const first = setUp();
    const queue = first.driver.queue(0, 16, 64);
    queue.add(8);
    queue.notify();
    const second = setUp();
    second.harness.context.memory.bytes.set(first.harness.context.memory.bytes);
    second.harness.vdev.restore(first.harness.vdev.save());
    second.harness.context.runPosted();
    expect(second.device.calls.slice(1)).toEqual(['start 0', 'kicked 0']);
    expect(second.device.pop().writable).toBe(8);
    second.harness.write(Legacy.QueueSel, 0);
    expect(second.harness.read(Legacy.QueuePfn)).toBe(RAM / 0x1000);
  });

  it('refuses states that are not its own', () => {
    const legacy = setUp();
    legacy.driver.driverOk();
    const saved = legacy.harness.vdev.save();
    const modern = createVdev(virtioVdev(testDeviceType()));
    expect(() => modern.vdev.restore(saved)).toThrow('VirtIO registers');
    expect(() => legacy.harness.vdev.restore(modern.vdev.save())).toThrow('VirtIO registers');
    const state = saved.state as { readonly transport: Readonly<Record<string, unknown>> };
    for (const change of [{ status: 0xf }, { started: false }, { features: [0, 1] }, { features: [1 << 4, 0] }]) {
      const transport = { ...state.transport, ...change };
      expect(() => legacy.harness.vdev.restore({ ...saved, state: { ...state, transport } as never })).toThrow();
    }
  });

  it('has no packed rings', () => {
    expect(() => setUp({ packed: true })).toThrow('a legacy device has no packed rings');
  });

  it('is a disk whose sectors a legacy driver reads', () => {
    const { harness } = benchOf({ options: { legacy: true }, start: false, clock: 'icount' });
    const driver = new LegacyDriver(harness);
    const queue = driver.queue(0, 16);
    driver.driverOk();
    expect([harness.read(0x100), harness.read(0x104), harness.read(0x114)]).toEqual([64, 0, 512]);
    const [, data = 0, status = 0] = queue.add(
      Uint8Array.of(...[0, 0, 0, 0], 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0),
      512,
      1,
    );
    queue.notify();
    for (let turn = 0; turn < 10 && harness.read(Legacy.InterruptStatus) === 0; turn++) {
      harness.context.clock.advance(1_000_000);
      harness.context.runPosted();
    }
    expect(queue.collect()).toEqual([513]);
    expect(harness.context.memory.view(data, 512)).toEqual(new Uint8Array(512).fill(6));
    expect(harness.context.memory.readU8(status)).toBe(0);
  });
});
