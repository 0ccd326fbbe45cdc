import { QvmError } from '@qvm/core';
import type { AccessWidth } from '@qvm/core/vdev';
import type { VdevHarness } from '../create-vdev.js';
import { DriverMemory } from './driver-memory.js';
import { MockVirtqueue } from './mock-virtqueue.js';
import { PackedDriverRing } from './packed-driver-ring.js';
import { SplitDriverRing } from './split-driver-ring.js';
import { VirtioFeature, VirtioMmio, VirtioStatus } from './virtio-mmio-registers.js';

/**
 * Options of a {@link MockVirtioDriver}.
 *
 * @experimental
 */
export interface MockVirtioDriverOptions {
  /** Features to negotiate, as far as the device offers them. Default: all, RING_PACKED according to `packed`. */
  readonly features?: bigint;
  /** Whether to use packed rings instead of split ones; the device must offer them. Default false. */
  readonly packed?: boolean;
  /** Number of descriptors of each queue, a power of two; at most the device's maximum. Default 16. */
  readonly queueSize?: number;
}

/**
 * A device, from the view of its driver: its registers over MMIO, and the guest's memory. A test of another transport translates the
 * registers.
 *
 * @experimental
 */
export type DrivenDevice = Pick<VdevHarness, 'read' | 'write'> & {
  /** The surroundings of the device. */
  readonly context: Pick<VdevHarness['context'], 'memory'>;
};

const DEFAULT_QUEUE_SIZE = 16;
const MAX_QUEUES = 1024;
const MAGIC = 0x7472_6976;

/**
 * The driver of a VirtIO device over MMIO, in place of a guest. It uses registers and rings only, so it can drive any
 * VirtIO vdev. Rings and buffers are in the harness's fake guest memory.
 *
 * @experimental
 */
export class MockVirtioDriver {
  readonly #harness: DrivenDevice;
  readonly #options: MockVirtioDriverOptions;
  #queues: readonly MockVirtqueue[] = [];
  #features = 0n;

  constructor(harness: DrivenDevice, options: MockVirtioDriverOptions = {}) {
    this.#harness = harness;
    this.#options = options;
  }

  /** The queues that have been set up; none before `start`. */
  get queues(): readonly MockVirtqueue[] {
    return this.#queues;
  }

  /** The features that were negotiated. */
  get features(): bigint {
    return this.#features;
  }

  /** Device status (section 2.1). */
  get status(): number {
    return this.#read(VirtioMmio.Status);
  }

  /** The features that the device offers. */
  get offered(): bigint {
    return [0, 1].reduce((features, word) => {
      this.#write(VirtioMmio.DeviceFeaturesSel, word);
      return features | (BigInt(this.#read(VirtioMmio.DeviceFeatures)) << BigInt(32 * word));
    }, 0n);
  }

  /**
   * A queue that has been set up.
   *
   * @throws QvmError `testing.virtio` when there is no queue with that index.
   */
  queue(index: number): MockVirtqueue {
    const queue = this.#queues[index];
    if (queue === undefined) throw new QvmError('testing.virtio', `queue ${index} is not set up`);
    return queue;
  }

  /**
   * Initialises the device according to section 3.1.1: reset, features, queues, DRIVER_OK.
   *
   * @throws QvmError `testing.virtio` when it is not a VirtIO device, or refuses the features.
   */
  start(): void {
    this.identify();
    this.reset();
    this.addStatus(VirtioStatus.Acknowledge);
    this.addStatus(VirtioStatus.Driver);
    this.#features = this.#choose(this.offered);
    if (!this.negotiate(this.#features)) throw new QvmError('testing.virtio', 'the device refused the features');
    this.setUpQueues();
    this.addStatus(VirtioStatus.DriverOk);
  }

  /**
   * @throws QvmError `testing.virtio` unless magic value, version and device number are those of a device.
   */
  identify(): void {
    const found = [VirtioMmio.MagicValue, VirtioMmio.Version].map((register) => this.#read(register));
    if (found[0] !== MAGIC || found[1] !== 2 || this.#read(VirtioMmio.DeviceId) === 0) {
      throw new QvmError('testing.virtio', `no VirtIO device: magic value and version are ${found.join(', ')}`);
    }
  }

  /** Resets the device by its status register. Buffers in flight are discarded. */
  reset(): void {
    this.#write(VirtioMmio.Status, 0);
    this.#queues = [];
  }

  /** Sets bits of the device status. */
  addStatus(bits: number): void {
    this.#write(VirtioMmio.Status, this.status | bits);
  }

  /** Accepts features and sets FEATURES_OK; returns whether the device accepted them. */
  negotiate(features: bigint): boolean {
    for (const word of [0, 1]) {
      this.#write(VirtioMmio.DriverFeaturesSel, word);
      this.#write(VirtioMmio.DriverFeatures, Number(BigInt.asUintN(32, features >> BigInt(32 * word))));
    }
    this.addStatus(VirtioStatus.FeaturesOk);
    return (this.status & VirtioStatus.FeaturesOk) !== 0;
  }

  /** Sets up every queue that the device has. */
  setUpQueues(): void {
    const { memory } = this.#harness.context;
    const heap = new DriverMemory(memory, memory.base, memory.base + memory.bytes.length);
    const rings = this.#queueSizes().map((size, index) => {
      const ring = this.#createRing(heap, size);
      this.#announce(index, size, ring.areas);
      return ring;
    });
    const arenas = heap.split(rings.length);
    this.#queues = rings.map(
      (ring, index) => new MockVirtqueue(ring, arenas[index] ?? heap, () => this.#write(VirtioMmio.QueueNotify, index)),
    );
  }

  /** Handles the interrupt like a driver: returns its cause, and acknowledges it. */
  acknowledgeInterrupt(): number {
    const causes = this.#read(VirtioMmio.InterruptStatus);
    this.#write(VirtioMmio.InterruptAck, causes);
    return causes;
  }

  /** Reads the configuration space. */
  readConfig(offset: number, width: AccessWidth = 4): number {
    return this.#harness.read(VirtioMmio.Config + offset, width);
  }

  /** Bytes of the configuration space. */
  readConfigBytes(offset: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, index) => this.readConfig(offset + index, 1));
  }

  /** Writes the configuration space. */
  writeConfig(offset: number, value: number, width: AccessWidth = 4): void {
    this.#harness.write(VirtioMmio.Config + offset, value, width);
  }

  #choose(offered: bigint): bigint {
    const wanted = this.#options.features ?? offered;
    const packed = this.#options.packed === true;
    if (packed && (offered & VirtioFeature.RingPacked) === 0n) {
      throw new QvmError('testing.virtio', 'the device offers no packed rings');
    }
    const ring = packed ? VirtioFeature.RingPacked : 0n;
    return (offered & wanted & ~VirtioFeature.RingPacked) | VirtioFeature.Version1 | ring;
  }

  #queueSizes(): readonly number[] {
    const sizes: number[] = [];
    for (let index = 0; index < MAX_QUEUES; index++) {
      this.#write(VirtioMmio.QueueSel, index);
      const most = this.#read(VirtioMmio.QueueNumMax);
      if (most === 0) return sizes;
      sizes.push(Math.min(this.#options.queueSize ?? DEFAULT_QUEUE_SIZE, most));
    }
    return sizes;
  }

  #createRing(heap: DriverMemory, size: number): SplitDriverRing | PackedDriverRing {
    const eventIndex = (this.#features & VirtioFeature.RingEventIdx) !== 0n;
    const Ring = (this.#features & VirtioFeature.RingPacked) === 0n ? SplitDriverRing : PackedDriverRing;
    return new Ring(heap, size, eventIndex);
  }

  #announce(index: number, size: number, areas: readonly [number, number, number]): void {
    this.#write(VirtioMmio.QueueSel, index);
    this.#write(VirtioMmio.QueueNum, size);
    [VirtioMmio.QueueDescLow, VirtioMmio.QueueDriverLow, VirtioMmio.QueueDeviceLow].forEach((register, area) => {
      const address = areas[area] ?? 0;
      this.#write(register, address % 2 ** 32);
      this.#write(register + 4, Math.floor(address / 2 ** 32));
    });
    this.#write(VirtioMmio.QueueReady, 1);
  }

  #read(register: number): number {
    return this.#harness.read(register);
  }

  #write(register: number, value: number): void {
    this.#harness.write(register, value >>> 0);
  }
}
