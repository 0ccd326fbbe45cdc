import { requireObject } from '@qvm/core/vdev';
import type { Json } from '@qvm/core';
import { createVdev, FakeGuestMemory, MockVirtioDriver } from '@qvm/testing';
import type { GivenOptions, MockVirtioDriverOptions, VdevHarness } from '@qvm/testing';
import { virtioVdev } from '../virtio-vdev.js';
import type { VirtioContext, VirtioDevice, VirtioDeviceType, Virtqueue, VirtqueueBuffer } from './virtio-device.js';

/** A feature of the test device. */
export const F_TEST = 1n << 3n;
export const TEST_QUEUE_SIZE = 16;

/** A device without behaviour of its own: a test pops and pushes buffers. */
export class TestDevice implements VirtioDevice {
  readonly features = F_TEST;
  readonly configSize = 12;
  readonly config = new DataView(new ArrayBuffer(16));
  readonly context: VirtioContext;
  /** Calls of the transport, in order. */
  readonly calls: string[] = [];
  /** Called for a kick. */
  onKick: (queue: number) => void = () => undefined;

  constructor(context: VirtioContext) {
    this.context = context;
  }

  get queue(): Virtqueue {
    return this.context.queues[0] as Virtqueue;
  }

  /** Pops a buffer, which must exist. */
  pop(): VirtqueueBuffer {
    const buffer = this.queue.pop();
    if (buffer === undefined) throw new Error('there is no buffer');
    return buffer;
  }

  readConfig(offset: number, width: 1 | 2 | 4): number {
    return this.config.getUint32(offset, true) % 2 ** (8 * width);
  }

  writeConfig(offset: number, width: 1 | 2 | 4, value: number): void {
    this.calls.push(`config ${offset} ${width} ${value}`);
  }

  start(features: bigint): void {
    this.calls.push(`start ${features.toString(16)}`);
  }

  kicked(queue: number): void {
    this.calls.push(`kicked ${queue}`);
    this.onKick(queue);
  }

  reset(): void {
    this.calls.push('reset');
  }

  save(): Json {
    return {};
  }

  restore(state: Json): void {
    requireObject(state, [], 'test device');
  }

  status(): Readonly<Record<string, Json>> {
    return {};
  }

  dispose(): void {
    this.calls.push('dispose');
  }
}

/** The type of the test device; `created` gets each new instance. */
export function testDeviceType(created: (device: TestDevice) => void = () => undefined): VirtioDeviceType {
  return {
    type: 'virtio-test',
    description: 'A device for tests',
    deviceId: 42,
    featureNames: { 3: 'TEST' },
    options: {},
    queues: () => [
      { name: 'requests', maxSize: TEST_QUEUE_SIZE },
      { name: 'more', maxSize: 4 },
    ],
    create: (context) => {
      const device = new TestDevice(context);
      created(device);
      return device;
    },
  };
}

/** The result of {@link createTestDevice}. */
export interface TestSetup {
  readonly device: TestDevice;
  readonly harness: VdevHarness;
  readonly driver: MockVirtioDriver;
}

/** A test device and its driver, which has not started. Guest RAM is 64 KiB. */
export function createTestDevice(
  driverOptions: MockVirtioDriverOptions = {},
  options: GivenOptions = {},
  memory = new FakeGuestMemory(),
): TestSetup {
  let device: TestDevice | undefined;
  const factory = virtioVdev(testDeviceType((made) => (device = made)));
  const harness = createVdev(factory, {
    options: { packed: driverOptions.packed ?? false, ...options },
    context: { memory },
  });
  return { device: device as unknown as TestDevice, harness, driver: new MockVirtioDriver(harness, driverOptions) };
}
