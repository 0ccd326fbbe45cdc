import { describeVdevContract, createVdev, MockVirtioDriver, ManualClock } from '@qvm/testing';
import type { FakeVdevContext, VdevHarness } from '@qvm/testing';
import { virtioVdev } from '../virtio-vdev.js';
import { ENTROPY_SOURCE } from './entropy-source.js';
import { virtioEntropy } from './type.js';

const entropy = virtioVdev(virtioEntropy);

describeVdevContract(entropy, {
  options: { seed: 1 },
  change: (harness) => {
    const driver = new MockVirtioDriver(harness);
    driver.start();
    driver.queue(0).transfer({ write: [10] });
  },
});

function drive(harness: VdevHarness, packed: boolean): MockVirtioDriver {
  const driver = new MockVirtioDriver(harness, { packed });
  driver.start();
  return driver;
}

describe.each([false, true])('virtio-entropy, packed %p', (packed) => {
  const options = { packed };

  it('fills what the driver offers, across descriptors', () => {
    const driver = drive(createVdev(entropy, { options }), packed);
    const { written, room } = driver.queue(0).transfer({ write: [100, 1, 500] });
    expect(written).toBe(601);
    expect(new Set(room).size).toBeGreaterThan(150);
  });

  it('gives the same bytes for the same seed, others for another one', () => {
    const bytes = (seed: number): Uint8Array =>
      drive(createVdev(entropy, { options: { ...options, seed } }), packed)
        .queue(0)
        .transfer({ write: [64] }).room;
    expect(bytes(7)).toEqual(bytes(7));
    expect(bytes(7)).not.toEqual(bytes(8));
    expect(bytes(2 ** 32)).not.toEqual(bytes(0));
  });

  it('writes no more than 64 KiB at once', () => {
    const { vdev, ...harness } = createVdev(entropy, { options: { ...options, seed: 1 } });
    const driver = drive({ vdev, ...harness }, packed);
    const queue = driver.queue(0);
    const segments = Array.from({ length: 5 }, () => ({
      address: harness.context.memory.base + 0x8000,
      length: 0x8000,
      write: true,
    }));
    queue.addSegments(segments);
    queue.kick();
    expect(queue.collect().map(({ written }) => written)).toEqual([0x1_0000]);
    expect(vdev.status()).toMatchObject({ device: { bytes: 0x1_0000 } });
  });

  it('takes buffers without room', () => {
    const driver = drive(createVdev(entropy, { options }), packed);
    expect(driver.queue(0).transfer({ read: [Uint8Array.of(1, 2, 3)] }).written).toBe(0);
  });
});

describe('the source of virtio-entropy', () => {
  it('is the host’s when there is one', () => {
    const source = { fill: (bytes: Uint8Array) => void bytes.fill(0x5a) };
    const clock = new ManualClock(0, 'real-time');
    const prepare = (context: FakeVdevContext): void => context.attach(ENTROPY_SOURCE, source);
    const harness = createVdev(entropy, { context: { clock }, prepare });
    expect([
      ...drive(harness, false)
        .queue(0)
        .transfer({ write: [3] }).room,
    ]).toEqual([0x5a, 0x5a, 0x5a]);
  });

  it('is the platform’s otherwise', () => {
    const bytes = (): Uint8Array => {
      const clock = new ManualClock(0, 'real-time');
      return drive(createVdev(entropy, { context: { clock } }), false)
        .queue(0)
        .transfer({ write: [16] }).room;
    };
    expect(bytes()).not.toEqual(bytes());
  });

  it('repeats itself under icount', () => {
    const bytes = (): Uint8Array => {
      const clock = new ManualClock();
      return drive(createVdev(entropy, { context: { clock } }), false)
        .queue(0)
        .transfer({ write: [16] }).room;
    };
    expect(bytes()).toEqual(bytes());
  });
});
