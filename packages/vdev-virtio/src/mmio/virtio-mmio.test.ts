import {
  createVdev,
  describeVdevContract,
  FakeDeviceTreeContext,
  FakeGuestMemory,
  MockVirtioDriver,
  VirtioFeature,
  VirtioMmio,
  VirtioStatus,
} from '@qvm/testing';
import { createTestDevice, F_TEST, TEST_QUEUE_SIZE, testDeviceType } from '../device/test-device.test.helper.js';
import { virtioVdev } from '../virtio-vdev.js';

const { Acknowledge, Driver, DriverOk, FeaturesOk, NeedsReset, Failed } = VirtioStatus;
const OFFERED = F_TEST | VirtioFeature.Version1 | VirtioFeature.RingIndirectDesc | VirtioFeature.RingEventIdx;

describeVdevContract(virtioVdev(testDeviceType()), {
  change: (harness) => {
    new MockVirtioDriver(harness).start();
    harness.write(VirtioMmio.QueueSel, 1);
  },
});

describe('the registers of VirtIO over MMIO', () => {
  it('say what the device is', () => {
    const { harness } = createTestDevice();
    const { MagicValue, Version, DeviceId, VendorId } = VirtioMmio;
    expect([MagicValue, Version, DeviceId, VendorId].map((offset) => harness.read(offset))).toEqual([
      0x7472_6976, 2, 42, 0x554d_4551,
    ]);
  });

  it('offer features by words', () => {
    expect(createTestDevice().driver.offered).toBe(OFFERED);
    expect(createTestDevice({ packed: true }).driver.offered).toBe(OFFERED | VirtioFeature.RingPacked);
    const { harness } = createTestDevice();
    harness.write(VirtioMmio.DeviceFeaturesSel, 2);
    expect(harness.read(VirtioMmio.DeviceFeatures)).toBe(0);
  });

  it('refuse features that are not offered, and a driver without VERSION_1', () => {
    for (const features of [OFFERED | 1n, OFFERED | (1n << 63n), OFFERED & ~VirtioFeature.Version1, 0n]) {
      const { driver, device } = createTestDevice();
      driver.addStatus(Acknowledge | Driver);
      expect(driver.negotiate(features)).toBe(false);
      driver.addStatus(DriverOk);
      expect(driver.status).toBe(Acknowledge | Driver);
      // The driver may try again with fewer features.
      expect(driver.negotiate(OFFERED)).toBe(true);
      expect(device.calls).toEqual([]);
    }
  });

  it('let features stand after FEATURES_OK', () => {
    const { driver, harness, device } = createTestDevice();
    expect(driver.negotiate(VirtioFeature.Version1)).toBe(true);
    harness.write(VirtioMmio.DriverFeaturesSel, 0);
    harness.write(VirtioMmio.DriverFeatures, Number(F_TEST));
    driver.addStatus(DriverOk);
    expect(device.calls).toEqual([`start ${VirtioFeature.Version1.toString(16)}`]);
  });

  it('ignore a third word of features', () => {
    const { driver, harness } = createTestDevice();
    harness.write(VirtioMmio.DriverFeaturesSel, 2);
    harness.write(VirtioMmio.DriverFeatures, 0xffff_ffff);
    expect(driver.negotiate(OFFERED)).toBe(true);
  });

  it('add status bits, and clear them only by a reset', () => {
    const { driver, harness, device } = createTestDevice();
    driver.start();
    harness.write(VirtioMmio.Status, Acknowledge);
    expect(driver.status).toBe(Acknowledge | Driver | FeaturesOk | DriverOk);
    harness.write(VirtioMmio.Status, NeedsReset | 0x130);
    expect(driver.status).toBe(Acknowledge | Driver | FeaturesOk | DriverOk);
    harness.write(VirtioMmio.Status, 0);
    expect(driver.status).toBe(0);
    expect(device.calls.slice(1)).toEqual([`start ${OFFERED.toString(16)}`, 'reset']);
  });

  it('start the device once', () => {
    const { driver, device } = createTestDevice();
    driver.start();
    driver.addStatus(DriverOk | FeaturesOk);
    expect(device.calls.filter((call) => call.startsWith('start'))).toHaveLength(1);
  });

  it('describe the queues', () => {
    const { harness } = createTestDevice();
    const sizes = [0, 1, 2, 0xffff_ffff].map((index) => {
      harness.write(VirtioMmio.QueueSel, index);
      return harness.read(VirtioMmio.QueueNumMax);
    });
    expect(sizes).toEqual([TEST_QUEUE_SIZE, 4, 0, 0]);
    harness.write(VirtioMmio.QueueSel, 7);
    harness.write(VirtioMmio.QueueReady, 1);
    expect(harness.read(VirtioMmio.QueueReady)).toBe(0);
  });

  it('set queues up only when the features are settled', () => {
    const { driver, harness } = createTestDevice();
    driver.setUpQueues();
    harness.write(VirtioMmio.QueueSel, 0);
    expect(harness.read(VirtioMmio.QueueReady)).toBe(0);
    driver.negotiate(OFFERED);
    driver.setUpQueues();
    harness.write(VirtioMmio.QueueSel, 0);
    expect(harness.read(VirtioMmio.QueueReady)).toBe(1);
  });

  it('let size and areas stand while a queue is set up', () => {
    const { driver, harness, device } = createTestDevice();
    driver.start();
    harness.write(VirtioMmio.QueueSel, 0);
    harness.write(VirtioMmio.QueueNum, 3);
    harness.write(VirtioMmio.QueueDriverLow, 1);
    harness.write(VirtioMmio.QueueReady, 1);
    driver.queue(0).add({ write: [8] });
    driver.queue(0).kick();
    expect(device.pop().writable).toBe(8);
    expect(driver.status & NeedsReset).toBe(0);
  });

  it('take a queue back', () => {
    const { driver, harness, device } = createTestDevice();
    driver.start();
    driver.queue(0).add({ write: [8] });
    driver.queue(0).kick();
    const buffer = device.pop();
    harness.write(VirtioMmio.QueueSel, 0);
    harness.write(VirtioMmio.QueueReady, 0);
    expect([harness.read(VirtioMmio.QueueReady), device.queue.ready, device.queue.pop()]).toEqual([
      0,
      false,
      undefined,
    ]);
    device.queue.push(buffer, 8);
    device.queue.notify();
    expect(driver.queue(0).collect()).toEqual([]);
  });

  it('pass kicks on while the device lives', () => {
    const { driver, harness, device } = createTestDevice();
    harness.write(VirtioMmio.QueueNotify, 0);
    driver.start();
    for (const index of [1, 2, 0xffff_ffff, 0]) harness.write(VirtioMmio.QueueNotify, index);
    driver.addStatus(Failed);
    harness.write(VirtioMmio.QueueNotify, 0);
    expect(device.calls.filter((call) => call.startsWith('kicked'))).toEqual(['kicked 1', 'kicked 0']);
    expect(device.queue.ready).toBe(false);
  });

  it('hold the line while a cause is not acknowledged', () => {
    const { driver, harness, device } = createTestDevice({ features: OFFERED & ~VirtioFeature.RingEventIdx });
    const line = harness.context.interrupt('virtio');
    driver.start();
    driver.queue(0).add({ write: [8] });
    driver.queue(0).kick();
    device.queue.push(device.pop(), 0);
    expect(line.level).toBe(false);
    device.queue.notify();
    device.context.configChanged();
    expect([line.level, harness.read(VirtioMmio.InterruptStatus)]).toEqual([true, 3]);
    harness.write(VirtioMmio.InterruptAck, 1);
    expect([line.level, harness.read(VirtioMmio.InterruptStatus)]).toEqual([true, 2]);
    harness.write(VirtioMmio.InterruptAck, 0xffff_ffff);
    expect([line.level, harness.read(VirtioMmio.InterruptStatus)]).toEqual([false, 0]);
    expect(line.history).toEqual([true, false]);
  });

  it('count changes of the configuration, and tell of them a driver that has started', () => {
    const { driver, harness, device } = createTestDevice();
    device.context.configChanged();
    expect([harness.read(VirtioMmio.ConfigGeneration), harness.read(VirtioMmio.InterruptStatus)]).toEqual([1, 0]);
    driver.start();
    device.context.configChanged();
    expect([harness.read(VirtioMmio.ConfigGeneration), driver.acknowledgeInterrupt()]).toEqual([2, 2]);
  });

  it('reach the configuration space in all widths, and nothing beyond it', () => {
    const { harness, device } = createTestDevice();
    device.config.setUint32(0, 0x4433_2211, true);
    device.config.setUint32(8, 0xccbb_aa99, true);
    expect([harness.read(0x100), harness.read(0x102, 2), harness.read(0x103, 1), harness.read(0x108)]).toEqual([
      0x4433_2211, 0x4433, 0x44, 0xccbb_aa99,
    ]);
    expect([harness.read(0x10a), harness.read(0x10c), harness.read(0x1fc), harness.read(0x10b, 1)]).toEqual([
      0, 0, 0, 0xcc,
    ]);
    harness.write(0x104, 0xabcd, 2);
    harness.write(0x10c, 1);
    harness.write(0x10a, 1);
    expect(device.calls).toEqual(['config 4 2 43981']);
  });

  it('have no shared memory regions', () => {
    const { harness } = createTestDevice();
    harness.write(VirtioMmio.ShmSel, 0);
    const { ShmLenLow, ShmLenHigh, ShmBaseLow, ShmBaseHigh } = VirtioMmio;
    for (const offset of [ShmLenLow, ShmLenHigh, ShmBaseLow, ShmBaseHigh]) {
      expect(harness.read(offset)).toBe(0xffff_ffff);
    }
  });

  it('are read and written by whole words', () => {
    const { harness, driver } = createTestDevice();
    expect([harness.read(0, 1), harness.read(0, 2), harness.read(2, 4)]).toEqual([0, 0, 0]);
    harness.write(VirtioMmio.Status, Acknowledge, 1);
    harness.write(VirtioMmio.Status, Acknowledge, 2);
    expect(driver.status).toBe(0);
  });

  it('do nothing where they are not: before, write-only, read-only', () => {
    const { harness } = createTestDevice();
    for (const offset of [0x018, 0x03c, 0x048, 0x054, 0x0c0, 0x0f8, VirtioMmio.QueueSel, VirtioMmio.QueueNotify]) {
      expect(harness.read(offset)).toBe(0);
    }
    harness.write(VirtioMmio.MagicValue, 0);
    harness.write(VirtioMmio.ConfigGeneration, 9);
    expect([harness.read(VirtioMmio.MagicValue), harness.read(VirtioMmio.ConfigGeneration)]).toEqual([0x7472_6976, 0]);
  });
});

describe('a VirtIO device that needs a reset', () => {
  it('says so by status and interrupt, once, and stands still', () => {
    const { driver, harness, device } = createTestDevice();
    driver.start();
    driver.queue(0).add({ write: [8] });
    driver.queue(0).publish();
    for (const reason of ['One thing broke.', 'Another thing broke.']) device.context.needsReset(reason);
    expect(driver.status & NeedsReset).toBe(NeedsReset);
    expect(driver.acknowledgeInterrupt()).toBe(2);
    expect([device.queue.ready, device.queue.pop()]).toEqual([false, undefined]);
    expect(harness.context.logger.messages('warn')).toEqual(['One thing broke. The device needs a reset.']);
  });

  it('is as new after the reset', () => {
    const { driver, device } = createTestDevice();
    driver.start();
    device.context.needsReset('It broke.');
    driver.start();
    driver.queue(0).add({ write: [8] });
    driver.queue(0).publish();
    expect(device.pop().writable).toBe(8);
  });

  it('does not fill the log', () => {
    const { driver, harness, device } = createTestDevice();
    for (let count = 0; count < 100; count++) {
      driver.reset();
      device.context.needsReset('It broke.');
    }
    const messages = harness.context.logger.messages('warn');
    expect(messages).toHaveLength(16);
    expect(messages.at(-1)).toBe('It broke. The device needs a reset. Further breaches are not logged.');
    expect(harness.read(VirtioMmio.InterruptStatus)).toBe(0);
  });
});

describe('a queue that is set up wrongly', () => {
  const RAM = new FakeGuestMemory().base;
  it.each<readonly [string, { readonly size?: number; readonly areas?: readonly number[] }]>([
    ['a size of 0', { size: 0 }],
    ['a size that is no power of two', { size: 12 }],
    ['a size of 32, which is more than 16', { size: 32 }],
    ['the descriptor table at 0x40000008, which is not aligned to 16', { areas: [RAM + 8, RAM + 0x200, RAM + 0x400] }],
    ['the available ring at 0x40000201, which is not aligned to 2', { areas: [RAM, RAM + 0x201, RAM + 0x400] }],
    ['the used ring at 0x40000402, which is not aligned to 4', { areas: [RAM, RAM + 0x200, RAM + 0x402] }],
    ['the descriptor table at 0x0, which is not 256 bytes in one piece of RAM', { areas: [0, RAM, RAM] }],
    ['the used ring at 0x4000fff0, which is not 134 bytes in one piece of RAM', { areas: [RAM, RAM, RAM + 0xfff0] }],
    ['the available ring at 0xfffffffffffff000, which', { areas: [RAM, 2 ** 64 - 4096, RAM] }],
  ])('has %s', (reason, { size = TEST_QUEUE_SIZE, areas = [RAM, RAM + 0x200, RAM + 0x400] }) => {
    const { driver, harness, device } = createTestDevice();
    driver.negotiate(OFFERED);
    harness.write(VirtioMmio.QueueSel, 0);
    harness.write(VirtioMmio.QueueNum, size);
    [VirtioMmio.QueueDescLow, VirtioMmio.QueueDriverLow, VirtioMmio.QueueDeviceLow].forEach((register, area) => {
      harness.write(register, (areas[area] ?? 0) % 2 ** 32);
      harness.write(register + 4, Math.floor((areas[area] ?? 0) / 2 ** 32));
    });
    harness.write(VirtioMmio.QueueReady, 1);
    expect(harness.read(VirtioMmio.QueueReady)).toBe(0);
    expect(harness.context.logger.messages('warn').join()).toContain(reason);
    expect([driver.status & NeedsReset, device.queue.ready]).toEqual([NeedsReset, false]);
  });
});

describe('virtioVdev', () => {
  it('describes itself in the device tree as QEMU does, but with a level interrupt', () => {
    const { vdev } = createVdev(virtioVdev(testDeviceType()));
    expect(vdev.deviceTree?.(new FakeDeviceTreeContext())).toEqual([
      {
        name: 'virtio_mmio@a000000',
        properties: {
          compatible: 'virtio,mmio',
          reg: { cells: [0, 0x0a00_0000, 0, 0x200] },
          interrupts: { cells: [0, 16, 4] },
          'dma-coherent': true,
        },
      },
    ]);
  });

  it('shows what driver and device have settled on', () => {
    const { driver, harness } = createTestDevice();
    driver.start();
    driver.queue(0).add({ write: [8] });
    driver.queue(0).kick();
    expect(harness.vdev.status()).toEqual({
      status: ['ACKNOWLEDGE', 'DRIVER', 'FEATURES_OK', 'DRIVER_OK'],
      features: ['TEST', 'RING_INDIRECT_DESC', 'RING_EVENT_IDX', 'VERSION_1'],
      interruptStatus: 0,
      configGeneration: 0,
      queues: [
        {
          name: 'requests',
          size: 16,
          ready: true,
          descriptorsInFlight: 0,
          kicks: 1,
          interrupts: 0,
          ring: { next: 0, used: 0, untold: 0, kicks: true },
        },
        expect.objectContaining({ name: 'more', size: 4 }),
      ],
      device: {},
    });
  });

  it('goes on after a restore, kicks that came before it included', () => {
    const first = createTestDevice();
    first.driver.start();
    first.driver.queue(0).add({ write: [8] });
    first.driver.queue(0).publish();
    const second = createTestDevice({}, {}, first.harness.context.memory);
    second.harness.vdev.restore(first.harness.vdev.save());
    expect(second.device.calls).toEqual([`start ${OFFERED.toString(16)}`]);
    second.harness.context.runPosted();
    expect(second.device.calls.slice(1)).toEqual(['kicked 0', 'kicked 1']);
    expect(second.device.pop().writable).toBe(8);
  });

  it('refuses a state whose queues are not in RAM, and features that are not offered', () => {
    const { driver, harness } = createTestDevice({ packed: true });
    driver.start();
    const saved = harness.vdev.save();
    const elsewhere = createTestDevice({ packed: true }, {}, new FakeGuestMemory(0x1000, 0x8000_0000));
    expect(() => elsewhere.harness.vdev.restore(saved)).toThrow('which is not 256 bytes in one piece of RAM');
    expect(() => createTestDevice().harness.vdev.restore(saved)).toThrow('features are not those');
  });
});
